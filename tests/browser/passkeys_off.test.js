// A portal whose address is a number has no passkeys, offers none, and says why on their page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { confirms } from "./support/confirmed.js";
import { openHouse } from "./support/house.js";
import { ACCOUNT, SIGN_IN, givesTheirId } from "./support/officer.js";
import { signsInAtProvider } from "./support/provider.js";
import { assertPlain } from "./support/reading_grade.js";

const house = openHouse({ withDemoPeople: true });

const MEI = "mei.officer@tech.gov.sg";

for (const scripts of [true, false]) {
  test(`at an IP address the page says why there are no passkeys, ${scripts ? "with" : "without"} scripts`, async (t) => {
    const officer = await house.visitor(t, { scripts });
    await officer.opens("/sign-in");
    await officer.sees(SIGN_IN);
    assert.doesNotMatch(await officer.text(), /passkey/i);
    await givesTheirId(officer, MEI);
    await signsInAtProvider(officer);
    await officer.sees(ACCOUNT);
    await confirms(house.portal, MEI);
    await officer.opens("/account/security/passkeys");
    await officer.sees("Passkeys");
    assert.match(await officer.text(), /PORTAL_BASE_URL=http:\/\/localhost:\d+/);
    assert.equal(await officer.button("Add a passkey").count(), 0);
    assertPlain(t, await officer.text(), "the page of passkeys that are switched off");
  });
}
