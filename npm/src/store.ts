/** What is shown: the core's patches become immutable snapshots that share what did not change. */

import { RoomStore } from "./room-store.js";
import { DEFAULT_LIMITS } from "./protocol.js";
import type { RoomId, User, UserId } from "./protocol.js";
import type { ChatSnapshot, ChatState, Connection, People, Phase, RoomSummary, Unsubscribe } from "./types.js";
import type { ClientPatch, ConnectionWire, Patch, SummaryWire, WirePhase } from "./wire.js";

/** More than any list has: a list that is told whole replaces whatever there was. */
const WHOLE = 2 ** 32 - 1;

type Listener = () => void;
type Draft = { -readonly [K in keyof ChatState]: ChatState[K] };

/** Listeners of one thing. A listener that throws does not keep the others from hearing. */
export class Listeners {
  readonly #all = new Set<Listener>();

  add(listener: Listener): Unsubscribe {
    // The same function twice is two subscriptions.
    const own = (): void => listener();
    this.#all.add(own);
    return () => void this.#all.delete(own);
  }

  get size(): number {
    return this.#all.size;
  }

  call(): void {
    for (const listener of [...this.#all]) {
      try {
        listener();
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** Keeps what the chat shows. */
export class Store {
  state: ChatState = {
    connection: { phase: "idle", attempt: 0 },
    limits: DEFAULT_LIMITS,
    degraded: [],
    blocked: [],
    people: new Directory(new Map()),
    rooms: [],
    durable: false,
  };
  /** The list as the core has it. */
  #lines: readonly RoomSummary[] = [];
  #settled = false;
  /** As it came last, for another tab. */
  connection: ConnectionWire | undefined;
  readonly listeners = new Listeners();
  readonly rooms = new Map<RoomId, { store: RoomStore; listeners: Listeners }>();

  room(id: RoomId): { store: RoomStore; listeners: Listeners } {
    let room = this.rooms.get(id);
    if (!room) this.rooms.set(id, (room = { store: new RoomStore(id), listeners: new Listeners() }));
    return room;
  }

  /** The room that was looked at last is the last of all. */
  lookAt(id: RoomId): void {
    const room = this.room(id);
    this.rooms.delete(id);
    this.rooms.set(id, room);
  }

  /** Takes a patch and tells those whom it concerns, each once. */
  apply({ client, rooms = {}, threads = {} }: Patch): void {
    const wasSettled = this.#settled;
    if (client) this.#take(client);
    if (client?.connection) this.connection = client.connection;
    const changed: Listeners[] = client ? [this.listeners] : [];
    for (const [id, patch] of Object.entries(rooms)) {
      const room = this.room(id);
      room.store.apply(patch, this.state.me?.id, this.#settled);
      changed.push(room.listeners);
    }
    for (const [id, patches] of Object.entries(threads)) {
      const { store, listeners } = this.room(id);
      store.applyThreads(patches, this.state.me?.id);
      if (!changed.includes(listeners)) changed.push(listeners);
    }
    if (this.#settled && !wasSettled) {
      for (const { store, listeners } of this.rooms.values()) {
        if (store.settle() && !changed.includes(listeners)) changed.push(listeners);
      }
    }
    for (const listeners of changed) listeners.call();
  }

  #take(patch: ClientPatch): void {
    // A core that is new knows nothing yet. What was shown before stays until it knows who the user is.
    if (patch.order?.drop === WHOLE) this.#settled = false;
    if (patch.me) this.#settled = true;
    if (patch.me && this.state.me && patch.me.id !== this.state.me.id) this.#forget();
    if (patch.order || patch.summaries) this.#lines = lines(this.#lines, patch);
    const state = applied(this.state, patch);
    this.state = this.#settled ? { ...state, rooms: this.#lines } : state;
  }

  /** What was shown was another user's. */
  #forget(): void {
    this.state = { ...this.state, people: new Directory(new Map()) };
    for (const { store, listeners } of this.rooms.values()) {
      store.forget();
      listeners.call();
    }
  }

  setDurable(durable: boolean): void {
    if (this.state.durable === durable) return;
    this.state = { ...this.state, durable };
    this.listeners.call();
  }

  /** The client as a whole, as a patch. */
  client(): ClientPatch {
    const { connection: _, me, limits, degraded, blocked, people, rooms } = this.state;
    return {
      ...(me ? { me } : {}),
      limits,
      degraded: [...degraded],
      blocked: [...blocked],
      people: (people as Directory).all(),
      order: { at: 0, drop: WHOLE, put: rooms.map((room) => room.id) },
      summaries: rooms.map(({ id: _id, lastMessage, typing, ...rest }) => ({
        ...rest,
        typing: [...typing],
        lastMessage: lastMessage ?? null,
      })),
    };
  }

  /** What is shown of these rooms, with at most so many of their newest messages. */
  dehydrate(ids: Iterable<RoomId> = this.rooms.keys(), most = Infinity): ChatSnapshot {
    const rooms: Record<RoomId, unknown> = {};
    for (const id of ids) {
      const room = this.rooms.get(id)?.store;
      if (room?.state.membership === "member") rooms[id] = room.whole(most);
    }
    return { format: 1, chat: this.client(), rooms };
  }

  hydrate(snapshot: ChatSnapshot): void {
    if (snapshot.format !== 1) return;
    for (const id of Object.keys(snapshot.rooms)) this.room(id);
    this.apply({ client: snapshot.chat as ClientPatch, rooms: snapshot.rooms as Patch["rooms"] & object });
  }
}

/** Who is known by name. */
class Directory implements People {
  constructor(private readonly users: ReadonlyMap<UserId, User>) {}

  get size(): number {
    return this.users.size;
  }

  get(id: UserId): User | undefined {
    return this.users.get(id);
  }

  name(id: UserId): string {
    return this.users.get(id)?.name ?? id;
  }

  all(): User[] {
    return [...this.users.values()];
  }

  with(users: readonly User[]): Directory {
    const all = new Map(this.users);
    for (const user of users) all.set(user.id, user);
    return new Directory(all);
  }
}

function applied(before: ChatState, patch: ClientPatch): ChatState {
  const state: Draft = { ...before };
  if (patch.connection) state.connection = connectionOf(patch.connection);
  if (patch.me) state.me = patch.me;
  if (patch.limits) state.limits = patch.limits;
  if (patch.degraded) state.degraded = patch.degraded;
  if (patch.blocked) state.blocked = patch.blocked;
  if (patch.people?.length) state.people = (state.people as Directory).with(patch.people);
  return state;
}

function lines(before: readonly RoomSummary[], { order, summaries = [] }: ClientPatch): readonly RoomSummary[] {
  const fresh = new Map(summaries.map((summary) => [summary.room.id, line(summary)]));
  const known = new Map(before.map((summary) => [summary.id, summary]));
  let ids = before.map((summary) => summary.id);
  if (order) {
    ids = [...ids.slice(0, order.at), ...order.put, ...ids.slice(order.at + order.drop)];
  }
  return ids.flatMap((id) => fresh.get(id) ?? known.get(id) ?? []);
}

function line({ lastMessage, ...summary }: SummaryWire): RoomSummary {
  return { id: summary.room.id, ...summary, ...(lastMessage ? { lastMessage } : {}) };
}

/** A phase as the package calls it. */
export function phaseOf(phase: WirePhase): Phase {
  return typeof phase === "string" ? (phase.toLowerCase() as Phase) : "refused";
}

function connectionOf({ phase, transport, attempt, retryAt, error }: ConnectionWire): Connection {
  return {
    phase: phaseOf(phase),
    attempt,
    ...(transport ? { transport: transport === "Polling" ? "polling" : "websocket" } : {}),
    ...(retryAt === null ? {} : { retryAt }),
    ...(error === null ? {} : { error }),
    ...(typeof phase === "string" ? {} : { refusal: phase.Refused }),
  };
}
