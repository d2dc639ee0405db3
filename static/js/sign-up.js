// Hides the SEED question from those who cannot have SEED, and shows it again.
// The server decides in any case: this only spares people a question that is not for them.

const DEVICES_WITH_SEED = ["non_se_gsib", "gmd"];

const question = document.querySelector("[data-seed]");
const notOffered = document.querySelector("[data-seed-not-offered]");
const form = question?.closest("form");

function domainHasSeed() {
  const domain = form.elements.email?.value.trim().toLowerCase().split("@").pop() ?? "";
  const without = question.dataset.noSeedDomains?.toLowerCase().split(/[\s,]+/).filter(Boolean) ?? [];
  return !without.includes(domain); // Below such a domain another row of the directory may decide.
}

function deviceHasSeed() {
  const device = form.elements.device?.value ?? "";
  return device === "" || DEVICES_WITH_SEED.includes(device);
}

function update() {
  const possible = deviceHasSeed() && domainHasSeed();
  question.hidden = !possible;
  if (notOffered) notOffered.hidden = domainHasSeed() || !deviceHasSeed();
}

if (form) {
  form.addEventListener("change", update);
  // A page that comes back from the history brings its answers with it.
  window.addEventListener("pageshow", update);
  update();
}
