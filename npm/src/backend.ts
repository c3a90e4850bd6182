/** Where the core runs, as a chat sees it: in this tab, or in another one of the same user. */

import type { RoomId } from "./protocol.js";
import type { ChatEvents } from "./types.js";
import type { Patch, UserCommand } from "./wire.js";

/** What a backend tells. */
export interface Sink {
  /** What is shown became different. */
  patch(patch: Patch): void;
  /** Something happened. */
  event<E extends keyof ChatEvents>(event: E, detail: ChatEvents[E]): void;
  /** Whether the outbox survives a reload. */
  durable(durable: boolean): void;
}

/** A core somewhere. */
export interface Backend {
  /** Wants a connection. */
  connect(): void;
  disconnect(): void;
  /** Does what the user wants; rejects with a `RoomcastError`. */
  command(command: UserCommand): Promise<unknown>;
  /** Whether anybody listens to messages and people as they come; what is shown comes all the same. */
  hear(heard: boolean): void;
  /** Shows a room from now on. */
  watch(room: RoomId): void;
  unwatch(room: RoomId): void;
  /** Lines of the recording so far. */
  trace(): string;
  /** Ends; nothing is left. */
  close(): Promise<void>;
}
