// One verdict for every row of the rules (docs/rules.md §1): which heading, which rule, which way on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openHouse } from "./support/house.js";
import { DEVICES, fillsIn } from "./support/sign_up.js";

const house = openHouse();

const SELF = "You can sign up yourself";
const INVITED = "Ask to be invited";
const DESK = "The service desk makes your account";
const OTHER_DEVICE = "Use another device, or be invited";

/** rule, who, from what, what they see, where the verdict leads. */
const VERDICTS = [
  ["E2", "mei@litemail.gov.sg", "non_se_gsib", "You need a standard mailbox first", null],
  ["E3", "mei@gmail.com", "internet_device", "Use the address of your organisation", null],
  ["E4", "mei@tech.gov.sg", "se_gsib", DESK, "/help"],
  ["E5", "mei@mindef.gov.sg", "non_se_gsib", INVITED, null],
  ["E6", "mei@tech.gov.sg", "non_se_gsib", SELF, "/sign-up"],
  ["E6", "mei@tech.gov.sg", "gmd", SELF, "/sign-up"],
  ["E6", "mei@schools.gov.sg", "non_se_gsib", SELF, "/sign-up"],
  ["E6", "mei_from.vendor@moe.gov.sg", "non_se_gsib", SELF, "/sign-up"],
  ["E7", "mei@tech.gov.sg", "internet_device", OTHER_DEVICE, null],
  ["E7", "mei@schools.gov.sg", "internet_device", OTHER_DEVICE, null],
  ["E8", "mei@vendor.example", "internet_device", INVITED, null],
  ["E9", "mei@techpass.gov.sg", "non_se_gsib", "This is a TechPass ID, not a mailbox", "/help"],
  ["E9", "mei@unheard-of.gov.sg", "non_se_gsib", DESK, "/help"],
];

for (const [rule, email, device, heading, leadsTo] of VERDICTS) {
  for (const seed of ["No", "Yes"]) {
    const from = device.replaceAll("_", " ");
    test(`${rule}: ${email} from a ${from} ${seed === "Yes" ? "with" : "without"} SEED is told “${heading}”`, async (t) => {
      const person = await house.visitor(t);
      await person.opens("/start");
      await person.sees("Which way is mine?");
      await fillsIn(person, { email, device: DEVICES[device], seed });
      await person.presses("Show my way");
      await person.sees(heading);

      const text = await person.text();
      assert.match(text, new RegExp(`Rule that decided\\s+${rule}`));
      assert.ok(text.includes(email.split("@")[1]), "the domain is shown");
      assert.ok(!person.page.url().includes("mei"), "the address names nobody");
      const links = await person.within("main a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
      for (const way of ["/sign-up", "/help"]) {
        assert.equal(links.includes(way), way === leadsTo, `whether ${way} is offered`);
      }
      assert.equal(await person.within("main .button").count(), 1, "one button");
    });
  }
}

test("a colleague who is sent the answer sees the same answer", async (t) => {
  const colleague = await house.visitor(t);
  await colleague.opens("/start/answer?domain=tech.gov.sg&device=gmd&seed=yes");
  await colleague.sees(SELF);
  assert.match(await colleague.text(), /Put your device on SEED/);
});

test("half an answer's address leads to the question", async (t) => {
  const colleague = await house.visitor(t);
  await colleague.opens("/start/answer?domain=tech.gov.sg");
  await colleague.sees("Which way is mine?");
});
