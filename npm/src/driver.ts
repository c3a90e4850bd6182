/**
 * Runs a core in this tab: tells it what happens, does what it wants, wakes it when it asks.
 *
 * The core is only ever called from `turn`, and what it wants is done after the call: nothing of the application's
 * runs while it is borrowed. What arrives meanwhile waits in a queue, so that effects keep their order.
 */

import type { Backend, Sink } from "./backend.js";
import { RoomcastError, closed } from "./errors.js";
import { Gather } from "./gather.js";
import type { Frames } from "./gather.js";
import { randomHex } from "./ids.js";
import { Links } from "./links.js";
import { tell } from "./notices.js";
import type { ClientId, RoomId } from "./protocol.js";
import { phaseOf } from "./store.js";
import type { ChatOptions, OpenStorage, StorageChange, TokenReason } from "./types.js";
import type { Core } from "./wasm.js";
import { newCore, resetWasm } from "./wasm.js";
import type { Effect, Input, Notice, Outcome, Patch, SavedItem, UserCommand, WirePhase } from "./wire.js";

/** Longest sleep of a timer: `setTimeout` wraps around beyond 2^31 milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

type Waiter = { command: UserCommand; resolve: (reply: unknown) => void; reject: (error: RoomcastError) => void };
type Step = Input | Frames;

/** A core with everything around it. */
export class Driver implements Backend {
  #core: Core;
  #life: number;
  readonly #options: ChatOptions;
  readonly #sink: Sink;
  readonly #storage: OpenStorage;
  readonly #kept: Map<ClientId, string>;
  readonly #watched = new Set<RoomId>();
  readonly #waiters = new Map<number, Waiter>();
  readonly #unlisten: (() => void)[] = [];
  readonly #lines: string[] = [];
  #steps: Step[] = [];
  readonly #links: Links;
  /** Whoever waits for an answer or a connection gets every frame at once, and so does a page that draws nothing. */
  readonly #gather = new Gather(
    (frames) => this.#turn(frames),
    () => this.#waiters.size > 0 || !this.#connected || !isSeen(),
  );
  #connected = false;
  #busy = false;
  #ended = false;
  #wanted = false;
  #heard = false;
  #nextId = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakeAt = -1;
  #frame: number | undefined;
  #flushing = false;

  private constructor(options: ChatOptions, sink: Sink, storage: OpenStorage, kept: Map<ClientId, string>) {
    this.#options = options;
    this.#links = new Links(options, {
      told: (input) => this.#turn(input),
      came: (conn, frame) => this.#gather.add(conn, frame),
      log: (way, text) => this.#log(way, text),
    });
    this.#sink = sink;
    this.#storage = storage;
    this.#kept = kept;
    ({ core: this.#core, generation: this.#life } = this.#start());
    this.#listen();
    this.#flush();
  }

  /** Opens the storage and makes a core of what it kept. */
  static async open(options: ChatOptions, sink: Sink, storage: OpenStorage): Promise<Driver> {
    const items = await storage.load();
    const driver = new Driver(options, sink, storage, new Map(items.map(({ clientId, json }) => [clientId, json])));
    sink.durable(storage.durable);
    return driver;
  }

  connect(): void {
    this.#wanted = true;
    this.#turn("connect");
  }

  disconnect(): void {
    this.#wanted = false;
    this.#turn("disconnect");
  }

  command(command: UserCommand): Promise<unknown> {
    if (this.#ended) return Promise.reject(closed());
    const id = this.#nextId++;
    const done = new Promise<unknown>((resolve, reject) => {
      this.#waiters.set(id, { command, resolve, reject });
    });
    this.#turn({ command: { id, command } });
    // What the user does is on screen before anything else happens.
    this.#flush();
    return done;
  }

  hear(heard: boolean): void {
    this.#heard = heard;
    this.#core.hear(heard);
  }

  watch(room: RoomId): void {
    this.#watched.add(room);
    this.#core.watch(room);
    this.#flush();
  }

  unwatch(room: RoomId): void {
    this.#watched.delete(room);
    this.#core.unwatch(room);
  }

  trace(): string {
    this.#collectTrace();
    return this.#lines.join("");
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.disconnect();
    this.#ended = true;
    for (const unlisten of this.#unlisten.splice(0)) unlisten();
    clearTimeout(this.#timer);
    this.#cancelFrame();
    this.#links.hangUpAll();
    for (const { reject } of this.#waiters.values()) reject(closed());
    this.#waiters.clear();
    this.#collectTrace();
    this.#core.free();
    await this.#writing;
    this.#storage.close();
  }

  #start(): { core: Core; generation: number } {
    const { client, timelineMessages, url, trace } = this.#options;
    const path = new URL(url).pathname.replace(/\/*$/, "/socket.io/");
    const config = {
      path,
      ...(client ? { client: { version: "", ...client } } : {}),
      ...(timelineMessages ? { timeline_messages: timelineMessages } : {}),
    };
    const recording = trace === undefined || trace === false ? "" : trace === "masked" ? "masked" : "secrets";
    const outbox = [...this.#kept.values()].join("\n");
    return newCore(JSON.stringify(config), randomHex(8), mono(), Date.now(), true, outbox, recording);
  }

  /** Runs the core on what happened and does what it wants. */
  #turn(step: Step): void {
    if (this.#ended) return;
    // What arrived before comes before.
    this.#gather.flush();
    this.#steps.push(step);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#steps.shift(); next !== undefined; next = this.#steps.shift()) this.#take(next);
    } finally {
      this.#busy = false;
    }
    this.#arm();
  }

  #take(step: Step): void {
    let effects: Effect[] = [];
    try {
      if (typeof step === "object" && "frames" in step) {
        this.#core.frames(mono(), Date.now(), step.conn, step.frames.join(SEPARATOR));
      } else if (!this.#core.input(mono(), Date.now(), JSON.stringify(step))) {
        return this.#notTaken(step);
      }
      const text = this.#core.effects();
      if (text) effects = JSON.parse(text) as Effect[];
    } catch (error) {
      return this.#crashed(error);
    }
    const writes: { op: number; change: StorageChange }[] = [];
    for (const effect of effects) {
      if (effect === true) this.#changed();
      else if ("Persist" in effect) writes.push(this.#keep(effect.Persist));
      else this.#perform(effect);
    }
    if (writes.length > 0) this.#write(writes);
    if (this.#lines.length > 0 || this.#options.trace) this.#collectTrace();
  }

  #perform(effect: Exclude<Effect, true | { Persist: unknown }>): void {
    if ("Connect" in effect) {
      const { conn, transport, path_and_query } = effect.Connect;
      // For long polling there is nothing to open: requests follow.
      if (transport === "WebSocket") this.#links.open(conn, path_and_query);
    } else if ("Request" in effect) this.#links.request(effect.Request);
    else if ("Send" in effect) this.#links.transmit(effect.Send.conn, effect.Send.frame);
    else if ("Close" in effect) this.#links.hangUp(effect.Close.conn);
    else if ("FetchToken" in effect) this.#fetchToken(effect.FetchToken.req, effect.FetchToken.reason);
    else if ("Resolve" in effect) this.#resolve(effect.Resolve.id, effect.Resolve.result);
    else if ("Notice" in effect) this.#notice(effect.Notice);
  }

  // Tokens.

  #fetchToken(req: number, reason: string): void {
    const { token } = this.#options;
    const ask = async (): Promise<string> =>
      typeof token === "string" ? token : token(reason.toLowerCase() as TokenReason);
    void ask().then(
      (given) => {
        if (typeof given === "string") this.#turn({ token: { req, token: given } });
        else this.#turn({ noToken: { req, why: "the provider gave no text" } });
      },
      (error: unknown) => this.#turn({ noToken: { req, why: error instanceof Error ? error.message : String(error) } }),
    );
  }

  // Storage.

  #writing: Promise<void> = Promise.resolve();

  #keep({ id, change }: { id: number; change: { Put: SavedItem } | { Remove: ClientId } }): {
    op: number;
    change: StorageChange;
  } {
    if ("Remove" in change) {
      this.#kept.delete(change.Remove);
      return { op: id, change: { remove: change.Remove } };
    }
    const item = change.Put;
    const clientId = (item.send ?? item.change ?? item.reaction ?? item.create)!.clientId;
    const json = JSON.stringify(item);
    this.#kept.set(clientId, json);
    return { op: id, change: { put: { clientId, json } } };
  }

  #write(writes: readonly { op: number; change: StorageChange }[]): void {
    const done = this.#storage.apply(writes.map(({ change }) => change));
    this.#writing = Promise.allSettled([this.#writing, done]).then(() => undefined);
    done.then(
      () => writes.forEach(({ op }) => this.#turn({ stored: { op } })),
      (error: unknown) => writes.forEach(({ op }) => this.#turn({ notStored: { op, why: String(error) } })),
    );
  }

  // Answers.

  #resolve(id: number, result: Outcome): void {
    const waiter = this.#waiters.get(id);
    if (!waiter) return;
    this.#waiters.delete(id);
    // Who asked for another place or more of this one finds it in the state.
    if (MOVES.some((name) => name in waiter.command)) this.#flush();
    if ("Err" in result) waiter.reject(new RoomcastError(result.Err));
    else waiter.resolve(result.Ok === "Done" ? undefined : result.Ok.Reply);
  }

  #notTaken(step: Step): void {
    if (typeof step !== "object" || !("command" in step)) return;
    const message = "unable to use the command; a field is missing, unknown or of another type";
    this.#resolve(step.command.id, { Err: { code: "bad_request", message, retryable: false, requestId: "" } });
  }

  #notice(notice: Notice): void {
    if ("Connection" in notice) {
      const phase = phaseOf(notice.Connection as WirePhase);
      this.#log("phase", phase);
      this.#connected = phase === "connected";
      // Who hears of it finds it in the state as well.
      this.#flush();
      return this.#sink.event("connection", { phase });
    }
    tell(notice, this.#sink);
  }

  // What is shown.

  /** Shows changes with the next frame; at once where nobody looks, as there are no frames then. */
  #changed(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    if (isSeen() && typeof requestAnimationFrame === "function") {
      this.#frame = requestAnimationFrame(() => this.#flush());
    } else {
      queueMicrotask(() => this.#flush());
    }
  }

  #cancelFrame(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    this.#flushing = false;
  }

  #flush(): void {
    this.#cancelFrame();
    if (this.#ended) return;
    let text = "";
    try {
      text = this.#core.patch();
    } catch (error) {
      return this.#crashed(error);
    }
    if (!text) return;
    const patch = JSON.parse(text) as Patch;
    const connection = patch.client?.connection;
    // The core counts from this page's beginning; others may read it.
    if (connection?.retryAt != null) connection.retryAt = Math.round(Date.now() - mono() + connection.retryAt);
    this.#sink.patch(patch);
  }

  // Time and the page.

  #arm(): void {
    if (this.#ended) return;
    const at = this.#core.timeout();
    // A timer that is early asks again; one for each frame would cost as much as the frame.
    if (this.#timer !== undefined && at >= this.#wakeAt) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wakeAt = at;
    if (at < 0) return;
    const wake = (): void => {
      this.#timer = undefined;
      const due = this.#core.timeout();
      if (due >= 0 && due <= mono()) this.#turn("timeout");
      else this.#arm();
    };
    this.#timer = setTimeout(wake, Math.min(LONGEST_MS, Math.max(0, at - mono())));
  }

  #listen(): void {
    const page = globalThis as { window?: Window; document?: Document };
    const on = (target: EventTarget | undefined, name: string, listener: () => void): void => {
      if (typeof target?.addEventListener !== "function") return;
      target.addEventListener(name, listener);
      this.#unlisten.push(() => target.removeEventListener(name, listener));
    };
    on(page.window, "online", () => this.#turn({ network: { online: true } }));
    on(page.window, "offline", () => this.#turn({ network: { online: false } }));
    on(page.document, "visibilitychange", () => {
      const visible = isSeen();
      this.#turn({ visibility: { visible } });
      // A frame that was asked for may never come now.
      if (!visible && this.#flushing) this.#flush();
    });
    if (page.window && page.window.navigator?.onLine === false) this.#turn({ network: { online: false } });
  }

  // When things break.

  /** The core panicked, which it never should: another one takes over with what the outbox holds. */
  #crashed(error: unknown): void {
    resetWasm(this.#life);
    this.#links.hangUpAll();
    this.#gather.clear();
    this.#connected = false;
    ({ core: this.#core, generation: this.#life } = this.#start());
    this.#core.hear(this.#heard);
    for (const room of this.#watched) this.#core.watch(room);
    for (const [id, { command, reject }] of [...this.#waiters]) {
      const clientId = "Request" in command && (command.Request.payload as { clientId?: ClientId } | null)?.clientId;
      // Sends are in the outbox still, and are waited for again. Nobody knows how the rest went.
      if (clientId && this.#kept.has(clientId)) this.#steps.push({ command: { id, command } });
      else if (this.#waiters.delete(id)) reject(unknown());
    }
    this.#sink.event("fault", { error: error instanceof Error ? error : new Error(String(error)) });
    if (this.#wanted) this.#steps.push("connect");
    if (!this.#busy) {
      const next = this.#steps.shift();
      if (next !== undefined) this.#turn(next);
    }
    this.#changed();
  }

  #collectTrace(): void {
    if (!this.#options.trace) return;
    const lines = this.#core.trace();
    if (lines) this.#lines.push(lines);
  }

  #log(what: string, text: string): void {
    const { debug } = this.#options;
    if (!debug) return;
    const line = `roomcast ${what} ${text.replace(/"token":"[^"]*"/g, '"token":"…"')}`;
    if (typeof debug === "function") debug(line);
    else console.debug(line);
  }
}

const MOVES = ["LoadOlder", "LoadNewer", "LoadAround", "JumpToNewest", "LoadThread"];

/** What separates frames that are taken together; text of JSON never holds it. */
const SEPARATOR = "\x1e";

const mono = (): number => performance.now();

/** Whether there is a page, and somebody sees it. */
const isSeen = (): boolean => (globalThis as { document?: Document }).document?.visibilityState === "visible";

const unknown = (): RoomcastError =>
  new RoomcastError({
    code: "unavailable",
    message: "unable to tell how it went; the core had to be started again",
    retryable: true,
  });
