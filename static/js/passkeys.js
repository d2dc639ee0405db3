// Passkeys: asks the portal what to ask the browser, asks the browser, and sends its answer as an ordinary form. Whatever the portal
// has against it, it says on the page that answers the form.

const isKnown = window.isSecureContext && "PublicKeyCredential" in window && "credentials" in navigator;

const ASKING = "Now do what your browser or your device asks you to.";
const WENT_WRONG = {
  NotAllowedError: "No passkey was used. You can try again.",
  AbortError: "No passkey was used. You can try again.",
  InvalidStateError: "This device has a passkey of yours already. You can use that one, or choose another device.",
  SecurityError: "Passkeys do not work at the address at which you have opened this page.",
};
const DID_NOT_WORK = "That did not work. Try again, or go on without a passkey.";

for (const note of document.querySelectorAll("[data-no-passkeys]")) note.hidden = isKnown;
if (isKnown) for (const form of document.querySelectorAll("form[data-passkey]")) offer(form);

function offer(form) {
  const status = form.querySelector("[role=status]");
  let isBusy = false;
  form.hidden = false;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    try {
      form.elements.credential.value = await answerOf(form, () => { status.textContent = ASKING; });
      form.submit();
    } catch (error) {
      status.textContent = WENT_WRONG[error.name] ?? DID_NOT_WORK;
      isBusy = false;
    }
  });

  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    isBusy = false;
    status.textContent = "";
  });
}

/** What the browser answers, as text; nothing where the portal does not want to ask it. */
async function answerOf(form, beforeAsking) {
  const response = await fetch(form.dataset.options, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (response.headers.get("content-type") !== "application/json") return "";
  const publicKey = asBytes(await response.json());
  beforeAsking();
  const isNew = form.dataset.passkey === "create";
  return asText(await (isNew ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey })));
}

function asBytes(options) {
  const { challenge, user, excludeCredentials, allowCredentials } = options;
  const known = (list) => list?.map((credential) => ({ ...credential, id: bytes(credential.id) }));
  return {
    ...options,
    challenge: bytes(challenge),
    ...(user && { user: { ...user, id: bytes(user.id) } }),
    ...(excludeCredentials && { excludeCredentials: known(excludeCredentials) }),
    ...(allowCredentials && { allowCredentials: known(allowCredentials) }),
  };
}

function asText({ id, rawId, type, response }) {
  const { clientDataJSON, attestationObject, authenticatorData, signature, userHandle } = response;
  const answer = attestationObject
    ? { attestationObject: text(attestationObject), transports: response.getTransports?.() }
    : { authenticatorData: text(authenticatorData), signature: text(signature), userHandle: userHandle && text(userHandle) };
  return JSON.stringify({ id, rawId: text(rawId), type, response: { clientDataJSON: text(clientDataJSON), ...answer } });
}

// Not every browser knows how to do this by itself yet.
function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const base64 = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
