/** Frames that come in a burst are taken together, where a page draws and nobody waits. */
import type { Chat, Room } from "roomcast";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FakeServer } from "./server.js";

const FRAME_MS = 17;
const page = { visibilityState: "visible", addEventListener: () => undefined, removeEventListener: () => undefined };
let chat: Chat;
let server: FakeServer;
let room: Room;
let shown: number;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("document", page);
  page.visibilityState = "visible";
  server = new FakeServer();
  chat = server.chat("alice");
  room = chat.room("general");
  room.open();
  const connected = chat.connect();
  await vi.advanceTimersByTimeAsync(1_000);
  await connected;
  shown = 0;
  room.subscribe(() => (shown += 1));
});

afterEach(async () => {
  await chat.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** So many messages of somebody else's, each so long after the one before. */
async function burst(messages: number, everyMs: number): Promise<void> {
  for (let sent = 0; sent < messages; sent += 1) {
    server.post(`message ${sent}`);
    await vi.advanceTimersByTimeAsync(everyMs);
  }
}

/** All that is under way comes about, but for what waits for a timer. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

const there = (): number => room.getSnapshot().messages.length;

test("what comes in a burst is shown together, in order, and all of it", async () => {
  await burst(200, 5);
  expect(shown).toBeGreaterThan(2);
  expect(shown).toBeLessThanOrEqual(12);
  await vi.advanceTimersByTimeAsync(200);
  expect(room.getSnapshot().messages.toArray().map(({ content }) => content)).toEqual(
    Array.from({ length: 200 }, (_, sent) => `message ${sent}`),
  );
});

test("what comes after a pause is shown with the next frame", async () => {
  for (let messages = 1; messages <= 3; messages += 1) {
    await vi.advanceTimersByTimeAsync(500);
    server.post("quiet");
    await vi.advanceTimersByTimeAsync(FRAME_MS);
    expect(there()).toBe(messages);
  }
});

test("an answer that somebody waits for is not kept, nor what came before it", async () => {
  await burst(3, 1);
  const sent = room.send("mine");
  await turns();
  expect(sent.status).toBe("delivered");
  await sent;
  await vi.advanceTimersByTimeAsync(FRAME_MS);
  expect(there()).toBe(4);
});

test("marks of reading, which a page sends all the time, make nothing hurry", async () => {
  await burst(1, 500);
  server.holding = [];
  void room.markRead().catch(() => undefined);
  await vi.advanceTimersByTimeAsync(500);
  expect(server.received.map(({ name }) => name)).toContain("mark-read");
  shown = 0;
  await burst(100, 5);
  expect(shown).toBeLessThanOrEqual(8);
});

test("no more than a few hundred frames wait", async () => {
  await burst(1, 1);
  for (let sent = 0; sent < 600; sent += 1) server.post("at once");
  await vi.advanceTimersByTimeAsync(FRAME_MS);
  expect(there()).toBeGreaterThan(500);
});

test("a page that nobody sees draws nothing, so nothing waits", async () => {
  page.visibilityState = "hidden";
  await burst(1, 0);
  for (let sent = 0; sent < 10; sent += 1) server.post("unseen");
  await turns();
  expect(there()).toBe(11);
});

test("a connection's end comes after what it brought", async () => {
  await burst(1, 1);
  server.post("last words");
  await Promise.resolve();
  server.cut();
  await turns();
  expect(chat.getSnapshot().connection.phase).toBe("reconnecting");
  expect(there()).toBe(2);
});
