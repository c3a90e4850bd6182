import assert from "node:assert/strict";
import { test } from "node:test";

import { fillRoom } from "../support/fill.mjs";
import { suite } from "../support/suite.mjs";
import { stockClient } from "../support/stock.mjs";
import { eventually } from "../support/wait.mjs";

const COUNT = 2_000;
const world = suite({ prepare: ({ server }) => fillRoom(server, "long", COUNT) });

/** Whether a message stands within the feed's window. */
const isInSight = (message) =>
  message.evaluate((row) => {
    const [at, window] = [row.getBoundingClientRect(), row.closest("[role=region]").getBoundingClientRect()];
    return at.top >= window.top && at.bottom <= window.bottom;
  });

test("a reaction is given, joined and taken back", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const bob = await world.browser.person(world.server, "Bob");
  await alice.say("we shipped it");
  await bob.sees("we shipped it");

  await bob.message("we shipped it").hover();
  await bob.page.getByRole("button", { name: "React" }).click();
  await bob.page.getByRole("dialog").getByRole("button").filter({ hasText: "🎉" }).first().click();
  await bob.message("we shipped it").getByRole("button", { name: "🎉, 1, yours among them" }).waitFor();

  const hers = alice.message("we shipped it");
  await hers.getByRole("button", { name: "🎉, 1", exact: true }).click();
  await hers.getByRole("button", { name: "🎉, 2, yours among them" }).waitFor();
  await bob.message("we shipped it").getByRole("button", { name: "🎉, 2, yours among them" }).click();
  await hers.getByRole("button", { name: "🎉, 1, yours among them" }).waitFor();
  await hers.getByRole("button", { name: "🎉, 1, yours among them" }).click();
  await bob.message("we shipped it").getByRole("list", { name: "Reactions" }).waitFor({ state: "detached" });

  assert.deepEqual([alice.complaints, bob.complaints], [[], []]);
  await Promise.all([alice.close(), bob.close()]);
});

test("a thread is begun, answered and counted", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const bob = await world.browser.person(world.server, "Bob");
  await alice.say("what is left?");
  await bob.sees("what is left?");

  await bob.message("what is left?").hover();
  await bob.page.getByRole("button", { name: "Open thread" }).click();
  await bob.page.getByRole("textbox", { name: "Reply in the thread" }).fill("only the changelog");
  await bob.page.keyboard.press("Enter");
  const thread = (person) => person.page.getByRole("region", { name: "Messages of the thread" });
  await thread(bob).getByText("only the changelog").waitFor();

  await alice.message("what is left?").getByRole("button", { name: /1 reply/ }).click();
  await thread(alice).getByText("only the changelog").waitFor();
  await alice.page.getByRole("textbox", { name: "Reply in the thread" }).fill("I am on it");
  await alice.page.keyboard.press("Enter");
  await thread(bob).getByText("I am on it").waitFor();
  await bob.message("what is left?").getByRole("button", { name: /2 replies/ }).waitFor();

  assert.deepEqual([alice.complaints, bob.complaints], [[], []]);
  await Promise.all([alice.close(), bob.close()]);
});

test("a message is pinned by who may, and marked for everybody", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const bob = await world.browser.person(world.server, "Bob");
  await alice.page.getByRole("button", { name: "New room" }).click();
  await alice.page.getByLabel("Name", { exact: true }).fill("board");
  await alice.page.getByRole("button", { name: "Make the room" }).click();
  await alice.page.getByRole("heading", { name: "board", level: 1 }).waitFor();
  await alice.say("the plan");
  await alice.delivered("the plan");
  await bob.enter(await alice.page.evaluate(() => location.hash.slice(2)));
  await bob.sees("the plan");

  await alice.message("the plan").hover();
  await alice.page.getByRole("button", { name: "Pin", exact: true }).click();
  await bob.message("the plan").getByText("Pinned").waitFor();
  await bob.message("the plan").hover();
  await bob.page.getByRole("button", { name: "Reply" }).waitFor();
  assert.equal(await bob.page.getByRole("button", { name: "Unpin" }).count(), 0);
  await alice.message("the plan").hover();
  await alice.page.getByRole("button", { name: "Unpin" }).click();
  await bob.message("the plan").getByText("Pinned").waitFor({ state: "detached" });
  await Promise.all([alice.close(), bob.close()]);
});

test("an answer leads to the message that it answers, however far back, and the way leads home", async () => {
  const bob = await stockClient(world.server, "bob", "Bob");
  await bob.enter("long");
  const { messages } = await bob.ask("get-messages", { roomId: "long", around: 500, limit: 1 });
  await bob.say("long", "that was right", { replyTo: messages[0].id });
  const alice = await world.browser.person(world.server, "Alice", { room: "long" });
  await alice.sees("that was right");

  // It is far outside of what is loaded, and shows what it answers all the same.
  const quote = alice.message("that was right").locator(".quote", { hasText: "message 500" });
  await quote.click();
  const answered = alice.message(/^message 500\b/);
  await answered.waitFor();
  await eventually("it is in sight", () => isInSight(answered));
  assert.equal(await alice.message("that was right").count(), 0);

  // Down from there, newer messages come page by page.
  await eventually(
    "a later page has come",
    async () => {
      await alice.feed.evaluate((scroller) => (scroller.scrollTop += 2_000));
      const last = (await alice.texts()).at(-1) ?? "";
      return Number(/^message (\d+)/.exec(last)?.[1]) >= 600;
    },
    20_000,
  );
  await alice.page.getByRole("button", { name: "Newest" }).click();
  await alice.message("that was right").waitFor();
  await eventually("it is in sight", () => isInSight(alice.message("that was right")));
  await bob.say("long", "and live again");
  await alice.sees("and live again");
  assert.deepEqual(alice.complaints, []);
  bob.close();
  await alice.close();
});
