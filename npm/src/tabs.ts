/**
 * Many tabs, one core: whoever holds the lock runs it, the others see and ask through a channel.
 *
 * A follower remembers what it asked until it is answered. When the leader goes, the browser gives the lock to the
 * next tab, which makes a core of the stored outbox and announces itself; followers ask it again what was not
 * answered. A send that is in the outbox already is not sent twice: whoever asks waits for it.
 */

import type { Backend, Sink } from "./backend.js";
import { RoomcastError, closed } from "./errors.js";
import type { RoomcastErrorBody } from "./errors.js";
import { randomHex } from "./ids.js";
import type { RoomId } from "./protocol.js";
import type { ChatEvents } from "./types.js";
import type { Patch, UserCommand } from "./wire.js";

/** What goes through the channel. */
type Talk =
  /** A leader says that it is there. */
  | { from: string; leading: true }
  /** A follower says what it shows, and asks for the whole of it. */
  | { from: string; hello: true; rooms: RoomId[] }
  | { from: string; connect: boolean }
  | { from: string; unwatch: RoomId }
  | { from: string; ask: number; command: UserCommand }
  | { to: string; answer: number; reply: unknown }
  | { to: string; answer: number; refused: RoomcastErrorBody }
  | { to?: string; patch: Patch; durable: boolean }
  | { event: keyof ChatEvents; detail: unknown };

/** What makes the core of this tab, once it leads; and the whole of what it shows, for a follower. */
export interface Leading {
  open(sink: Sink): Promise<Backend>;
  whole(rooms: readonly RoomId[]): Patch;
}

/** A backend that leads or follows, as the lock has it. */
export class Tabs implements Backend {
  readonly #me = randomHex(8);
  readonly #channel: BroadcastChannel;
  readonly #sink: Sink;
  readonly #leading: Leading;
  readonly #watched = new Set<RoomId>();
  readonly #theirs = new Map<string, Set<RoomId>>();
  readonly #asked = new Map<number, Asked>();
  readonly #abort = new AbortController();
  #core: Backend | undefined;
  #durable = false;
  #wanted = false;
  #next = 1;
  #release: (() => void) | undefined;
  #ended = false;

  constructor(name: string, sink: Sink, leading: Leading) {
    this.#sink = sink;
    this.#leading = leading;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }: MessageEvent<Talk>) => this.#hear(data);
    this.#say({ from: this.#me, hello: true, rooms: [] });
    const lead = (): Promise<void> => new Promise((release) => void this.#lead(release));
    navigator.locks.request(name, { signal: this.#abort.signal }, lead).catch((error: unknown) => {
      if (!this.#ended) sink.event("fault", { error: error instanceof Error ? error : new Error(String(error)) });
    });
  }

  /** Whether there is what this needs. */
  static possible(): boolean {
    return typeof BroadcastChannel === "function" && typeof navigator === "object" && !!navigator.locks;
  }

  connect(): void {
    this.#wanted = true;
    if (this.#core) this.#core.connect();
    else this.#say({ from: this.#me, connect: true });
  }

  /** One tab that leaves does not take the others with it: only the leader hangs up. */
  disconnect(): void {
    this.#wanted = false;
    if (this.#core) this.#core.disconnect();
    else this.#say({ from: this.#me, connect: false });
  }

  command(command: UserCommand): Promise<unknown> {
    if (this.#ended) return Promise.reject(closed());
    if (this.#core) return this.#core.command(command);
    const ask = this.#next++;
    return new Promise((resolve, reject) => {
      this.#asked.set(ask, { command, resolve, reject });
      this.#say({ from: this.#me, ask, command });
    });
  }

  /** Another tab may listen at any time, so they are always told. */
  hear(): void {
    this.#core?.hear(true);
  }

  watch(room: RoomId): void {
    this.#watched.add(room);
    if (this.#core) this.#core.watch(room);
    else this.#say({ from: this.#me, hello: true, rooms: [room] });
  }

  unwatch(room: RoomId): void {
    this.#watched.delete(room);
    if (!this.#core) this.#say({ from: this.#me, unwatch: room });
    else if (!this.#wantedByOthers(room)) this.#core.unwatch(room);
  }

  trace(): string {
    return this.#core?.trace() ?? "";
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    for (const { reject } of this.#asked.values()) reject(closed());
    this.#asked.clear();
    await this.#core?.close();
    this.#abort.abort();
    this.#release?.();
    this.#channel.onmessage = null;
    this.#channel.close();
  }

  async #lead(release: () => void): Promise<void> {
    this.#release = release;
    if (this.#ended) return release();
    const sink: Sink = {
      patch: (patch) => {
        this.#sink.patch(patch);
        this.#say({ patch, durable: this.#durable });
      },
      event: (event, detail) => {
        this.#sink.event(event, detail);
        // An error does not travel as one.
        if (event !== "fault") this.#say({ event, detail: plain(detail) });
      },
      durable: (durable) => {
        this.#durable = durable;
        this.#sink.durable(durable);
      },
    };
    let core: Backend;
    try {
      core = await this.#leading.open(sink);
    } catch (error) {
      this.#sink.event("fault", { error: error instanceof Error ? error : new Error(String(error)) });
      return release();
    }
    if (this.#ended) {
      await core.close();
      return release();
    }
    this.#core = core;
    core.hear(true);
    for (const room of this.#watched) core.watch(room);
    if (this.#wanted) core.connect();
    this.#say({ from: this.#me, leading: true });
    // What the old leader did not answer is asked of the new one.
    for (const { command, resolve, reject } of this.#asked.values()) core.command(command).then(resolve, reject);
    this.#asked.clear();
  }

  #hear(talk: Talk): void {
    if ("to" in talk && talk.to !== undefined && talk.to !== this.#me) return;
    if ("answer" in talk) return this.#answered(talk);
    if ("patch" in talk) return this.#core ? undefined : this.#shown(talk.patch, talk.durable);
    if ("event" in talk) return this.#core ? undefined : this.#happened(talk.event, talk.detail);
    if ("leading" in talk) return this.#followed();
    if (!this.#core) return;
    if ("hello" in talk) this.#greet(talk.from, talk.rooms);
    else if ("connect" in talk) {
      if (talk.connect) this.#core.connect();
    } else if ("unwatch" in talk) {
      this.#theirs.get(talk.from)?.delete(talk.unwatch);
      if (!this.#watched.has(talk.unwatch) && !this.#wantedByOthers(talk.unwatch)) this.#core.unwatch(talk.unwatch);
    } else if ("ask" in talk) this.#asks(talk.from, talk.ask, talk.command);
  }

  /** There is a new leader: it is told everything again. */
  #followed(): void {
    this.#say({ from: this.#me, hello: true, rooms: [...this.#watched] });
    if (this.#wanted) this.#say({ from: this.#me, connect: true });
    for (const [ask, { command }] of this.#asked) this.#say({ from: this.#me, ask, command });
  }

  #greet(from: string, rooms: readonly RoomId[]): void {
    const theirs = this.#theirs.get(from) ?? new Set();
    this.#theirs.set(from, theirs);
    for (const room of rooms) {
      if (!this.#watched.has(room) && !this.#wantedByOthers(room)) this.#core!.watch(room);
      theirs.add(room);
    }
    this.#say({ to: from, patch: this.#leading.whole(rooms), durable: this.#durable });
  }

  #asks(from: string, ask: number, command: UserCommand): void {
    this.#core!.command(command).then(
      (reply) => this.#say({ to: from, answer: ask, reply }),
      (error: unknown) => {
        if (this.#ended) return;
        this.#say({ to: from, answer: ask, refused: body(error as RoomcastError) });
      },
    );
  }

  #answered(talk: Extract<Talk, { answer: number }>): void {
    const asked = this.#asked.get(talk.answer);
    if (!asked) return;
    this.#asked.delete(talk.answer);
    if ("refused" in talk) asked.reject(new RoomcastError(talk.refused));
    else asked.resolve(talk.reply);
  }

  #shown(patch: Patch, durable: boolean): void {
    this.#sink.durable(durable);
    this.#sink.patch(patch);
  }

  #happened(event: keyof ChatEvents, detail: unknown): void {
    const { error } = detail as { error?: RoomcastErrorBody };
    const revived = error ? { ...(detail as object), error: new RoomcastError(error) } : detail;
    this.#sink.event(event, revived as never);
  }

  #wantedByOthers(room: RoomId): boolean {
    return [...this.#theirs.values()].some((rooms) => rooms.has(room));
  }

  #say(talk: Talk): void {
    if (!this.#ended) this.#channel.postMessage(talk);
  }
}

type Asked = { command: UserCommand; resolve: (reply: unknown) => void; reject: (error: RoomcastError) => void };

function plain(detail: unknown): unknown {
  const { error } = detail as { error?: RoomcastError };
  return error ? { ...(detail as object), error: body(error) } : detail;
}

/** An error as it travels: its class would be lost on the way. */
function body({ code, message, retryable, retryAfterMs, details, requestId }: RoomcastError): RoomcastErrorBody {
  return JSON.parse(JSON.stringify({ code, message, retryable, retryAfterMs, details, requestId })) as RoomcastErrorBody;
}
