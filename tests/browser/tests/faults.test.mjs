import assert from "node:assert/strict";
import { test } from "node:test";

import { suite } from "../support/suite.mjs";
import { stockClient } from "../support/stock.mjs";
import { storedItems } from "../support/storage.mjs";
import { eventually } from "../support/wait.mjs";

const world = suite();

/** The texts that the server holds, in its order. */
async function kept(room, wanted) {
  const witness = await stockClient(world.server, "witness", "Witness");
  await witness.enter(room);
  const messages = await witness.messages(room);
  witness.close();
  return messages.map((message) => message.content).filter((content) => wanted.includes(content));
}

test("g11_a_reload_in_mid_send_loses_nothing_and_doubles_nothing", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const texts = ["one", "two", "three", "four", "five"].map((word) => `reloaded ${word}`);

  // The server takes the bytes and does nothing with them: sends are under way, none is acknowledged.
  process.kill(world.server.pid, "SIGSTOP");
  for (const text of texts) await alice.say(text);
  for (const text of texts) await alice.sees(text);
  await eventually("all are stored", async () => (await storedItems(alice.page)) >= texts.length);
  const reloaded = alice.page.reload();
  process.kill(world.server.pid, "SIGCONT");
  await reloaded;

  for (const text of texts) await alice.delivered(text);
  for (const text of texts) await alice.sees(text);
  assert.deepEqual(await kept("general", texts), texts);
  await alice.close();
});

test("what is written offline goes out when the network is back", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const bob = await world.browser.person(world.server, "Bob");
  await alice.context.setOffline(true);
  await alice.banner.getByText("You are offline").waitFor();
  await alice.say("from the tunnel");
  await alice.message("from the tunnel").locator(".send-mark.clock").waitFor();
  await alice.context.setOffline(false);
  await alice.delivered("from the tunnel");
  await bob.sees("from the tunnel");
  await alice.banner.waitFor({ state: "detached" });
  await Promise.all([alice.close(), bob.close()]);
});

test("g3_g11_a_killed_server_loses_nothing_either_way", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const bob = await world.browser.person(world.server, "Bob");
  await alice.say("before the crash");
  await bob.sees("before the crash");

  await world.server.kill9();
  await alice.say("Alice, in the dark");
  await bob.say("Bob, in the dark");
  await alice.banner.getByText(/No connection|Connecting/).waitFor();
  await alice.message("Alice, in the dark").locator(".send-mark.clock").waitFor();
  await world.server.launch();

  await alice.delivered("Alice, in the dark");
  await bob.delivered("Bob, in the dark");
  const texts = ["before the crash", "Alice, in the dark", "Bob, in the dark"];
  for (const person of [alice, bob]) {
    for (const text of texts) await person.sees(text);
    await person.banner.waitFor({ state: "detached" });
  }
  const order = await kept("general", texts);
  assert.equal(order.length, 3);
  for (const person of [alice, bob]) {
    await eventually("the order is the server's", async () => {
      const seen = (await person.texts()).filter((text) => texts.includes(text));
      return seen.join("|") === order.join("|");
    });
  }
  await Promise.all([alice.close(), bob.close()]);
});

test("trying again at once does not wait for the countdown", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  await world.server.kill9();
  const now = alice.page.getByRole("button", { name: "Try now" });
  await now.waitFor();
  await world.server.launch();
  // The countdown may be over before the button is reached.
  await now.click({ timeout: 2_000 }).catch(() => undefined);
  await alice.banner.waitFor({ state: "detached" });
  await alice.close();
});

test("g16_tokens_that_run_out_are_replaced_while_one_chats", async () => {
  const alice = await world.browser.visitor(world.server);
  let fetched = 0;
  let failing = true;
  await alice.page.route("**/dev/token**", async (route) => {
    fetched += 1;
    // The second one fails, which must not be the end.
    if (fetched === 2 && failing) {
      failing = false;
      await route.fulfill({ status: 503, body: "later" });
    } else {
      await route.continue();
    }
  });
  await alice.page.goto(`${world.server.url}/?ttl=61`);
  await alice.signIn("Alice");
  await alice.enter("general");
  await eventually("a token was fetched again after one failed", () => fetched >= 3);
  await alice.say("still here");
  await alice.delivered("still here");
  assert.equal(await alice.banner.count(), 0);
  await alice.close();
});

test("a refused message says why, and goes out once it is changed", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  await alice.say("x".repeat(4_001));
  const failed = alice.feed.locator("article.failed");
  await failed.getByText("This is too long.").waitFor();
  await alice.say("meanwhile");
  await alice.delivered("meanwhile");
  await failed.getByRole("button", { name: "Edit" }).click();
  const edit = alice.page.getByRole("textbox", { name: "Edit the message" });
  await edit.fill("short enough");
  await edit.press("Enter");
  await alice.delivered("short enough");
  await failed.waitFor({ state: "detached" });
  await alice.close();
});

test("a refused message can be discarded", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  await alice.say("y".repeat(4_001));
  await alice.feed.locator("article.failed").getByRole("button", { name: "Discard" }).click();
  await alice.feed.locator("article.failed").waitFor({ state: "detached" });
  await alice.close();
});
