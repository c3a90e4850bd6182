import assert from "node:assert/strict";
import { test } from "node:test";

import { fillRoom } from "../support/fill.mjs";
import { suite } from "../support/suite.mjs";
import { stockClient } from "../support/stock.mjs";
import { eventually } from "../support/wait.mjs";

const COUNT = 10_000;
const world = suite({ prepare: ({ server }) => fillRoom(server, "long", COUNT) });

/** What stands at the top of the window, and where. */
function top(feed) {
  return feed.evaluate((scroller) => {
    const edge = scroller.getBoundingClientRect().top;
    for (const article of scroller.querySelectorAll("article")) {
      const { top, bottom } = article.getBoundingClientRect();
      if (bottom > edge + 1) return { text: article.querySelector(".text")?.textContent, y: top - edge };
    }
    return undefined;
  });
}

/** The same once what the scrolling brought into sight is drawn, and its height known: two frames agree. */
async function atRest(feed) {
  let before;
  let now;
  await eventually("the list is at rest", async () => {
    before = now;
    now = await top(feed);
    await feed.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    return before !== undefined && now !== undefined && now.text === before.text && now.y === before.y;
  });
  return now;
}

test("a room of ten thousand messages scrolls back to its beginning", async () => {
  const alice = await world.browser.person(world.server, "Alice", { room: "long" });
  await alice.sees(`message ${COUNT}`);

  const began = alice.feed.getByText("This is where it began.");
  let most = 0;
  await eventually(
    "the beginning is reached",
    async () => {
      await alice.feed.evaluate((scroller) => (scroller.scrollTop = 0));
      most = Math.max(most, await alice.feed.getByRole("article").count());
      return began.isVisible();
    },
    90_000,
  );
  await alice.feed.evaluate((scroller) => (scroller.scrollTop = 0));
  await alice.message(/^message 1\b/).first().waitFor();
  assert.ok(most < 150, `${most} rows were drawn at once`);

  await alice.page.getByRole("button", { name: "Newest" }).click();
  await alice.message(`message ${COUNT}`).waitFor();
  assert.deepEqual(alice.complaints, []);
  await alice.close();
});

test("older messages come in above without moving what one reads", async () => {
  const alice = await world.browser.person(world.server, "Alice", { room: "long" });
  await alice.sees(`message ${COUNT}`);
  const height = () => alice.feed.evaluate((scroller) => scroller.scrollHeight);

  const before = await height();
  await alice.feed.evaluate((scroller) => (scroller.scrollTop = 400));
  const held = await atRest(alice.feed);
  await eventually("a page of the past has come", async () => (await height()) > before + 500);
  const now = await atRest(alice.feed);
  assert.equal(now.text, held.text);
  assert.ok(Math.abs(now.y - held.y) <= 2, `it moved by ${now.y - held.y} pixels`);
  await alice.close();
});

test("new messages do not move one who reads the past, and are counted", async () => {
  const alice = await world.browser.person(world.server, "Alice", { room: "long" });
  const bob = await stockClient(world.server, "bob", "Bob");
  await bob.enter("long");
  await alice.sees(`message ${COUNT}`);
  await alice.feed.evaluate((scroller) => (scroller.scrollTop -= 1_500));
  await alice.page.getByRole("button", { name: "Newest" }).waitFor();
  const held = await top(alice.feed);

  await bob.say("long", "while you were reading");
  await bob.say("long", "and another");
  await alice.page.getByRole("button", { name: "2 new messages" }).waitFor();
  const now = await top(alice.feed);
  assert.equal(now.text, held.text);
  assert.ok(Math.abs(now.y - held.y) <= 2);

  await alice.page.getByRole("button", { name: "2 new messages" }).click();
  await alice.sees("and another");
  await bob.say("long", "at the end one stays at the end");
  await alice.sees("at the end one stays at the end");
  await eventually("the newest is in sight", () =>
    alice.feed.evaluate((scroller) => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 2),
  );
  bob.close();
  await alice.close();
});
