import "fake-indexeddb/auto";

import { createChat, indexedDb, memory } from "roomcast";
import type { Chat, OpenStorage, Storage } from "roomcast";
import { afterEach, describe, expect, test } from "vitest";

import { FakeServer, until } from "./server.js";

const chats: Chat[] = [];
const kept = (chat: Chat): Chat => (chats.push(chat), chat);
afterEach(async () => {
  await Promise.all(chats.splice(0).map((chat) => chat.close()));
});

let names = 0;
const fresh = (): string => `test-${names++}`;

describe.each<[string, (name: string) => Storage]>([
  ["IndexedDB", indexedDb],
  ["memory", () => memory()],
])("%s", (_, make) => {
  test("gives back what was put and not removed", async () => {
    const storage: OpenStorage = await make(fresh()).open();
    const item = (clientId: string): { put: { clientId: string; json: string } } => ({ put: { clientId, json: `"${clientId}"` } });
    await storage.apply([item("a"), item("b"), { remove: "a" }, item("c")]);
    expect((await storage.load()).map(({ clientId }) => clientId)).toEqual(["b", "c"]);
    storage.close();
  });
});

test("g11 what was not acknowledged is sent after a reload, and once", async () => {
  const name = fresh();
  const server = new FakeServer();
  server.up = false;
  const first = server.chat("alice", { storage: indexedDb(name) });
  first.connect().catch(() => undefined);
  const lost = first.room("general").send("survivor");
  lost.then(undefined, () => undefined);
  await until(() => first.getSnapshot().durable);
  // Stored, and then the page goes without a word.
  const db = await indexedDb(name).open();
  await expect.poll(async () => (await db.load()).length).toBe(1);
  db.close();
  await first.close();

  server.up = true;
  const second = kept(server.chat("alice", { storage: indexedDb(name) }));
  const room = second.room("general");
  room.open();
  await second.connect();
  await until(() => room.getSnapshot().messages.at(-1)?.status === "delivered");
  expect(server.messages.map((message) => message.content)).toEqual(["survivor"]);
  expect(room.getSnapshot().messages.at(-1)?.clientId).toBe(lost.clientId);
});

describe("what was shown", () => {
  /** A page that showed sixty messages and was closed. */
  async function page(name: string): Promise<FakeServer> {
    const server = new FakeServer();
    const chat = server.chat("alice", { storage: indexedDb(name) });
    const room = chat.room("general");
    room.open();
    await chat.connect();
    for (let n = 1; n <= 60; n++) await room.send(`message ${n}`);
    await until(() => room.getSnapshot().messages.length === 60);
    await chat.close();
    return server;
  }

  test("is there when the page is loaded again, before the server is", async () => {
    const name = fresh();
    const server = await page(name);
    server.up = false;
    const chat = kept(server.chat("alice", { storage: indexedDb(name) }));
    const room = chat.room("general");
    room.open();
    chat.connect().catch(() => undefined);
    await until(() => room.getSnapshot().messages.length > 0);
    expect(room.getSnapshot().messages.map(({ content }) => content)).toEqual(
      Array.from({ length: 50 }, (_, at) => `message ${at + 11}`),
    );
    expect(room.getSnapshot()).toMatchObject({ membership: "member", hasOlder: true, room: { name: "general" } });
    expect(chat.getSnapshot()).toMatchObject({ me: { id: "alice" }, rooms: [{ id: "general" }] });

    server.up = true;
    await chat.connect();
    await room.send("back");
    await until(() => room.getSnapshot().messages.at(-1)?.content === "back");
    const contents = room.getSnapshot().messages.map(({ content }) => content);
    expect(new Set(contents).size).toBe(contents.length);
  });

  test("is not shown to another user", async () => {
    const name = fresh();
    const server = await page(name);
    const elsewhere = new FakeServer(["other"]);
    const chat = kept(elsewhere.chat("bob", { storage: indexedDb(name) }));
    await chat.connect();
    await until(() => chat.getSnapshot().me?.id === "bob");
    expect(chat.room("general").getSnapshot()).toMatchObject({ membership: "unknown" });
    expect(chat.room("general").getSnapshot().messages.length).toBe(0);
    expect(chat.getSnapshot().rooms.map(({ id }) => id)).toEqual(["other"]);
    expect(server.messages.length).toBe(60);
  });

  test("is written while the page lives, and a failure loses nothing", async () => {
    let written = 0;
    const storage: Storage = {
      open: async () => ({
        ...(await memory().open()),
        loadSnapshot: () => Promise.reject(new Error("unreadable")),
        saveSnapshot: async () => {
          written += 1;
          throw new Error("the disk is full");
        },
      }),
    };
    const server = new FakeServer();
    const chat = server.chat("alice", { storage });
    await chat.connect();
    await chat.room("general").send("hi");
    await chat.close();
    expect(written).toBe(1);
    expect(server.messages.map(({ content }) => content)).toEqual(["hi"]);
  });
});

test("without IndexedDB the chat works, and says that nothing survives", async () => {
  const { indexedDB } = globalThis;
  Object.defineProperty(globalThis, "indexedDB", { value: undefined, configurable: true });
  try {
    const server = new FakeServer();
    const chat = kept(server.chat("alice", { storage: indexedDb(fresh()) }));
    await chat.connect();
    expect(chat.getSnapshot().durable).toBe(false);
    await chat.room("general").send("hi");
  } finally {
    Object.defineProperty(globalThis, "indexedDB", { value: indexedDB, configurable: true });
  }
});

test("a storage that fails loses nothing while the page lives, and says so", async () => {
  const storage: Storage = {
    open: async () => ({
      durable: true,
      load: async () => [],
      apply: () => Promise.reject(new Error("the disk is full")),
      close: () => undefined,
    }),
  };
  const server = new FakeServer();
  const chat = kept(server.chat("alice", { storage }));
  const told: string[] = [];
  chat.on("notStored", ({ clientId }) => told.push(clientId));
  await chat.connect();
  const sent = chat.room("general").send("hi");
  await sent;
  expect(told).toEqual([sent.clientId]);
});

test("a bad address is refused at once", () => {
  expect(() => createChat({ url: "not an address", token: "x" })).toThrow();
});
