import "fake-indexeddb/auto";

import { indexedDb } from "roomcast";
import type { Chat, ChatOptions } from "roomcast";
import { afterEach, beforeAll, expect, test } from "vitest";

import { FakeServer, until } from "./server.js";

/** The browser's locks, of which Node 20 has none: whoever asks first holds, the next follows. */
class FakeLocks {
  readonly #queues = new Map<string, Promise<void>>();

  async request(name: string, { signal }: { signal: AbortSignal }, held: () => Promise<void>): Promise<void> {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    let release = (): void => undefined;
    this.#queues.set(name, before.then(() => new Promise<void>((resolve) => (release = resolve))));
    await Promise.race([before, aborted]);
    if (signal.aborted) {
      void before.then(() => release());
      throw signal.reason;
    }
    await new Promise((resolve) => setTimeout(resolve));
    await held();
    release();
  }
}

beforeAll(() => {
  Object.defineProperty(globalThis, "navigator", { value: { locks: new FakeLocks() }, configurable: true });
});

const chats: Chat[] = [];
afterEach(async () => {
  for (const chat of chats.splice(0)) await chat.close();
});

let names = 0;
function tabs(server: FakeServer, count: number, options: Partial<ChatOptions> = {}): Chat[] {
  const name = `tabs-${names++}`;
  const made = Array.from({ length: count }, () =>
    server.chat("alice", { multiTab: name, storage: indexedDb(name), ...options }),
  );
  chats.push(...made);
  return made;
}

const last = (chat: Chat): string | undefined => chat.room("general").getSnapshot().messages.at(-1)?.content;

test("two tabs have one connection, and both show everything", async () => {
  const server = new FakeServer();
  const [first, second] = tabs(server, 2) as [Chat, Chat];
  for (const tab of [first, second]) tab.room("general").open();
  await Promise.all([first.connect(), second.connect()]);
  await until(() => [first, second].every((tab) => tab.room("general").getSnapshot().membership === "member"));
  expect(server.sockets.size).toBe(1);
  server.post("to both");
  await until(() => last(first) === "to both" && last(second) === "to both");
  const message = await second.room("general").send("from the second");
  expect(message.content).toBe("from the second");
  await until(() => last(first) === "from the second" && last(second) === "from the second");
  expect(second.getSnapshot()).toMatchObject({ me: { id: "alice" }, durable: true });
  await expect(second.room("general").send("bad")).rejects.toMatchObject({ code: "forbidden" });
});

test("a tab that comes later sees what is there", async () => {
  const server = new FakeServer();
  const [first, second] = tabs(server, 2) as [Chat, Chat];
  first.room("general").open();
  await first.connect();
  server.post("before");
  await until(() => last(first) === "before");
  second.room("general").open();
  await second.connect();
  await until(() => last(second) === "before");
  expect(server.sockets.size).toBe(1);
});

test("g11 the closed leader is replaced, and what it had not sent is sent once", async () => {
  const server = new FakeServer();
  const [first, second] = tabs(server, 2) as [Chat, Chat];
  for (const tab of [first, second]) tab.room("general").open();
  await Promise.all([first.connect(), second.connect()]);
  await until(() => second.room("general").getSnapshot().membership === "member");
  server.post("history");
  await until(() => last(second) === "history");
  server.holding = [];
  const sent = second.room("general").send("in between");
  await until(() => server.received.some(({ name }) => name === "send-message"));
  await first.close();
  server.holding = undefined;
  const message = await sent;
  expect(message.content).toBe("in between");
  await until(() => second.getSnapshot().connection.phase === "connected" && last(second) === "in between");
  expect(server.messages.filter(({ content }) => content === "in between").length).toBe(1);
  expect(server.sockets.size).toBe(1);
});
