import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

import { freePort } from "../support/port.mjs";
import { suite } from "../support/suite.mjs";
import { stockClient } from "../support/stock.mjs";
import { eventually } from "../support/wait.mjs";

const root = new URL("../../../examples/web-chat/", import.meta.url).pathname;

// Only React's development build mounts everything twice, so the page comes from Vite's development server.
const world = suite({
  prepare: async (world) => {
    process.env.ROOMCAST_URL = world.server.url;
    const { createServer } = await import(createRequire(`${root}package.json`).resolve("vite"));
    const port = await freePort();
    world.page = { url: `http://127.0.0.1:${port}` };
    const configFile = process.env.WEB_CHAT_CONFIG ?? `${root}vite.config.ts`;
    const vite = await createServer({ root, configFile, logLevel: "silent", server: { host: "127.0.0.1", port } });
    await vite.listen();
    return () => vite.close();
  },
});

test("under StrictMode there is one connection, and a room is entered once", async () => {
  const bob = await stockClient(world.server, "bob", "Bob");
  await bob.enter("general");
  const joined = [];
  bob.socket.on("user-joined", ({ user }) => joined.push(user.id));

  const alice = await world.browser.visitor(world.page);
  const open = new Set();
  alice.page.on("websocket", (socket) => {
    // Vite's own tells the page of changed files.
    if (!socket.url().includes("/socket.io/")) return;
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  await alice.signIn("Alice");
  await alice.enter("general");
  await alice.say("once");
  await alice.delivered("once");
  await alice.sees("once");
  await eventually("there is one connection", () => open.size === 1);
  assert.deepEqual(joined, ["alice"]);
  const said = (await bob.messages("general")).filter(({ content }) => content === "once");
  assert.equal(said.length, 1);
  bob.close();
  await alice.close();
});
