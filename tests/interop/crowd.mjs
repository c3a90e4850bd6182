// Stock clients that reconnect by themselves, one for each transport, in one room: whoever drives this pulls nodes
// away below them.
//
//   node crowd.mjs --url http://127.0.0.1:3000 --secret … --affinity …
//
// It says `connected` when all are, `lost` when one of them has lost its connection after that, and, asked to `talk`,
// `heard` when each has heard what all the others said.
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { io } from "socket.io-client";
import { token } from "./peer.mjs";

const TRANSPORTS = { websocket: ["websocket"], polling: ["polling"], upgrade: ["polling", "websocket"] };
const ROOM = "crowd";

const options = { url: { type: "string" }, secret: { type: "string" }, affinity: { type: "string" } };
const { url, secret, affinity } = parseArgs({ options }).values;

const people = Object.entries(TRANSPORTS).map(([name, transports]) => ({ name, transports, ready: false, heard: new Set() }));
let whole = false;
let wanted = null;

for (const person of people) {
  const auth = { token: token(secret, person.name) };
  const settings = { auth, query: { affinity }, forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 500 };
  person.socket = io(url, { ...settings, transports: person.transports });
  // What happens before is part of this, and is told by no event.
  person.socket.on("initial-state", () => enter(person));
  person.socket.on("disconnect", (why) => {
    person.ready = false;
    if (whole) console.log("lost");
    whole = false;
    // Told to leave, and not cut off: a stock client comes again when it is told to.
    if (why === "io server disconnect") person.socket.connect();
  });
  person.socket.on("connect_error", () => {
    // Refused, and not unreachable.
    if (!person.socket.active) setTimeout(() => person.socket.connect(), 200);
  });
  person.socket.on("new-message", ({ message }) => {
    person.heard.add(message.content);
    look();
  });
}

/** Into the room, and ready when that is acknowledged on this connection. */
async function enter(person) {
  const ask = (name, payload) => person.socket.timeout(5_000).emitWithAck(name, payload);
  try {
    await ask("create-room", { roomId: ROOM, name: ROOM, visibility: "public" });
    const joined = await ask("join-room", { roomId: ROOM });
    if (!joined.success) throw new Error(joined.error.code);
    person.ready = true;
  } catch {
    if (person.socket.connected) setTimeout(() => enter(person), 200);
  }
  if (!whole && people.every((each) => each.ready)) {
    whole = true;
    console.log("connected");
  }
}

function look() {
  const all = (person) => wanted.every(([by, text]) => by === person.name || person.heard.has(text));
  if (wanted && people.every(all)) {
    wanted = null;
    console.log("heard");
  }
}

let round = 0;
createInterface({ input: process.stdin }).on("line", () => {
  round += 1;
  const said = people.map((person) => [person.name, `${person.name} ${round}`]);
  wanted = said;
  for (const person of people) {
    const text = `${person.name} ${round}`;
    const send = () => {
      const ack = person.socket.timeout(3_000).emitWithAck("send-message",
        { roomId: ROOM, content: text, type: "text", clientId: text.replace(" ", "-") });
      ack.then((answer) => { if (!answer.success) throw new Error(answer.error.code); }).catch(() => setTimeout(send, 200));
    };
    send();
  }
}).on("close", () => process.exit(0));
