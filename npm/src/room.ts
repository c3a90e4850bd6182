/** A room, as the application holds it. */

import type { RoomcastError } from "./errors.js";
import { nextClientId } from "./ids.js";
import type { Message, MessageId, RoomId, RoomUser } from "./protocol.js";
import type { Draft, MessageRef, Room, RoomState, SendStatus, Sent, Unsubscribe } from "./types.js";
import type { Target, UserCommand } from "./wire.js";

/** What a room needs of its chat. */
export interface RoomHost {
  command(command: UserCommand): Promise<unknown>;
  /** Begins to show the room, or goes on; the way back ends it once nobody shows it. */
  show(id: RoomId): Unsubscribe;
  subscribe(id: RoomId, listener: () => void): Unsubscribe;
  state(id: RoomId): RoomState;
}

/** Messages of a page. */
const PAGE = 50;

/** Makes the handle of a room. */
export function createRoom(id: RoomId, host: RoomHost): Room {
  const ask = <T>(name: string, payload: unknown): Promise<T> =>
    host.command({ Request: { name, payload } }) as Promise<T>;
  const done = async (asked: Promise<unknown>): Promise<void> => void (await asked);
  const find = (ref: MessageRef): { id?: string; clientId?: string } => (typeof ref === "string" ? { id: ref } : ref);
  const target = (ref: MessageRef): Target => {
    const { id: message, clientId } = find(ref);
    return message ? { message } : { pending: clientId ?? "" };
  };
  const idOf = (ref: MessageRef): string => find(ref).id ?? "";
  /** How many look at each thread. */
  const opened = new Map<MessageId, number>();
  const room: Room = {
    id,
    subscribe: (listener) => {
      const hide = host.show(id);
      const silence = host.subscribe(id, listener);
      return () => {
        silence();
        hide();
      };
    },
    getSnapshot: () => host.state(id),
    open: ({ join = true } = {}) => {
      let joining = false;
      let loading = false;
      const look = (): void => {
        const { membership, messages, hasOlder } = room.getSnapshot();
        if (membership === "absent" && join && !joining) {
          joining = true;
          // A room that cannot be joined shows as absent.
          room.join().catch(nothing);
        } else if (membership === "member" && hasOlder && messages.length < PAGE && !loading) {
          loading = true;
          room.loadOlder().catch(() => (loading = false));
        }
      };
      const close = room.subscribe(look);
      look();
      return close;
    },
    join: () => done(ask("join-room", { roomId: id })),
    leave: () => done(ask("leave-room", { roomId: id })),
    send: (message) => sent(id, typeof message === "string" ? { content: message } : message, host),
    edit: (message, content) => done(host.command({ Edit: { room_id: id, target: target(message), content } })),
    remove: (message) => done(host.command({ Delete: { room_id: id, target: target(message) } })),
    retry: (message) => done(host.command({ Retry: find(message).clientId ?? idOf(message) })),
    react: (message, emoji, on = true) =>
      done(host.command({ [on ? "React" : "Unreact"]: { room_id: id, target: target(message), emoji } } as UserCommand)),
    pin: (message, on = true) => done(ask(on ? "pin-message" : "unpin-message", { messageId: idOf(message) })),
    loadOlder: (limit = PAGE) => done(host.command({ LoadOlder: { room_id: id, limit } })),
    loadNewer: (limit = PAGE) => done(host.command({ LoadNewer: { room_id: id, limit } })),
    jumpTo: (place) => done(host.command({ LoadAround: { room_id: id, place, limit: PAGE } })),
    jumpToNewest: () => done(host.command({ JumpToNewest: { room_id: id } })),
    lookUp: (message) => done(host.command({ Lookup: { room_id: id, message_id: message } })),
    openThread: (first) => {
      let loading = false;
      const look = (): void => {
        const { membership, threads } = room.getSnapshot();
        // Also where a core that is new, or another tab, does not look at it any more.
        if (membership !== "member" || threads.has(first) || loading) return;
        loading = true;
        const over = (): void => void (loading = false);
        room.loadThread(first).then(over, over);
      };
      const close = room.subscribe(look);
      const count = (opened.get(first) ?? 0) + 1;
      opened.set(first, count);
      look();
      let over = false;
      return () => {
        if (over) return;
        over = true;
        close();
        const left = (opened.get(first) ?? 1) - 1;
        opened.set(first, left);
        if (left > 0) return;
        opened.delete(first);
        host.command({ CloseThread: { room_id: id, thread_id: first } }).catch(nothing);
      };
    },
    loadThread: (first, limit = PAGE) => done(host.command({ LoadThread: { room_id: id, thread_id: first, limit } })),
    markRead: (upTo) => {
      const seq = upTo ?? room.getSnapshot().room?.seq ?? 0;
      return seq === 0 ? Promise.resolve() : done(ask("mark-read", { roomId: id, upToSeq: seq }));
    },
    typing: () => void ask("typing-start", id).catch(nothing),
    stopTyping: () => void ask("typing-stop", id).catch(nothing),
    loadMembers: (cursor) =>
      ask<{ users: RoomUser[]; next?: string }>("get-room-users", { roomId: id, all: true, ...(cursor ? { cursor } : {}) }),
  };
  return room;
}

const nothing = (): void => undefined;

function sent(roomId: RoomId, draft: Draft, host: RoomHost): Sent {
  const clientId = nextClientId();
  let settled: SendStatus | undefined;
  const payload = { roomId, clientId, type: "text", ...draft };
  const answer = host.command({ Request: { name: "send-message", payload } }).then((reply) => {
    settled = "delivered";
    return (reply as { message: Message }).message;
  });
  // Nobody has to wait: a refusal shows in the room.
  answer.catch((_: RoomcastError) => (settled = "failed"));
  return {
    clientId,
    get status() {
      return settled ?? host.state(roomId).messages.toArray().findLast((m) => m.clientId === clientId)?.status ?? "pending";
    },
    then: (fulfilled, rejected) => answer.then(fulfilled, rejected),
  };
}
