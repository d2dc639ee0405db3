// Pages of somebody who is signed in are not shown again from the browser's memory: the way back after signing out must show
// nothing to whoever comes next.

window.addEventListener("pagehide", (event) => {
  if (event.persisted) document.body.hidden = true;
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
