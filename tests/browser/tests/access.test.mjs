import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";

import { suite } from "../support/suite.mjs";
import { stockClient } from "../support/stock.mjs";
import { eventually } from "../support/wait.mjs";

const world = suite();
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe has against the page as it is. `evaluate` is not subject to the page's policy, a script tag would be. */
async function assertClean(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join("\n  ")}`);
  assert.deepEqual(told, [], what);
}

for (const [look, options] of [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["a phone", { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true }],
]) {
  test(`every screen is accessible: ${look}`, async () => {
    const alice = await world.browser.visitor(world.server, options);
    const { page } = alice;
    await assertClean(page, "signing in");
    await alice.signIn("Alice");
    await page.getByRole("heading", { name: "Hello" }).waitFor();
    await assertClean(page, "the rooms");

    await page.getByRole("button", { name: "New room" }).click();
    await assertClean(page, "a new room");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Browse rooms" }).click();
    await page.getByRole("dialog").getByText("general").waitFor();
    await assertClean(page, "browsing");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Keyboard shortcuts" }).click();
    await assertClean(page, "the shortcuts");
    await page.keyboard.press("Escape");

    await alice.enter("general");
    const bob = await stockClient(world.server, "bob", "Bob");
    await bob.enter("general");
    await bob.say("general", `@Alice see https://example.org and \`this\`, on ${look}`, { mentions: ["alice"] });
    await alice.sees(`on ${look}`);
    await alice.say("z".repeat(4_001));
    await alice.feed.locator("article.failed").waitFor();
    await assertClean(page, "a conversation");

    await page.getByRole("button", { name: "Emoji" }).click();
    await assertClean(page, "the emoji");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Members" }).click();
    await page.getByRole("complementary", { name: "Members" }).getByText("Bob").waitFor();
    await assertClean(page, "the members");
    bob.close();
    await alice.feed.locator("article.failed").getByRole("button", { name: "Discard" }).click({ force: true });
    await alice.close();
  });
}

test("new messages are read out, old ones are not", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const bob = await stockClient(world.server, "bob", "Bob");
  await bob.enter("general");
  await bob.say("general", "read this out");
  const log = alice.page.getByRole("log", { name: "New messages" });
  await log.getByText("Bob: read this out").waitFor();
  await alice.page.reload();
  await alice.sees("read this out");
  assert.equal(await log.innerText(), "");
  bob.close();
  await alice.close();
});

test("a conversation can be used by the keyboard alone", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const { page } = alice;
  await alice.say("first by keyboard");
  await alice.say("second by keyboard");
  await alice.delivered("second by keyboard");

  await alice.message("second by keyboard").focus();
  await page.keyboard.press("ArrowUp");
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
  await eventually("the message before has the focus", async () => (await focused()).includes("first by keyboard"));
  await page.keyboard.press("Tab");
  await eventually("its first button has the focus", async () =>
    (await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))) === "React",
  );

  await page.keyboard.press("Control+/");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("Control+k");
  await eventually("the filter has the focus", async () =>
    (await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))) === "Find a room",
  );
  await alice.close();
});
