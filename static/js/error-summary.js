// The reader's focus goes to what is wrong with the form.
document.getElementById("error-summary")?.focus();
