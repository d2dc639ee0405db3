// Says while somebody types how strong a new password is, and what helps. The portal is asked, so that it never says anything else
// than it will when the form is sent; without this script, the page's own words and that answer have to do.

const PAUSE = 350; // milliseconds without a key
const LONGEST = 300; // characters: more than are taken

const shown = document.querySelector("[data-strength]");
const form = shown?.closest("form");
const meter = shown?.querySelector("meter");
const sentence = shown?.querySelector("p");

let timer;
let asking;

function isTheCurrentOne(password) {
  const current = form.elements[shown.dataset.current]?.value ?? "";
  return current !== "" && current === password;
}

async function ask(password) {
  asking = new AbortController();
  const { csrf } = form.elements;
  const body = new URLSearchParams({ csrf: csrf.value, new_password: password.slice(0, LONGEST) });
  if (shown.dataset.link) body.set("link", shown.dataset.link);
  const answer = await fetch(shown.dataset.strength, { method: "POST", body, signal: asking.signal });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

async function judge() {
  const password = form.elements.new_password.value;
  if (password === "") return void (shown.hidden = true);
  try {
    const { strength, says } = await ask(password);
    const isSame = strength >= meter.high && isTheCurrentOne(password);
    meter.value = isSame ? 1 : strength;
    shown.hidden = false;
    sentence.textContent = isSame ? shown.dataset.same : says;
  } catch {
    // Aborted because more was typed, or nobody answers: then there is nothing to say.
    if (!asking.signal.aborted) shown.hidden = true;
  }
}

function later() {
  clearTimeout(timer);
  asking?.abort();
  timer = setTimeout(judge, PAUSE);
}

if (form) {
  form.elements.new_password.addEventListener("input", later);
  form.elements[shown.dataset.current]?.addEventListener("input", later);
}
