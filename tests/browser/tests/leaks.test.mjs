import assert from "node:assert/strict";
import { test } from "node:test";

import { countOpen } from "../support/open.mjs";
import { suite } from "../support/suite.mjs";
import { eventually } from "../support/wait.mjs";

const world = suite();

test("nothing is left open after signing out, however often", async () => {
  const alice = await world.browser.visitor(world.server);
  const { page } = alice;
  await page.addInitScript(countOpen);
  await page.reload();
  await page.getByLabel("Your name").waitFor();

  const visit = async () => {
    await alice.signIn("Alice");
    await alice.enter("general");
    await alice.say("here and gone");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Your name").waitFor();
    await page.evaluate(() => (location.hash = ""));
  };
  const settled = async (wanted) => {
    let last;
    await eventually("everything is closed", async () => {
      last = await page.evaluate(() => globalThis.stillOpen());
      return JSON.stringify(last) === JSON.stringify(wanted);
    }).catch((error) => assert.deepEqual(last, wanted, error.message));
  };

  // The first visit sets up what the page keeps for its lifetime: React's own listeners.
  const before = await page.evaluate(() => globalThis.stillOpen());
  await visit();
  await settled({ ...before, listeners: (await page.evaluate(() => globalThis.stillOpen())).listeners });
  assert.deepEqual({ ...before, listeners: "" }, { sockets: 0, timers: 0, databases: 0, channels: 0, locks: 0, listeners: "" });
  const after = await page.evaluate(() => globalThis.stillOpen());
  for (let count = 0; count < 5; count += 1) await visit();
  await settled(after);
  await alice.close();
});
