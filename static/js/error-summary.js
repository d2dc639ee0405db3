// The reader's focus goes to what is wrong with the form.
document.getElementById("error-summary")?.focus();

// The way back must not end at "send the form again?": this entry of the history becomes the page that the form is on.
window.history.replaceState(window.history.state, "", window.location.href);
