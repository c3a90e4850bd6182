/** The package against a real server: the binary that `ROOMCAST_BIN` names. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createChat } from "roomcast";
import type { Chat, ChatMessage, Room, ThreadState, WebSocketConstructor } from "roomcast";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";

import { until } from "./server.js";

const binary = process.env.ROOMCAST_BIN ?? new URL("../../target/debug/roomcast", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "roomcast-npm-"));
let server: ChildProcess;
let url: string;

const port = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

function start(listen: number, admin: number): void {
  server = spawn(binary, ["dev"], {
    stdio: "ignore",
    env: {
      ...process.env,
      ROOMCAST_LISTEN: `127.0.0.1:${listen}`,
      ROOMCAST_ADMIN_LISTEN: `127.0.0.1:${admin}`,
      ROOMCAST_DATABASE_URL: `sqlite://${join(folder, "chat.db")}?mode=rwc`,
      ROOMCAST_LIMITS: "off",
      ROOMCAST_WELCOME_ROOMS: "",
      ROOMCAST_JWT_SECRET: "a secret of this test alone, 32 bytes",
    },
  });
}

let ports: [number, number];
const isReady = (): Promise<boolean> => fetch(`${url}/readyz`).then((answer) => answer.ok, () => false);

beforeAll(async () => {
  if (!existsSync(binary)) throw new Error(`there is no server at ${binary}; run: cargo xtask test, or name one in ROOMCAST_BIN`);
  ports = [await port(), await port()];
  url = `http://127.0.0.1:${ports[0]}`;
  start(...ports);
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 20));
});

afterAll(() => {
  server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const chats: Chat[] = [];
afterEach(async () => {
  await Promise.all(chats.splice(0).map((chat) => chat.close()));
});

function connected(user: string): Chat {
  const token = async (): Promise<string> => {
    const answer = await fetch(`${url}/dev/token?user=${user}`);
    return ((await answer.json()) as { token: string }).token;
  };
  const chat = createChat({ url, token, WebSocket: WebSocket as unknown as WebSocketConstructor });
  chats.push(chat);
  return chat;
}

test("two people talk", async () => {
  const [alice, bob] = [connected("alice"), connected("bob")];
  await Promise.all([alice.connect(), bob.connect()]);
  const [hers, his] = [alice.room("general"), bob.room("general")];
  hers.open();
  his.open();
  await until(() => [hers, his].every((room) => room.getSnapshot().membership === "member"));
  hers.typing();
  await until(() => his.getSnapshot().typing.some(({ userId }) => userId === "alice"));
  const message = await hers.send("hello, Bob");
  await until(() => his.getSnapshot().messages.at(-1)?.content === "hello, Bob");
  expect(his.getSnapshot()).toMatchObject({ unread: 1, typing: [] });
  await his.markRead();
  await until(() => (hers.getSnapshot().receipts.get("bob") ?? 0) >= message.seq);
  await hers.edit(message.id, "hello, Bob!");
  await until(() => his.getSnapshot().messages.at(-1)?.content === "hello, Bob!");
  await expect(his.edit(message.id, "mine now")).rejects.toMatchObject({ code: "forbidden" });
});

test("reactions and pins show at once, on the other side too, and are taken back", async () => {
  const [alice, bob] = [connected("alice"), connected("bob")];
  await Promise.all([alice.connect(), bob.connect()]);
  const { id } = await alice.createRoom({ name: "reactions" });
  await bob.room(id).join();
  const [hers, his] = [alice.room(id), bob.room(id)];
  hers.open();
  his.open();
  const message = await hers.send("shipped");
  const shown = (room: Room): ChatMessage | undefined => room.getSnapshot().messages.at(-1);
  await until(() => [hers, his].every((room) => shown(room)?.id === message.id));

  const reacted = his.react(message.id, "🚀");
  await Promise.resolve();
  expect(shown(his)?.reactions).toEqual([{ emoji: "🚀", count: 1, mine: true }]);
  await reacted;
  await until(() => shown(hers)?.reactions?.length === 1);
  expect(shown(hers)?.reactions).toEqual([{ emoji: "🚀", count: 1, mine: false }]);
  await hers.react(message.id, "🚀");
  await until(() => shown(his)?.reactions?.[0]?.count === 2);
  expect(shown(his)?.reactions?.[0]?.mine).toBe(true);
  await his.react(message.id, "🚀", false);
  await until(() => shown(hers)?.reactions?.[0]?.count === 1);
  expect(shown(hers)?.reactions?.[0]?.mine).toBe(true);

  await hers.pin(message.id);
  await until(() => shown(his)?.pinnedAt !== undefined);
  await expect(his.pin(message.id, false)).rejects.toMatchObject({ code: "forbidden" });
  await hers.pin(message.id, false);
  await until(() => shown(his)?.pinnedAt === undefined);
});

test("a jump shows a place in the past, whose window grows both ways until it is live again", async () => {
  const writer = connected("writer");
  await writer.connect();
  const { id } = await writer.createRoom({ name: "a long story" });
  const past = await Promise.all(Array.from({ length: 300 }, (_, n) => writer.room(id).send(`${n + 1}`)));
  const answer = await writer.room(id).send({ content: "about the tenth", replyTo: past[9]!.id });

  const reader = connected("reader");
  const room = reader.room(id);
  room.open();
  await reader.connect();
  const seqs = (): number[] => room.getSnapshot().messages.map(({ seq }) => seq ?? 0);
  const isDense = (): boolean => seqs().every((seq, index) => index === 0 || seq === seqs()[index - 1]! + 1);
  await until(() => room.getSnapshot().messages.at(-1)?.id === answer.id);
  expect(seqs()).not.toContain(10);
  await room.lookUp(past[9]!.id);
  await until(() => room.getSnapshot().quoted.get(past[9]!.id)?.content === "10");

  await room.jumpTo(past[9]!.id);
  expect(seqs()).toContain(10);
  expect(seqs()).not.toContain(300);
  expect(room.getSnapshot()).toMatchObject({ hasNewer: true, loadingAround: false });
  // What is written meanwhile belongs at the end, which is not there.
  const later = await room.send("from the past");
  expect(room.getSnapshot().messages.toArray().some(({ clientId }) => clientId === later.clientId)).toBe(false);
  const last = seqs().at(-1)!;
  await room.loadNewer();
  expect(seqs().at(-1)).toBeGreaterThan(last);
  while (room.getSnapshot().hasOlder) await room.loadOlder();
  expect(seqs()[0]).toBe(1);
  while (room.getSnapshot().hasNewer) await room.loadNewer(100);
  expect(seqs()).toEqual(Array.from({ length: later.seq }, (_, n) => n + 1));

  await room.jumpTo(150);
  expect(isDense()).toBe(true);
  await room.jumpToNewest();
  expect(room.getSnapshot()).toMatchObject({ hasNewer: false });
  expect(room.getSnapshot().messages.at(-1)?.id).toBe(later.id);
  await expect(room.jumpTo("no-such-message")).rejects.toMatchObject({ code: "not_found" });
});

test("without a WebSocket it polls", async () => {
  const token = async (): Promise<string> => ((await (await fetch(`${url}/dev/token?user=erin`)).json()) as { token: string }).token;
  const none = class {
    constructor() {
      throw new Error("no WebSocket here");
    }
  } as unknown as WebSocketConstructor;
  const chat = createChat({ url, token, WebSocket: none });
  chats.push(chat);
  const room = chat.room("general");
  room.open();
  await chat.connect();
  expect(chat.getSnapshot().connection.transport).toBe("polling");
  await until(() => room.getSnapshot().membership === "member");
  expect((await room.send("slowly")).content).toBe("slowly");
}, 30_000);

test("a room of one's own is made, filled and found", async () => {
  const chat = connected("carol");
  await chat.connect();
  const made = await chat.createRoom({ name: "Gardening", topic: "what grows" });
  await chat.room(made.id).send("tulips");
  const { rooms } = await chat.publicRooms("garden");
  expect(rooms.map(({ id, topic }) => [id, topic])).toContainEqual([made.id, "what grows"]);
});

test("g3 the server dies in mid-send: nothing is lost, nothing doubled", async () => {
  const chat = connected("dave");
  const room = chat.room("general");
  room.open();
  await chat.connect();
  await until(() => room.getSnapshot().membership === "member");
  const sends = Array.from({ length: 20 }, (_, n) => room.send(`survivor ${n}`));
  await sends[3];
  server.kill("SIGKILL");
  await until(() => chat.getSnapshot().connection.phase === "reconnecting");
  start(...ports);
  const sent = await Promise.all(sends);
  const contents = room.getSnapshot().messages.map(({ content }) => content).filter((text) => text.startsWith("survivor"));
  expect(contents).toEqual(sent.map(({ content }) => content));
}, 40_000);

test("a thread is looked at, answered and left", async () => {
  const [alice, bob] = [connected("alice"), connected("bob")];
  await Promise.all([alice.connect(), bob.connect()]);
  const { id } = await alice.createRoom({ name: "threads" });
  await bob.room(id).join();
  const first = await alice.room(id).send("what is left?");
  for (let n = 1; n <= 60; n++) await bob.room(id).send({ content: `answer ${n}`, threadId: first.id });

  const room = alice.room(id);
  const [close, closeToo] = [room.openThread(first.id), room.openThread(first.id)];
  const thread = (): ThreadState | undefined => room.getSnapshot().threads.get(first.id);
  await until(() => (thread()?.messages.length ?? 0) >= 50 && thread()?.first !== undefined);
  expect(thread()?.first).toMatchObject({ id: first.id, thread: { count: 60 } });
  while (thread()?.hasOlder) await room.loadThread(first.id);
  expect(thread()?.messages.map(({ content }) => content)).toEqual(Array.from({ length: 60 }, (_, n) => `answer ${n + 1}`));

  const sent = room.send({ content: "mine", threadId: first.id });
  await until(() => thread()?.messages.at(-1)?.clientId === sent.clientId);
  await bob.room(id).react((await sent).id, "👍");
  await until(() => thread()?.messages.at(-1)?.reactions?.[0]?.count === 1);
  expect(thread()?.messages).toHaveLength(61);
  close();
  await bob.room(id).send({ content: "one more", threadId: first.id });
  await until(() => thread()?.messages.at(-1)?.content === "one more");
  closeToo();
  await until(() => thread() === undefined);
});
