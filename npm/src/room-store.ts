/** One room's snapshot: patches in, immutable state out. */

import { RoomcastError } from "./errors.js";
import { Chunked } from "./list.js";
import type { Message, MessageId, RoomId, Seq, UserId } from "./protocol.js";
import { ThreadStore } from "./thread-store.js";
import type { ChatMessage, PendingChange, RoomState, SendStatus } from "./types.js";
import type { PendingWire, RoomPatch, ThreadPatches, WireStatus } from "./wire.js";

type Messages = Chunked<ChatMessage>;
/** What is changed while a patch is applied. */
type Draft = { -readonly [K in keyof RoomState]: RoomState[K] };

/** How far back a message that is on its way can have arrived. */
const NEWEST = 256;

const NOBODY: ReadonlyMap<string, never> = new Map<string, never>();

/** Keeps what a room shows. */
export class RoomStore {
  state: RoomState;
  #changes: ReadonlyMap<string, PendingChange> = NOBODY;
  #pending: readonly PendingWire[] = [];
  /** Whether the core said that the user is not in the room. */
  #absent = false;
  readonly #threads = new Map<MessageId, ThreadStore>();
  /** The first place of what was shown before this core began and is older than what it has. */
  #carried: Seq | undefined;
  /** The first place of what the core has. */
  #start: Seq = 0;

  constructor(readonly id: RoomId) {
    this.state = {
      id,
      membership: "unknown",
      readSeq: 0,
      unread: 0,
      mentions: 0,
      messages: Chunked.EMPTY as Messages,
      members: NOBODY,
      online: 0,
      typing: [],
      receipts: NOBODY,
      hasOlder: false,
      loadingOlder: false,
      hasNewer: false,
      loadingNewer: false,
      loadingAround: false,
      quoted: NOBODY,
      threads: NOBODY,
      catchingUp: false,
    };
  }

  /** Takes a patch. `me` is who the user is; a core that is not settled knows of no room, so an absence says nothing. */
  apply(patch: RoomPatch, me: UserId | undefined, settled: boolean): void {
    const state: Draft = { ...this.state };
    if (patch.member !== undefined) this.#absent = !patch.member;
    if (patch.member === true || (patch.member === false && settled)) this.#begin(state, patch.member);
    const { member, timeline, changes, pending, members, receipts, quoted, ...plain } = patch;
    Object.assign(state, plain);
    if (members) state.members = entries(state.members, members.put.map((user) => [user.userId, user]), members.gone);
    if (receipts) state.receipts = entries(state.receipts, receipts.put, receipts.gone);
    if (quoted) state.quoted = new Map(quoted.map((message) => [message.id, this.#shown(message, me)]));
    if (pending) this.#pending = pending;
    if (timeline || changes || pending || state.hasNewer !== this.state.hasNewer) {
      const changed = changes ? this.#changed(changes) : [];
      const list = this.#settled(state.messages as Messages, timeline, changed, member === true, me);
      // What is on its way comes after the newest message, which is not there.
      const waiting = state.hasNewer ? [] : this.#waiting(list);
      state.messages = list.withTail(waiting.map((item) => pendingMessage(item, me)));
    }
    this.state = state;
  }

  /** Takes what became different in the threads that are looked at. */
  applyThreads(patches: ThreadPatches, me: UserId | undefined): void {
    const threads = new Map(this.state.threads);
    const shows = {
      settled: (message: Message) => this.#shown(message, me),
      pending: (item: PendingWire) => pendingMessage(item, me),
    };
    for (const [id, patch] of Object.entries(patches)) {
      if (patch.open !== undefined) this.#threads.delete(id);
      if (patch.open === false) {
        threads.delete(id);
        continue;
      }
      const thread = this.#threads.get(id) ?? new ThreadStore();
      this.#threads.set(id, thread);
      thread.apply(patch, shows);
      threads.set(id, thread.state);
    }
    this.state = { ...this.state, threads };
  }

  wholeThreads(): ThreadPatches {
    return Object.fromEntries([...this.#threads].map(([id, thread]) => [id, thread.whole()]));
  }

  /** The core knows its rooms now: an absence that said nothing is one. Tells whether that is news. */
  settle(): boolean {
    if (!this.#absent || this.state.membership === "absent") return false;
    const state: Draft = { ...this.state };
    this.#begin(state, false);
    this.state = state;
    return true;
  }

  /** Begins anew, knowing nothing. */
  forget(): void {
    const { state } = new RoomStore(this.id);
    this.state = state;
    this.#changes = NOBODY;
    this.#pending = [];
    this.#threads.clear();
    this.#carried = undefined;
    this.#absent = false;
  }

  /**
   * The whole as a patch: what a server hands to a browser, a tab to another, and a page to the next; with at most so
   * many of the newest messages.
   */
  whole(most = Infinity): RoomPatch {
    const { id: _, membership, messages, members, receipts, quoted, threads: _t, ...plain } = this.state;
    const list = messages as Messages;
    const start = Math.max(list.start, list.end - most + 1);
    return {
      ...plain,
      hasOlder: plain.hasOlder || start > list.start,
      typing: [...plain.typing],
      member: membership === "member",
      timeline: { start, end: list.end, put: list.slice(start - list.start, list.end - list.start + 1).map(wireMessage) },
      changes: [...this.#changes].map(([messageId, { clientId, content, status }]) => ({
        messageId,
        clientId,
        ...(content === undefined ? {} : { content }),
        status: status === "failed" ? "pending" : status,
      })),
      pending: [...this.#pending],
      members: { put: [...members.values()] },
      receipts: { put: [...receipts] },
      quoted: [...quoted.values()].map(wireMessage),
    };
  }

  #begin(state: Draft, member: boolean): void {
    state.membership = member ? "member" : "absent";
    state.members = NOBODY;
    state.receipts = NOBODY;
    this.#changes = NOBODY;
    if (!member) {
      delete state.room;
      delete state.role;
      state.messages = Chunked.EMPTY as Messages;
      Object.assign(state, { typing: [], unread: 0, mentions: 0, online: 0, quoted: NOBODY });
      Object.assign(state, { hasOlder: false, hasNewer: false });
      Object.assign(state, { loadingOlder: false, loadingNewer: false, loadingAround: false });
    }
  }

  /** Takes the changes on their way; gives the messages that they are of, and were of. */
  #changed(changes: NonNullable<RoomPatch["changes"]>): string[] {
    const before = this.#changes;
    this.#changes = new Map(
      changes.map(({ messageId, clientId, content, status }) => [
        messageId,
        { clientId, ...(content === undefined ? {} : { content }), status: statusOf(status) },
      ]),
    );
    return [...before.keys(), ...this.#changes.keys()];
  }

  /** The messages that the server has. `begins`: the patch is a core's first. */
  #settled(
    list: Messages,
    timeline: RoomPatch["timeline"],
    changed: readonly string[],
    begins: boolean,
    me: UserId | undefined,
  ): Messages {
    const put = (timeline?.put ?? []).map((message) => this.#shown(message, me));
    if (changed.length > 0) {
      const there = new Set(put.map((message) => message.id));
      for (const id of new Set(changed)) {
        if (there.has(id)) continue;
        const message = list.settled().find((other) => other.id === id);
        if (message) put.push(this.#shown(wireMessage(message), me));
      }
    }
    if (timeline) return list.patched(this.#from(list, timeline, begins), timeline.end, put, placeOf);
    return put.length > 0 ? list.patched(list.start, list.end, put, placeOf) : list;
  }

  /**
   * Where the list begins. What is adjacent and older was shown already, by a server or another tab: it stays until
   * the core has it, or shows another place.
   */
  #from(list: Messages, { start }: NonNullable<RoomPatch["timeline"]>, begins: boolean): Seq {
    const adjacent = list.end >= list.start && list.start < start && list.end >= start - 1;
    if (begins) this.#carried = adjacent ? list.start : undefined;
    else if (this.#carried !== undefined && (start > this.#start || start <= this.#carried)) this.#carried = undefined;
    this.#start = start;
    return this.#carried ?? start;
  }

  /** What the list does not have yet. The server may tell of a message before it acknowledges its second send. */
  #waiting(list: Messages): readonly PendingWire[] {
    if (this.#pending.length === 0) return this.#pending;
    const newest = list.slice(Math.max(0, list.end - list.start + 1 - NEWEST), list.end - list.start + 1);
    const there = new Set(newest.map(({ clientId }) => clientId));
    return this.#pending.filter(({ clientId }) => !there.has(clientId));
  }

  #shown(message: Message, me: UserId | undefined): ChatMessage {
    const mine = message.userId === me;
    const change = this.#changes.get(message.id);
    return {
      ...message,
      // An own message keeps the name that it was sent under, so that it does not jump when it arrives.
      key: mine && message.clientId ? message.clientId : message.id,
      mine,
      status: "delivered",
      ...(change ? { change } : {}),
    };
  }
}

const placeOf = (message: ChatMessage): number => message.seq ?? 0;

function wireMessage({ key: _k, mine: _m, status: _s, change: _c, error: _e, ...message }: ChatMessage): Message {
  return message as Message;
}

function pendingMessage({ send, clientId, createdMs, status }: PendingWire, me: UserId | undefined): ChatMessage {
  const { after: _, ...message } = send;
  return {
    ...message,
    type: message.type ?? "text",
    key: clientId,
    clientId,
    userId: me ?? "",
    createdAt: createdMs,
    mine: true,
    status: statusOf(status),
    ...(typeof status === "object" ? { error: new RoomcastError(status.failed) } : {}),
  } as ChatMessage;
}

function statusOf(status: WireStatus): SendStatus {
  return typeof status === "object" ? "failed" : status;
}

function entries<K, V>(
  before: ReadonlyMap<K, V>,
  put: readonly (readonly [K, V])[],
  gone: readonly K[] = [],
): ReadonlyMap<K, V> {
  const after = new Map(before);
  for (const key of gone) after.delete(key);
  for (const [key, value] of put) after.set(key, value);
  return after;
}
