// The provider's pages. No scripts, and no text that is not escaped.

import { readFile } from "node:fs/promises";

const STYLE = await readFile(new URL("style.css", import.meta.url), "utf8");

export class Pages {
  /** `origins`: where a form may lead in the end, since browsers ask the policy about redirects, too. */
  constructor(origins) {
    this.portal = origins[0];
    this.policy = [
      "default-src 'none'",
      "style-src 'self'",
      "img-src data:",
      `form-action 'self' ${[...new Set(origins)].join(" ")}`,
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join("; ");
  }

  async style(ctx, next) {
    if (ctx.path !== "/style.css") return next();
    ctx.type = "css";
    ctx.body = STYLE;
  }

  show(ctx, heading, content, { status = 200, title = heading } = {}) {
    ctx.status = status;
    ctx.type = "html";
    ctx.set({
      "Content-Security-Policy": this.policy,
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
    });
    ctx.body = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<h1>${escape(heading)}</h1>
${content}
</main>
</body>
</html>
`;
  }

  signIn(ctx, people, { person, email, subject, mfa, verified, error }) {
    const field = (name, value) => `<input type="text" id="${name}" name="${name}" value="${escape(value)}" maxlength="255"
autocomplete="off" autocapitalize="none" spellcheck="false"${error?.field === name ? ` aria-invalid="true" aria-describedby="${name}-error" autofocus` : ""}>`;
    const problem = (name) => (error?.field === name ? `<p class="error" id="${name}-error"><strong>Error:</strong> ${escape(error.message)}</p>` : "");
    const radio = (id, label, more = "") => `<div class="choice"><input type="radio" id="${id}" name="person" value="${id}"${person === id ? " checked" : ""}>
<label for="${id}">${escape(label)}</label>${more}</div>`;
    const box = (name, label, isOn) => `<div class="choice"><input type="checkbox" id="${name}" name="${name}" value="yes"${isOn ? " checked" : ""}>
<label for="${name}">${label}</label></div>`;
    this.show(
      ctx,
      "Development sign-in",
      `<p>This page stands in for the WOG identity provider while the portal is being developed. Nobody’s password is asked: choose
who you want to be.</p>
<form method="post">
<fieldset>
<legend>Who signs in?</legend>
${people.demo.map(({ id, role, name, email: address }) => radio(id, role, `<span>${escape(name)}, ${escape(address)}</span>`)).join("\n")}
${radio("somebody-else", "Somebody else")}
<div class="field">
<label for="email">E-mail address of somebody else</label>
${problem("email")}
${field("email", email)}
</div>
</fieldset>
<fieldset>
<legend>What does the provider say about them?</legend>
${box("mfa", "Vouch for a second factor", mfa)}
${box("verified", "The address is verified", verified)}
<div class="field">
<label for="subject">Subject (to try out another person with the same address)</label>
${problem("subject")}
${field("subject", subject)}
</div>
</fieldset>
<p class="buttons">
<button type="submit" name="do" value="sign-in">Sign in</button>
<button type="submit" name="do" value="cancel" class="quiet">Cancel</button>
</p>
</form>`,
      error ? { status: 422, title: "Error: Development sign-in" } : {},
    );
  }

  askToSignOut(ctx, form) {
    this.show(ctx, "Sign out?", `<p>You are signed in at the development sign-in.</p>
${form}
<p class="buttons"><button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>
<button type="submit" form="op.logoutForm" class="quiet">Stay signed in</button></p>`);
  }

  /** For who opens the address by themselves. */
  async home(ctx, next) {
    if (ctx.path !== "/") return next();
    this.show(ctx, "Development sign-in", `<p>This page stands in for the WOG identity provider while the portal is being developed. There is
nothing to do here: the portal sends you here when you sign in.</p>
<p><a href="${escape(this.portal)}/">Go to the portal</a></p>
<p><a href="/session/end">Sign out here</a></p>`);
  }

  signedOut(ctx) {
    this.show(ctx, "You are signed out", "<p>The development sign-in has forgotten you. You can close this page.</p>");
  }

  isOver(ctx) {
    this.show(ctx, "This sign-in is over", "<p>It was finished already, or it took too long. Go back to the portal and begin again.</p>", { status: 400 });
  }

  refused(ctx, { error, error_description: description }) {
    this.show(ctx, "That did not work", `<p>${escape(description ?? "")}</p>\n<p><code>${escape(error)}</code></p>`, { status: ctx.status });
  }
}

function escape(text) {
  return String(text).replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
