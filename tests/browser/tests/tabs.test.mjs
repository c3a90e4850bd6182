import assert from "node:assert/strict";
import { test } from "node:test";

import { suite } from "../support/suite.mjs";
import { eventually } from "../support/wait.mjs";

const world = suite();

/** Counts the open WebSockets of a tab. */
function sockets(page) {
  const open = new Set();
  page.on("websocket", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  return open;
}

test("two tabs of one user share a connection, and outlive the one that holds it", async () => {
  const first = await world.browser.visitor(world.server);
  const firstSockets = sockets(first.page);
  await first.signIn("Alice");
  await first.enter("general");
  await eventually("the first tab is connected", () => firstSockets.size === 1);

  const opened = first.context.waitForEvent("page").then((page) => sockets(page));
  const second = await first.secondTab();
  const secondSockets = await opened;
  await second.feed.waitFor();

  await second.say("from the second tab");
  await second.delivered("from the second tab");
  await first.sees("from the second tab");
  assert.equal(firstSockets.size, 1);
  assert.equal(secondSockets.size, 0, "the second tab has a connection of its own");

  await first.page.close();
  await eventually("the second tab has taken over", () => secondSockets.size === 1);
  await second.say("alone now");
  await second.delivered("alone now");
  await second.sees("from the second tab");
  await second.close();
});

test("g11_what_one_tab_had_on_its_way_is_sent_once_by_the_next", async () => {
  const bob = await world.browser.person(world.server, "Bob");
  const first = await world.browser.person(world.server, "Alice");
  const second = await first.secondTab();
  await second.feed.waitFor();

  process.kill(world.server.pid, "SIGSTOP");
  await first.say("handed over");
  await second.sees("handed over");
  await first.page.close();
  process.kill(world.server.pid, "SIGCONT");
  await second.delivered("handed over");
  await bob.sees("handed over");
  await Promise.all([second.close(), bob.close()]);
});
