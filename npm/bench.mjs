// `node bench.mjs`: what a frame costs from the socket to the snapshot.
import { createChat } from "./dist/index.js";

const FRAMES = 100_000;
let socket;
class Socket {
  constructor() {
    socket = this;
    queueMicrotask(() => {
      this.onopen?.({});
      this.say('0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}');
    });
  }
  say(data) {
    this.onmessage?.({ data });
  }
  send(frame) {
    if (!frame.startsWith("40")) return;
    this.say('40{"sid":"s"}');
    const room = {
      ...{ id: "r", name: "r", visibility: "public", policy: {}, rev: 0, seq: 0, memberCount: 2, createdAt: 1 },
      ...{ role: "member", readSeq: 0, unread: 0, mentions: 0, users: [], typing: [], receipts: [] },
    };
    const state = { epoch: "e", user: { id: "me", name: "Me" }, rooms: [room], deltas: [], presence: [], limits: {}, serverTime: 1 };
    this.say(`42${JSON.stringify(["initial-state", state])}`);
  }
  close() {}
}

const frames = Array.from({ length: FRAMES }, (_, index) => {
  const n = index + 1;
  const message = {
    ...{ id: `01890000-0000-7000-8000-${String(n).padStart(12, "0")}`, roomId: "r", userId: "bob", type: "text" },
    ...{ content: `message ${n}, of about the length that people write`, seq: n, rev: n, version: 1, createdAt: 1_700_000_000_000 + n },
  };
  return `42${JSON.stringify(["new-message", { message, user: { id: "bob", name: "Bob" }, rev: n }])}`;
});

const chat = createChat({ url: "http://localhost", token: "t", WebSocket: Socket, timelineMessages: 10_000 });
const room = chat.room("r");
room.open();
await chat.connect();

const pause = () => new Promise((resolve) => setImmediate(resolve));
/** Feeds frames, so many to a frame of the screen. */
async function feed(from, to, batch) {
  const begin = performance.now();
  for (let at = from; at < to; at += batch) {
    for (let index = at; index < Math.min(to, at + batch); index++) socket.say(frames[index]);
    await pause();
  }
  const ms = performance.now() - begin;
  return { perSecond: Math.round(((to - from) / ms) * 1_000), usEach: ((ms * 1_000) / (to - from)).toFixed(1) };
}

await feed(0, 10_000, 50);
console.log("in a room of 10,000 messages, in Node", process.version);
console.table({
  "50 frames to a patch": await feed(10_000, 60_000, 50),
  "10 frames to a patch": await feed(60_000, 80_000, 10),
  "a patch for each frame": await feed(80_000, 100_000, 1),
});
if (room.getSnapshot().messages.at(-1).seq !== FRAMES) throw new Error("a frame was lost");
await chat.close();
