// Every fixed event of docs/protocol.md, through a stock socket.io-client.
//
//   node run.mjs --url http://127.0.0.1:3000 --secret … --transport websocket|polling|upgrade
//
// Where there are several nodes, the second client can be sent to another one: --other-url or --other-affinity.
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { Peer, token } from "./peer.mjs";
import * as shape from "./shapes.mjs";

const TRANSPORTS = { websocket: ["websocket"], polling: ["polling"], upgrade: ["polling", "websocket"] };

const options = Object.fromEntries(
  ["url", "other-url", "affinity", "other-affinity", "secret", "transport", "name"].map((name) => [name, { type: "string" }]),
);
const args = parseArgs({ options }).values;
const { url, secret, transport, name = transport } = args;
const transports = TRANSPORTS[transport];
const room = `interop-${name}`;
const names = { alice: `alice-${name}`, bob: `bob-${name}` };
const query = (affinity) => (affinity ? { affinity } : {});
const ways = {
  alice: [url, query(args.affinity)],
  bob: [args["other-url"] ?? url, query(args["other-affinity"] ?? args.affinity)],
};
const peer = (auth, who = "alice") => new Peer(ways[who][0], transports, auth, ways[who][1]);

const steps = {
  async "a refused connect says why, and is final"() {
    const expired = token(secret, names.alice, { exp: 1 });
    for (const auth of [{ token: "nonsense" }, { token: expired }, {}, undefined]) {
      const mallory = peer(auth);
      const error = await mallory.refused();
      assert.equal(error.message, "Authentication failed");
      assert.equal(mallory.socket.active, false, "a stock client would try again");
      mallory.disconnect();
    }
  },

  async "connect, initial-state"(at) {
    for (const name of ["alice", "bob"]) {
      at[name] = peer({ token: token(secret, names[name]) }, name);
      await at[name].connected();
      const state = await at[name].event("initial-state");
      shape.initialState(state);
      assert.deepEqual(state.user, { id: names[name], name: names[name] });
    }
    if (transport === "upgrade") await Promise.all([at.alice.upgraded(), at.bob.upgraded()]);
    assert.equal(at.alice.transport(), transport === "polling" ? "polling" : "websocket");
  },

  async "join-room, user-joined"({ alice, bob }) {
    const made = await alice.ask("create-room", { roomId: room, name: "Interop", visibility: "public" });
    shape.success(made, ["room"], ["rev"]);
    const ack = await bob.ask("join-room", { roomId: room });
    shape.success(ack, ["room"], ["rev"]);
    shape.roomState(ack.room);
    assert.equal(ack.room.memberCount, 2);
    const joined = await alice.event("user-joined");
    assert.deepEqual(joined, { roomId: room, user: { id: names.bob, name: names.bob }, rev: ack.room.rev });
  },

  async "get-room-users"({ alice }) {
    const ack = await alice.ask("get-room-users", { roomId: room });
    shape.success(ack, ["users"], ["next"]);
    ack.users.forEach(shape.roomUser);
    assert.deepEqual(ack.users.map((user) => user.userId).sort(), [names.alice, names.bob]);
    assert.deepEqual(ack.users.map((user) => user.status), ["online", "online"]);
  },

  async "send-message, new-message"(at) {
    const ack = await at.alice.ask("send-message", { roomId: room, content: "hello 🙂", type: "text" });
    shape.success(ack, ["message", "rev"]);
    shape.message(ack.message);
    const { userId, content, type, roomId } = ack.message;
    assert.deepEqual({ userId, content, type, roomId },
      { userId: names.alice, content: "hello 🙂", type: "text", roomId: room });
    const heard = await at.bob.event("new-message");
    assert.deepEqual(heard,
      { message: ack.message, user: { id: names.alice, name: names.alice }, rev: ack.rev });
    at.message = ack.message;
  },

  async "typing-start, user-typing, typing-stop, user-stopped-typing"({ alice, bob }) {
    alice.emit("typing-start", room);
    assert.deepEqual(await bob.event("user-typing"), { roomId: room, userId: names.alice, username: names.alice });
    alice.emit("typing-stop", room);
    assert.deepEqual(await bob.event("user-stopped-typing"), { roomId: room, userId: names.alice });
  },

  async "mark-read, messages-read"({ alice, bob, message }) {
    shape.success(await bob.ask("mark-read", [message.id]), [], ["rev"]);
    const read = await alice.event("messages-read");
    assert.deepEqual(read,
      { userId: names.bob, messageIds: [message.id], roomId: room, readSeq: message.seq });
  },

  async "edit-message, message-edited"({ alice, bob, message }) {
    const ack = await alice.ask("edit-message", { messageId: message.id, content: "hello again" });
    shape.success(ack, ["message", "rev"]);
    shape.message(ack.message);
    assert.equal(ack.message.content, "hello again");
    assert.deepEqual(await bob.event("message-edited"), { message: ack.message, rev: ack.rev });
  },

  async "delete-message, message-deleted"({ alice, bob, message }) {
    const ack = await alice.ask("delete-message", { messageId: message.id });
    shape.success(ack, ["message", "rev"]);
    shape.message(ack.message);
    assert.equal(ack.message.content, "");
    assert.deepEqual(await bob.event("message-deleted"), { message: ack.message, rev: ack.rev });
  },

  async "update-presence, presence-changed"({ alice, bob }) {
    shape.success(await bob.ask("update-presence", { status: "away" }));
    const changed = await alice.event("presence-changed", (event) => event.userId === names.bob);
    assert.deepEqual(changed, { userId: names.bob, status: "away" });
    shape.success(await bob.ask("update-presence", { status: "online" }));
  },

  async "refusals are typed"({ bob }) {
    shape.refusal(await bob.ask("join-room", { roomId: "nowhere" }), "not_found");
    shape.refusal(await bob.ask("send-message", { roomId: room }), "bad_request");
    shape.refusal(await bob.ask("join-room"), "bad_request");
    shape.refusal(await bob.ask("send-message", { roomId: room, content: new Uint8Array([1, 2]), type: "text" }),
      "bad_request");
    shape.refusal(await bob.ask("no-such-event", {}), "unsupported");
  },

  async "user-offline, user-online"(at) {
    at.bob.disconnect();
    const offline = await at.alice.event("user-offline");
    shape.shaped(offline, ["userId", "lastSeenAt"]);
    assert.equal(offline.userId, names.bob);
    at.bob = peer({ token: token(secret, names.bob) }, "bob");
    await at.bob.connected();
    // She may have heard of herself, from the node that is not hers.
    const online = await at.alice.event("user-online", ({ userId }) => userId !== names.alice);
    assert.deepEqual(online, { userId: names.bob });
    const state = await at.bob.event("initial-state");
    assert.deepEqual(state.rooms.map((each) => each.id), [room]);
    shape.initialState(state);
  },

  async "leave-room, user-left"({ alice, bob }) {
    const ack = await bob.ask("leave-room", { roomId: room });
    shape.success(ack, ["rev"]);
    assert.deepEqual(await alice.event("user-left"), { roomId: room, userId: names.bob, rev: ack.rev });
    shape.refusal(await bob.ask("send-message", { roomId: room, content: "still here", type: "text" }), "not_member");
  },
};

let failed = 0;
const at = {};
for (const [name, step] of Object.entries(steps)) {
  try {
    await step(at);
    console.log(`ok - ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok - ${name}\n${error.stack}`);
  }
}
at.alice?.disconnect();
at.bob?.disconnect();
console.log(`${Object.keys(steps).length - failed} passed, ${failed} failed (socket.io-client over ${transport})`);
process.exitCode = failed ? 1 : 0;
