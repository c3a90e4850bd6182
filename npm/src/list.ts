/** Immutable lists that share: one message more in a room of 10,000 copies one chunk of 128. */

import type { List } from "./types.js";

/** Items of a chunk; a power of two, so that a place is computed. */
const CHUNK = 128;

/** A list over a dense range of places, in chunks, with a tail of items that have no place yet. */
export class Chunked<T> implements List<T> {
  /** What `toArray` gave. */
  #array: readonly T[] | undefined;

  private constructor(
    /** The first item's place; the range is empty where `end` is below it. */
    readonly start: number,
    readonly end: number,
    /** By `floor(place / 128) - floor(start / 128)`; each is filled at `place % 128`. */
    private readonly chunks: readonly (readonly T[])[],
    readonly tail: readonly T[],
  ) {}

  static readonly EMPTY = new Chunked<never>(1, 0, [], []);

  get length(): number {
    return this.end - this.start + 1 + this.tail.length;
  }

  /** The item at a place. */
  place(place: number): T | undefined {
    if (place < this.start || place > this.end) return undefined;
    return this.chunks[chunkOf(place) - chunkOf(this.start)]?.[place % CHUNK];
  }

  at(index: number): T | undefined {
    const from = index < 0 ? this.length + index : index;
    const settled = this.end - this.start + 1;
    return from < settled ? this.place(this.start + from) : this.tail[from - settled];
  }

  /** The list from `start` to `end`, where at each place stands what is put there, or else what stood there before. */
  patched(start: number, end: number, put: readonly T[], placeOf: (item: T) => number): Chunked<T> {
    if (end < start || end === 0) return new Chunked<T>(1, 0, [], this.tail);
    const first = chunkOf(start);
    const chunks: T[][] = [];
    const own = new Set<number>();
    for (let chunk = first; chunk <= chunkOf(end); chunk++) {
      // Shared for now; copied below where something is put.
      const index = chunk - chunkOf(this.start);
      chunks.push((this.end >= this.start && index >= 0 ? (this.chunks[index] as T[] | undefined) : undefined) ?? []);
    }
    for (const item of put) {
      const place = placeOf(item);
      const index = chunkOf(place) - first;
      if (index < 0 || index >= chunks.length) continue;
      if (!own.has(index)) {
        own.add(index);
        chunks[index] = chunks[index]!.slice();
      }
      chunks[index]![place % CHUNK] = item;
    }
    return new Chunked<T>(start, end, chunks, this.tail);
  }

  withTail(tail: readonly T[]): Chunked<T> {
    return tail.length === 0 && this.tail.length === 0 ? this : new Chunked<T>(this.start, this.end, this.chunks, tail);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let place = this.start; place <= this.end; place++) yield this.place(place)!;
    yield* this.tail;
  }

  map<U>(render: (item: T, index: number) => U): U[] {
    return this.toArray().map(render);
  }

  slice(start = 0, end = this.length): T[] {
    const { length } = this;
    const from = start < 0 ? Math.max(0, length + start) : start;
    const to = Math.min(length, end < 0 ? length + end : end);
    const items: T[] = [];
    for (let index = from; index < to; index++) items.push(this.at(index)!);
    return items;
  }

  toArray(): readonly T[] {
    return (this.#array ??= this.slice());
  }

  /** The items that have a place. */
  settled(): T[] {
    return this.slice(0, this.end - this.start + 1);
  }
}

const chunkOf = (place: number): number => Math.floor(place / CHUNK);
