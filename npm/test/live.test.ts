/** The package against a real server: the binary that `ROOMCAST_BIN` names. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createChat } from "roomcast";
import type { Chat, WebSocketConstructor } from "roomcast";
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
