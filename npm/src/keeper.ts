/** Keeps what is shown, so that a page that is loaded again begins with it, connected or not. */

import type { ChatSnapshot, OpenStorage } from "./types.js";

/** How often it is written at most; a page that is put away writes at once. */
const EVERY_MS = 5_000;

/** Writes what is shown to a storage, some time after it changed. */
export class Keeper {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #changed = false;
  #writing: Promise<void> = Promise.resolve();
  readonly #unlisten: () => void;

  constructor(
    private readonly storage: OpenStorage,
    private readonly shown: () => ChatSnapshot,
  ) {
    const page = (globalThis as { document?: Document }).document;
    const hidden = (): void => {
      if (page?.visibilityState === "hidden") this.#write();
    };
    if (typeof page?.addEventListener === "function") page.addEventListener("visibilitychange", hidden);
    this.#unlisten = () => page?.removeEventListener?.("visibilitychange", hidden);
  }

  /** What was kept; nothing where it cannot be read, which loses nothing. */
  static async load(storage: OpenStorage): Promise<ChatSnapshot | undefined> {
    return storage.loadSnapshot?.().catch(() => undefined);
  }

  /** Something looks different. */
  changed(): void {
    this.#changed = true;
    if (this.#timer !== undefined || !this.storage.saveSnapshot) return;
    this.#timer = setTimeout(() => this.#write(), EVERY_MS);
    // What nobody looks at must not keep a program from ending.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  /** Writes what is left, and leaves nothing behind. */
  async close(): Promise<void> {
    this.#unlisten();
    this.#write();
    await this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#changed || !this.storage.saveSnapshot) return;
    this.#changed = false;
    const written = this.storage.saveSnapshot(this.shown());
    // The next page asks the server for what this one could not keep.
    this.#writing = Promise.allSettled([this.#writing, written]).then(() => undefined);
  }
}
