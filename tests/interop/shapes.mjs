// The shapes of docs/protocol.md: exactly these fields, and of the optional ones any.
import assert from "node:assert/strict";

/** Fails unless the object has all of `required`, and beyond them only what is in `optional`. */
export function shaped(value, required, optional = []) {
  assert.ok(value !== null && typeof value === "object" && !Array.isArray(value), `not an object: ${show(value)}`);
  const extra = optional.filter((name) => name in value);
  assert.deepEqual(Object.keys(value).sort(), [...required, ...extra].sort(), show(value));
}

export function user(value) {
  shaped(value, ["id", "name"], ["avatarUrl"]);
}

export function message(value) {
  shaped(
    value,
    ["id", "roomId", "userId", "type", "content", "seq", "rev", "version", "createdAt"],
    ["clientId", "editedAt", "deletedAt", "replyTo", "threadId", "thread", "mentions", "attachments", "reactions",
      "pinnedAt", "metadata"],
  );
  integers(value, ["seq", "rev", "version", "createdAt"]);
}

export function roomUser(value) {
  shaped(value, ["userId", "username", "role", "status"], ["lastSeenAt"]);
}

export function roomState(value) {
  shaped(
    value,
    ["id", "name", "visibility", "policy", "rev", "seq", "memberCount", "createdAt", "role", "readSeq", "unread",
      "mentions", "users", "typing", "receipts"],
    ["topic", "lastMessage", "authors"],
  );
  integers(value, ["rev", "seq", "memberCount", "createdAt", "readSeq", "unread", "mentions"]);
  value.users.forEach(roomUser);
}

export function initialState(value) {
  shaped(value, ["epoch", "user", "rooms", "deltas", "presence", "limits", "serverTime"], ["next"]);
  user(value.user);
  value.rooms.forEach(roomState);
}

/** The ack of a success, with these fields beside `success`. */
export function success(ack, required = [], optional = []) {
  assert.equal(ack?.success, true, `refused: ${show(ack)}`);
  shaped(ack, ["success", ...required], optional);
}

/** The ack of a refusal, with this code. */
export function refusal(ack, code) {
  shaped(ack, ["success", "error"]);
  assert.equal(ack.success, false);
  shaped(ack.error, ["code", "message", "retryable", "requestId"], ["retryAfterMs", "details"]);
  assert.equal(ack.error.code, code);
  assert.ok(ack.error.requestId.length > 0);
}

export function integers(value, names) {
  for (const name of names) assert.ok(Number.isSafeInteger(value[name]), `${name} is no integer: ${show(value)}`);
}

function show(value) {
  return JSON.stringify(value);
}
