/** A chat: the store, the handles, and the core behind them, wherever it runs. */

import type { Backend, Sink } from "./backend.js";
import { Driver } from "./driver.js";
import { RoomcastError, closed } from "./errors.js";
import { nextClientId } from "./ids.js";
import { Keeper } from "./keeper.js";
import type { CommandName, CommandPayload, CommandReply, Room as RoomInfo, RoomId, UserId } from "./protocol.js";
import { createRoom } from "./room.js";
import { memory } from "./storage.js";
import { Store } from "./store.js";
import { Tabs } from "./tabs.js";
import type { Chat, ChatEvents, ChatOptions, Phase, Room, Unsubscribe } from "./types.js";
import type { Patch, RoomPatch, UserCommand } from "./wire.js";

/** How long a room that nobody shows stays up to date: React mounts twice, and users come back. */
const LINGER_MS = 30_000;

/** What is kept for the next page: so many rooms, and so many messages of each. */
const KEPT = { rooms: 10, messages: 50 };

/** Makes a chat. Nothing happens before `connect()` or the first command. */
export function createChat(options: ChatOptions): Chat {
  return new ChatCore(options);
}

class ChatCore implements Chat {
  readonly #options: ChatOptions;
  readonly #store = new Store();
  readonly #rooms = new Map<RoomId, Room>();
  readonly #shown = new Map<RoomId, { count: number; timer?: ReturnType<typeof setTimeout> }>();
  readonly #hearers = new Map<keyof ChatEvents, Set<(detail: never) => void>>();
  #backend: Promise<Backend> | undefined;
  /** The same, once it is there: what the user does then takes effect before the call returns. */
  #ready: Backend | undefined;
  #keeper: Keeper | undefined;
  #closed = false;

  constructor(options: ChatOptions) {
    new URL(options.url);
    this.#options = options;
    if (options.snapshot) this.#store.hydrate(options.snapshot);
  }

  connect(): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    if (this.#phase() === "connected") return Promise.resolve();
    return new Promise((resolve, reject) => {
      const ends: Unsubscribe[] = [];
      const end = (): void => ends.splice(0).forEach((unsubscribe) => unsubscribe());
      const fail = (error: RoomcastError): void => {
        end();
        reject(error);
      };
      const check = (): void => {
        if (this.#phase() !== "connected") return;
        end();
        resolve();
      };
      const ended = ({ phase }: { phase: Phase }): void => {
        if (phase === "refused") {
          const { refusal = "access refused" } = this.#store.state.connection;
          fail(new RoomcastError({ code: "refused", message: `unable to connect; the server answered: ${refusal}` }));
        } else if (phase === "idle") {
          const message = "unable to connect; the chat was disconnected";
          fail(new RoomcastError({ code: "unavailable", message, retryable: true }));
        }
      };
      this.#connecting.add(fail);
      // Not by `on`: nobody else is to be told more for it.
      this.#ended.add(ended);
      ends.push(this.subscribe(check), () => this.#ended.delete(ended), () => this.#connecting.delete(fail));
      this.#use((backend) => backend.connect()).then(check, fail);
    });
  }

  readonly #ended = new Set<(detail: { phase: Phase }) => void>();
  readonly #connecting = new Set<(error: RoomcastError) => void>();

  disconnect(): void {
    if (this.#backend) void this.#use((backend) => backend.disconnect()).catch(() => undefined);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const { timer } of this.#shown.values()) clearTimeout(timer);
    this.#shown.clear();
    for (const fail of [...this.#connecting]) fail(closed());
    this.#hearers.clear();
    const backend = await this.#backend?.catch(() => undefined);
    // After the opening, which may have been under way: it makes the keeper.
    await this.#keeper?.close();
    await backend?.close();
  }

  room(id: RoomId): Room {
    let room = this.#rooms.get(id);
    if (!room) {
      room = createRoom(id, {
        command: (command) => this.#command(command),
        show: (id) => this.#show(id),
        subscribe: (id, listener) => this.#store.room(id).listeners.add(listener),
        state: (id) => this.#store.room(id).store.state,
      });
      this.#rooms.set(id, room);
    }
    return room;
  }

  subscribe(listener: () => void): Unsubscribe {
    return this.#store.listeners.add(listener);
  }

  getSnapshot(): Store["state"] {
    return this.#store.state;
  }

  on<E extends keyof ChatEvents>(event: E, listener: (detail: ChatEvents[E]) => void): Unsubscribe {
    const hearers = this.#hearers.get(event) ?? new Set();
    this.#hearers.set(event, hearers);
    hearers.add(listener);
    this.#ready?.hear(true);
    return () => void hearers.delete(listener);
  }

  async createRoom({ visibility = "public", ...room }: Parameters<Chat["createRoom"]>[0]): Promise<RoomInfo> {
    const create = { roomId: nextClientId(), ...room, visibility };
    const reply = (await this.#command({ CreateRoom: create })) as { room: RoomInfo };
    return reply.room;
  }

  direct(...users: UserId[]): Promise<RoomInfo> {
    const name = users.map((id) => this.#store.state.people.name(id)).join(", ");
    return this.createRoom({ name, visibility: "direct", members: users });
  }

  publicRooms(query?: string, cursor?: string): Promise<{ rooms: RoomInfo[]; next?: string }> {
    return this.request("list-rooms", { scope: "public", ...(query ? { query } : {}), ...(cursor ? { cursor } : {}) });
  }

  async setPresence(status: Parameters<Chat["setPresence"]>[0], text?: string): Promise<void> {
    await this.request("update-presence", { status, ...(text === undefined ? {} : { text }) });
  }

  request<C extends CommandName>(command: C, payload: CommandPayload<C>): Promise<CommandReply<C>> {
    return this.#command({ Request: { name: command, payload } }) as Promise<CommandReply<C>>;
  }

  dehydrate(rooms?: readonly RoomId[]): ReturnType<Chat["dehydrate"]> {
    return this.#store.dehydrate(rooms);
  }

  trace(): string {
    return this.#ready?.trace() ?? "";
  }

  downloadTrace(name = "roomcast-trace.jsonl"): void {
    const address = URL.createObjectURL(new Blob([this.trace()], { type: "application/jsonl" }));
    const link = Object.assign(document.createElement("a"), { href: address, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address));
  }

  #phase(): Phase {
    return this.#store.state.connection.phase;
  }

  #command(command: UserCommand): Promise<unknown> {
    if (this.#closed) return Promise.reject(closed());
    return this.#ready ? this.#ready.command(command) : this.#use((backend) => backend.command(command));
  }

  /** Shows a room; each caller ends it once. */
  #show(id: RoomId): Unsubscribe {
    const shown = this.#shown.get(id) ?? { count: 0 };
    this.#store.lookAt(id);
    if (!this.#shown.has(id)) {
      this.#shown.set(id, shown);
      if (this.#backend) void this.#use((backend) => backend.watch(id)).catch(() => undefined);
    }
    clearTimeout(shown.timer);
    shown.count += 1;
    let over = false;
    return () => {
      if (over || this.#closed) return;
      over = true;
      shown.count -= 1;
      if (shown.count > 0) return;
      shown.timer = setTimeout(() => {
        this.#shown.delete(id);
        if (this.#backend) void this.#use((backend) => backend.unwatch(id)).catch(() => undefined);
      }, LINGER_MS);
      // A chat that nobody uses must not keep a program from ending.
      (shown.timer as { unref?: () => void }).unref?.();
    };
  }

  async #use<T>(work: (backend: Backend) => T | Promise<T>): Promise<T> {
    if (this.#closed) throw closed();
    const backend = this.#ready ?? (await (this.#backend ??= this.#open()));
    if (this.#closed) throw closed();
    return work(backend);
  }

  async #open(): Promise<Backend> {
    const { multiTab, storage = memory() } = this.#options;
    const drive = async (sink: Sink): Promise<Backend> => {
      const opened = await storage.open();
      const snapshot = await Keeper.load(opened);
      // A page that shows something already has it from a server or another tab, and newer.
      if (snapshot && !this.#store.state.me) this.#store.hydrate(snapshot);
      this.#keeper = new Keeper(opened, () => this.#kept());
      return Driver.open(this.#options, sink, opened);
    };
    const sink: Sink = {
      patch: (patch) => {
        this.#store.apply(patch);
        this.#keeper?.changed();
      },
      event: (event, detail) => {
        if (event === "connection") for (const ended of [...this.#ended]) ended(detail as ChatEvents["connection"]);
        for (const hear of [...(this.#hearers.get(event) ?? [])]) guarded(() => hear(detail as never));
      },
      durable: (durable) => this.#store.setDurable(durable),
    };
    let backend: Backend;
    if (multiTab && Tabs.possible()) {
      const name = `roomcast:${multiTab === true ? new URL(this.#options.url).href : multiTab}`;
      backend = new Tabs(name, sink, { open: drive, whole: (rooms) => this.#whole(rooms) });
    } else {
      backend = await drive(sink);
    }
    for (const id of this.#shown.keys()) backend.watch(id);
    if (this.#hearers.size > 0) backend.hear(true);
    this.#ready = backend;
    return backend;
  }

  /** What the next page begins with: what was looked at last. */
  #kept(): ReturnType<Chat["dehydrate"]> {
    return this.#store.dehydrate([...this.#store.rooms.keys()].slice(-KEPT.rooms), KEPT.messages);
  }

  #whole(ids: readonly RoomId[]): Patch {
    const rooms: Record<RoomId, RoomPatch> = {};
    const threads: NonNullable<Patch["threads"]> = {};
    for (const id of ids) {
      const { store } = this.#store.room(id);
      if (store.state.membership !== "unknown") rooms[id] = store.whole();
      threads[id] = store.wholeThreads();
    }
    const { connection } = this.#store;
    return { client: { ...this.#store.client(), ...(connection ? { connection } : {}) }, rooms, threads };
  }
}

function guarded(work: () => void): void {
  try {
    work();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
