// "I'm not a robot": puts the ALTCHA box where the page wants it, starts the check when the
// person begins to fill in the form, and lets Submit wait for it. When the check cannot be done,
// the form is sent without it, as it is where scripts do not run: the server knows what to do.

const place = document.querySelector("[data-captcha]");
const form = place?.closest("form");

if (form && window.isSecureContext && window.Worker) {
  try {
    await import(place.dataset.widget);
    start();
  } catch {
    place.remove();
  }
} else {
  place?.remove();
}

function start() {
  const altcha = globalThis.$altcha;
  altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker(place.dataset.worker));
  altcha.i18n.set("en", {
    ...altcha.i18n.get("en"),
    label: "I’m not a robot",
    verified: "I’m not a robot",
    verifying: "Checking…",
    error: "The check did not work. You can still send the form.",
    expired: "The check has run out. Tick the box again.",
  });
  altcha.defaults.set({
    auto: "onfocus",
    challenge: place.dataset.captcha,
    hideFooter: true,
    hideLogo: true,
    humanInteractionSignature: false, // It would watch the pointer and the keys.
    minDuration: 300,
    name: "altcha",
    timeout: 30_000,
    type: "native",
    workers: Math.min(2, navigator.hardwareConcurrency || 1), // The person's computer has other things to do.
  });

  const widget = document.createElement("altcha-widget");
  const status = document.createElement("p");
  status.className = "captcha-status";
  status.setAttribute("role", "status");
  place.replaceChildren(widget, status);
  letSubmitWait(widget, status);
}

function letSubmitWait(widget, status) {
  let waiting = null; // The button that was pressed, or the form, while Submit waits.
  let tried = false;

  function send() {
    const pressed = waiting;
    waiting = null;
    status.textContent = "";
    form.requestSubmit(pressed === form ? null : pressed);
  }

  widget.addEventListener("statechange", ({ detail: { state } }) => {
    if (state === "verified") {
      status.textContent = waiting ? "" : "Checked.";
      if (waiting) send();
    } else if (state === "error") {
      tried = true;
      if (waiting) send();
    } else if (state === "expired" && waiting) {
      widget.verify();
    } else if (state !== "verifying") {
      waiting = null;
      status.textContent = "";
    }
  });

  form.addEventListener("submit", (event) => {
    const state = widget.getState();
    if (state === "verified" || (state === "error" && tried)) return;
    event.preventDefault();
    waiting = event.submitter ?? form;
    status.textContent = "One moment: we check that you are not a robot, then send your form.";
    if (state !== "verifying") widget.verify();
  });

  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    waiting = null;
    tried = false;
    status.textContent = "";
  });
}
