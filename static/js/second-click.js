// A second click sends nothing while the first one is on its way: the browser would drop that answer, and with it the new session that
// it may bring. After a while it sends again: the first one may have got lost.

const sent = new WeakSet();

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  if (sent.has(event.target)) return event.preventDefault();
  sent.add(event.target);
  setTimeout(() => sent.delete(event.target), 5000);
});
