/** The examples that Rust reads as well: what they hold must be of the generated types, and reach the page unharmed. */
import { readFileSync } from "node:fs";

import type { Chat } from "roomcast";
import type { protocol } from "roomcast";
import { afterEach, expect, test } from "vitest";

import { FakeServer, until } from "./server.js";

type Golden<Names extends string> = Record<Names, Record<string, unknown>[]>;
const golden = <Names extends string>(file: string): Golden<Names> =>
  JSON.parse(readFileSync(new URL(`../../protocol/golden/${file}.json`, import.meta.url), "utf8")) as Golden<Names>;

const chats: Chat[] = [];
afterEach(async () => {
  await Promise.all(chats.splice(0).map((chat) => chat.close()));
});

async function live(): Promise<{ server: FakeServer; chat: Chat }> {
  const server = new FakeServer();
  const chat = server.chat("alice");
  chats.push(chat);
  chat.room("general").open();
  await chat.connect();
  await until(() => chat.room("general").getSnapshot().membership === "member");
  return { server, chat };
}

test("every command of the examples is taken as it stands", async () => {
  const { chat } = await live();
  for (const [name, examples] of Object.entries(golden<protocol.CommandName>("commands"))) {
    // The client swaps its token itself.
    if (name === "refresh-token") continue;
    for (const example of examples) {
      const outcome = await Promise.race([
        chat.request(name as protocol.CommandName, example as never).then(() => "done", (error: { code: string }) => error.code),
        new Promise<string>((resolve) => setTimeout(() => resolve("on its way"), 5)),
      ]);
      expect(outcome, name).not.toBe("bad_request");
    }
  }
});

test("a message with every field there is comes to the page unharmed", async () => {
  const { server, chat } = await live();
  const [example] = golden<keyof protocol.Events & string>("events")["new-message"] as unknown as [protocol.Events["new-message"]];
  const message = { ...example.message, seq: 1, rev: 1 };
  server.emit("new-message", { ...example, message, rev: 1 });
  const room = chat.room("general");
  await until(() => room.getSnapshot().messages.length === 1);
  expect(room.getSnapshot().messages.at(0)).toMatchObject(message);
  expect(chat.getSnapshot().people.get("alice")).toEqual(example.user);
});

test("every event of the examples is survived", async () => {
  const { server, chat } = await live();
  const faults: Error[] = [];
  chat.on("fault", ({ error }) => faults.push(error));
  for (const [name, examples] of Object.entries(golden<string>("events"))) {
    for (const example of examples) server.emit(name, example);
  }
  // One of the examples ends the connection: this is answered or lost, and either way after all of them.
  await chat.setPresence("online").catch(() => undefined);
  await chat.connect();
  expect(faults).toEqual([]);
});
