import { RoomcastError } from "roomcast";
import type { Chat } from "roomcast";
import { afterEach, describe, expect, test, vi } from "vitest";

import { FakeServer, until } from "./server.js";

const chats: Chat[] = [];
const kept = (chat: Chat): Chat => (chats.push(chat), chat);
afterEach(async () => {
  await Promise.all(chats.splice(0).map((chat) => chat.close()));
});

async function live(): Promise<{ server: FakeServer; chat: Chat }> {
  const server = new FakeServer();
  const chat = kept(server.chat("alice"));
  chat.room("general").open();
  await chat.connect();
  await until(() => chat.room("general").getSnapshot().membership === "member");
  return { server, chat };
}

describe("a chat", () => {
  test("does nothing before it is told to", async () => {
    vi.useFakeTimers();
    const server = new FakeServer();
    let asked = 0;
    const chat = kept(server.chat("alice", { token: () => `alice${asked++}` }));
    chat.room("general").getSnapshot();
    await vi.advanceTimersByTimeAsync(60_000);
    vi.useRealTimers();
    expect(asked).toBe(0);
    expect(server.sockets.size).toBe(0);
    expect(chat.getSnapshot().connection.phase).toBe("idle");
  });

  test("knows who it is and where once connected", async () => {
    const { chat } = await live();
    const { connection, me, rooms } = chat.getSnapshot();
    expect(connection.phase).toBe("connected");
    expect(me).toEqual({ id: "alice", name: "Alice" });
    expect(rooms.map((room) => room.id)).toEqual(["general"]);
  });

  test("joins a room that is opened and that the user is not in, unless told not to", async () => {
    const server = new FakeServer([]);
    const chat = kept(server.chat("alice"));
    chat.room("looked-at").open({ join: false });
    chat.room("lobby").open();
    await chat.connect();
    await until(() => chat.room("lobby").getSnapshot().membership === "member");
    expect(chat.room("looked-at").getSnapshot().membership).toBe("absent");
    const joined = server.received.filter(({ name }) => name === "join-room").map(({ payload }) => payload.roomId);
    expect(joined).toEqual(["lobby"]);
  });

  test("says why it cannot connect, and can try again", async () => {
    const server = new FakeServer();
    server.refuse = "Access revoked";
    const chat = kept(server.chat("alice"));
    const error = await chat.connect().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RoomcastError);
    expect(error).toMatchObject({ code: "refused", retryable: false });
    expect(chat.getSnapshot().connection).toMatchObject({ phase: "refused", refusal: "AccessRevoked" });
    server.refuse = undefined;
    await chat.connect();
    expect(chat.getSnapshot().connection.phase).toBe("connected");
  });

  test("comes back after a loss, with a countdown meanwhile", async () => {
    const { server, chat } = await live();
    server.up = false;
    server.cut();
    await until(() => chat.getSnapshot().connection.phase === "reconnecting");
    const { retryAt } = chat.getSnapshot().connection;
    expect(retryAt).toBeGreaterThan(Date.now() - 1_000);
    server.up = true;
    await until(() => chat.getSnapshot().connection.phase === "connected");
  });

  test("refuses a token that nobody gives without giving up", async () => {
    const server = new FakeServer();
    let fail = true;
    const token = async (): Promise<string> => {
      if (fail) throw new Error("no network");
      return "alice";
    };
    const chat = kept(server.chat("alice", { token }));
    const connected = chat.connect();
    await until(() => chat.getSnapshot().connection.error?.includes("no network") ?? false);
    fail = false;
    await connected;
  });
});

describe("sending", () => {
  test("shows a message at once and keeps its key when it arrives", async () => {
    const { server, chat } = await live();
    const room = chat.room("general");
    server.holding = [];
    const sent = room.send("hi");
    const shown = room.getSnapshot().messages.at(-1)!;
    expect(shown).toMatchObject({ content: "hi", mine: true, status: "pending", userId: "alice" });
    await until(() => sent.status === "sent");
    server.holding.splice(0).forEach((answer) => answer());
    server.holding = undefined;
    const message = await sent;
    await until(() => room.getSnapshot().messages.at(-1)?.status === "delivered");
    const arrived = room.getSnapshot().messages.at(-1)!;
    expect(arrived.key).toBe(shown.key);
    expect(arrived).toMatchObject({ id: message.id, seq: 1, mine: true });
    expect(sent.status).toBe("delivered");
    expect(room.getSnapshot().messages.length).toBe(1);
  });

  test("keeps what was refused, with its reason, until it is forgotten", async () => {
    const { chat } = await live();
    const room = chat.room("general");
    const failed: string[] = [];
    chat.on("sendFailed", ({ clientId }) => failed.push(clientId));
    const sent = room.send("bad");
    await expect(sent).rejects.toMatchObject({ code: "forbidden", requestId: "r-1" });
    const shown = room.getSnapshot().messages.at(-1)!;
    expect(shown).toMatchObject({ status: "failed", content: "bad" });
    expect(shown.error?.code).toBe("forbidden");
    expect(failed).toEqual([sent.clientId]);
    await room.edit(shown, "good");
    await until(() => room.getSnapshot().messages.at(-1)?.status === "delivered");
    expect(room.getSnapshot().messages.at(-1)?.content).toBe("good");
  });

  test("keeps order and counts over a burst", async () => {
    const { server, chat } = await live();
    const room = chat.room("general");
    const all = await Promise.all(Array.from({ length: 100 }, (_, n) => room.send(`${n}`)));
    expect(all.map((message) => message.seq)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    expect(server.messages.map((message) => message.content)).toEqual(all.map((message) => message.content));
  });

  test("refuses a malformed payload here, naming the code", async () => {
    const { chat } = await live();
    await expect(chat.request("join-room", { room: "x" } as never)).rejects.toMatchObject({ code: "bad_request" });
    await expect(chat.room("general").send({ content: "x".repeat(20_000) })).rejects.toMatchObject({ code: "too_large" });
  });
});

describe("snapshots", () => {
  test("keep their identity and share what did not change", async () => {
    const { server, chat } = await live();
    const room = chat.room("general");
    for (let n = 0; n < 300; n++) server.post(`${n}`);
    await until(() => room.getSnapshot().messages.length === 300);
    const before = room.getSnapshot();
    expect(room.getSnapshot()).toBe(before);
    const copy = before.messages.toArray();
    server.post("one more");
    await until(() => room.getSnapshot().messages.length === 301);
    const after = room.getSnapshot();
    expect(after.members).toBe(before.members);
    expect(after.messages.at(0)).toBe(before.messages.at(0));
    expect(after.messages.at(299)).toBe(copy[299]);
    expect(before.messages.length).toBe(300);
    expect([...after.messages].map((message) => message.content).slice(-2)).toEqual(["299", "one more"]);
  });

  test("tell their listeners once for many events", async () => {
    const { server, chat } = await live();
    let calls = 0;
    const stop = chat.room("general").subscribe(() => calls++);
    for (let n = 0; n < 50; n++) server.post(`${n}`);
    await until(() => chat.room("general").getSnapshot().messages.length === 50);
    expect(calls).toBeGreaterThan(0);
    stop();
    const heard = calls;
    server.post("after");
    await until(() => chat.room("general").getSnapshot().messages.length === 51);
    expect(calls).toBe(heard);
  });

  test("load the past page by page", async () => {
    const server = new FakeServer();
    for (let n = 1; n <= 200; n++) server.message("bob", `${n}`);
    const chat = kept(server.chat("alice"));
    const room = chat.room("general");
    room.open();
    await chat.connect();
    await until(() => room.getSnapshot().messages.length > 50);
    expect(room.getSnapshot().hasOlder).toBe(true);
    while (room.getSnapshot().hasOlder) await room.loadOlder(100);
    expect(room.getSnapshot().messages.map((message) => message.seq)).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
  });

  test("show an edit before the server has it, and after", async () => {
    const { server, chat } = await live();
    const room = chat.room("general");
    await room.send("first");
    await until(() => room.getSnapshot().messages.at(-1)?.id !== undefined);
    server.holding = [];
    const message = room.getSnapshot().messages.at(-1)!;
    void room.edit(message, "second").catch(() => undefined);
    const shown = room.getSnapshot().messages.at(-1)!;
    expect(shown.content).toBe("second");
    expect(shown.change).toMatchObject({ content: "second" });
    void room.remove(message).catch(() => undefined);
    expect(room.getSnapshot().messages.at(-1)?.content).toBe("");
  });
});

describe("a server's snapshot", () => {
  test("is shown at once, and replaced without a gap once connected", async () => {
    const server = new FakeServer();
    for (let n = 1; n <= 60; n++) server.message("bob", `${n}`);
    const first = kept(server.chat("alice"));
    first.room("general").open();
    await first.connect();
    await until(() => first.room("general").getSnapshot().messages.length > 50);
    const snapshot = JSON.parse(JSON.stringify(first.dehydrate(["general"]))) as ReturnType<Chat["dehydrate"]>;

    const chat = kept(server.chat("alice", { snapshot }));
    const room = chat.room("general");
    const length = room.getSnapshot().messages.length;
    expect(length).toBeGreaterThan(50);
    expect(room.getSnapshot().room?.rev).toBe(60);
    expect(chat.getSnapshot().me?.id).toBe("alice");
    const lengths: number[] = [];
    room.subscribe(() => lengths.push(room.getSnapshot().messages.length));
    await chat.connect();
    server.post("new");
    await until(() => room.getSnapshot().messages.at(-1)?.content === "new");
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(length);
  });
});

describe("closing", () => {
  test("leaves no socket, timer or listener, and refuses what comes after", async () => {
    const { server, chat } = await live();
    const before = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    await chat.close();
    expect(server.sockets.size).toBe(0);
    expect(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length).toBeLessThan(before);
    await expect(chat.connect()).rejects.toMatchObject({ code: "closed" });
    await expect(chat.room("general").send("x")).rejects.toMatchObject({ code: "closed" });
    await chat.close();
  });

  test("a recording has what happened and no token", async () => {
    const server = new FakeServer();
    const chat = kept(server.chat("alice", { token: () => "alice:s3cret", trace: true }));
    await chat.connect();
    const lines = chat.trace().trim().split("\n");
    expect(lines.length).toBeGreaterThan(4);
    expect(JSON.parse(lines[0]!)).toMatchObject({ trace: 1 });
    expect(chat.trace()).not.toContain("s3cret");
  });
});
