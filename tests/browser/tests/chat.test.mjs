import assert from "node:assert/strict";
import { test } from "node:test";

import { suite } from "../support/suite.mjs";
import { stockClient } from "../support/stock.mjs";
import { eventually } from "../support/wait.mjs";

const world = suite();

test("two people chat", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const bob = await world.browser.person(world.server, "Bob");

  await alice.say("hello Bob");
  await bob.sees("hello Bob");
  await bob.say("hello Alice");
  await alice.sees("hello Alice");
  await alice.delivered("hello Bob");

  // Bob looks at the room, so Alice's message is read.
  await alice.message("hello Bob").locator(".send-mark.checks").waitFor();

  await bob.field.pressSequentially("thinking about");
  await alice.page.getByText("Bob is typing").first().waitFor();

  assert.deepEqual([alice.complaints, bob.complaints], [[], []]);
  await Promise.all([alice.close(), bob.close()]);
});

test("a message is edited by the arrow up, replied to and deleted", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const bob = await world.browser.person(world.server, "Bob");

  await alice.say("the frist draft");
  await alice.delivered("the frist draft");
  await alice.field.press("ArrowUp");
  const edit = alice.page.getByRole("textbox", { name: "Edit the message" });
  await edit.fill("the first draft");
  await edit.press("Enter");
  await bob.sees("the first draft");
  await bob.message("the first draft").getByText("edited").waitFor();

  await bob.message("the first draft").hover();
  await bob.page.getByRole("button", { name: "Reply" }).click();
  await bob.say("I like it");
  await alice.message("I like it").locator(".quote", { hasText: "the first draft" }).waitFor();

  await alice.message("the first draft").last().hover();
  await alice.page.getByRole("button", { name: "Delete", exact: true }).click();
  await alice.page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await bob.feed.getByText("This message was deleted.").waitFor();
  assert.equal(await bob.message("the first draft").count(), 0);
  await Promise.all([alice.close(), bob.close()]);
});

test("escape cancels an edit and gives the focus back", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  await alice.say("as it is");
  await alice.delivered("as it is");
  await alice.field.press("ArrowUp");
  const edit = alice.page.getByRole("textbox", { name: "Edit the message" });
  await edit.fill("changed");
  await edit.press("Escape");
  await edit.waitFor({ state: "detached" });
  await alice.sees("as it is");
  await eventually("the field has the focus", () => alice.field.evaluate((field) => field === document.activeElement));
  await alice.close();
});

test("rooms are made, found, entered and left", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const bob = await world.browser.person(world.server, "Bob");

  await alice.page.getByRole("button", { name: "New room" }).click();
  await alice.page.getByLabel("Name", { exact: true }).fill("garden");
  await alice.page.getByRole("button", { name: "Make the room" }).click();
  await alice.page.getByRole("heading", { name: "garden", level: 1 }).waitFor();
  await alice.say("first tomatoes");

  await bob.page.getByRole("button", { name: "Browse rooms" }).click();
  await bob.page.getByLabel("Find by name").fill("gard");
  await bob.page.getByRole("dialog").getByRole("button", { name: /garden/ }).click();
  await bob.sees("first tomatoes");

  await bob.page.getByRole("button", { name: "Leave the room" }).click();
  await bob.page.getByRole("navigation").getByText("garden").waitFor({ state: "detached" });
  await Promise.all([alice.close(), bob.close()]);
});

test("what is new is counted in the list, and seen once it is read", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  await alice.enter("general");
  const bob = await stockClient(world.server, "bob", "Bob");
  await bob.enter("general");
  await alice.page.evaluate(() => (location.hash = ""));
  await alice.page.getByRole("heading", { name: /Hello/ }).waitFor();
  await bob.say("general", "@Alice are you there?", { mentions: ["alice"] });
  await bob.say("general", "never mind");

  const line = alice.page.getByRole("button", { name: /general/ });
  await line.getByText("1 mention").waitFor();
  await eventually("two are unread", async () => (await line.innerText()).includes("2 unread"));
  await eventually("the title says so", async () => (await alice.page.title()).startsWith("(2)"));
  await line.click();
  await alice.feed.getByRole("separator", { name: "New messages" }).waitFor();
  await line.locator(".badge").first().waitFor({ state: "detached" });
  bob.close();
  await alice.close();
});

test("a direct message opens a room for two", async () => {
  const alice = await world.browser.person(world.server, "Alice");
  const bob = await world.browser.person(world.server, "Bob");
  await alice.page.getByRole("button", { name: "Members" }).click();
  await alice.page.getByRole("button", { name: "Message Bob" }).click();
  await alice.page.getByRole("heading", { name: "Bob", level: 1 }).waitFor();
  await alice.say("just between us");
  await bob.page.getByRole("navigation").getByText("just between us").click();
  await bob.sees("just between us");
  await bob.page.getByRole("heading", { name: "Alice", level: 1 }).waitFor();
  await Promise.all([alice.close(), bob.close()]);
});
