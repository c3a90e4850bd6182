/** Frames on their way to the core. */

/** Frames of one connection, in their order. */
export type Frames = { conn: number; frames: string[] };

/**
 * Shortest time between two takings of frames that nobody waits for, and that of more than a hundred a second. Nobody
 * reads so fast, and a frame alone costs several times what it costs among others: all caches are cold, and the page is
 * worked out and drawn for it.
 */
const WAIT_MS = 100;
const BUSY = { frames: 10, waitMs: 250 };

/** Most frames that wait; with one more they are all taken. */
const MOST = 256;

/** Gathers what comes in a burst, so that it is taken, shown and drawn together. What comes after a pause is taken at once. */
export class Gather {
  readonly #take: (frames: Frames) => void;
  readonly #hurries: () => boolean;
  #waiting: Frames | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tookAt = -Infinity;
  #waitMs = WAIT_MS;

  /** `hurries` says whether nothing may wait now. */
  constructor(take: (frames: Frames) => void, hurries: () => boolean) {
    this.#take = take;
    this.#hurries = hurries;
  }

  add(conn: number, frame: string): void {
    if (this.#waiting?.conn !== conn) this.flush();
    const { frames } = (this.#waiting ??= { conn, frames: [] });
    frames.push(frame);
    if (frames.length > MOST || this.#hurries()) return this.flush();
    if (this.#timer !== undefined) return;
    const wait = this.#tookAt + this.#waitMs - performance.now();
    if (wait <= 0) this.flush();
    else this.#timer = setTimeout(() => this.flush(), wait);
  }

  /** Forgets what waits. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = undefined;
  }

  /** Hands on what waits. */
  flush(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    this.clear();
    this.#tookAt = performance.now();
    this.#waitMs = waiting.frames.length > BUSY.frames ? BUSY.waitMs : WAIT_MS;
    this.#take(waiting);
  }
}
