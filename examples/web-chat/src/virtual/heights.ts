/**
 * The heights of a long list's rows: measured where they were shown, a guess elsewhere. Sums over any prefix take
 * O(log n), for which the heights are kept in a Fenwick tree.
 */
export class Heights {
  #heights: number[] = [];
  #tree: number[] = [0];

  constructor(private readonly guess: number) {}

  get count(): number {
    return this.#heights.length;
  }

  of(index: number): number {
    return this.#heights[index] ?? this.guess;
  }

  /** Makes the list `count` rows long, of which the first `before` are new; so many are gone, if it is negative. */
  resize(count: number, before: number): void {
    if (before !== 0) {
      const rest = this.#heights.slice(Math.max(0, -before));
      this.#heights = [...new Array<number>(Math.max(0, before)).fill(this.guess), ...rest];
      this.#heights.length = Math.min(this.#heights.length, count);
      this.#rebuild();
    } else if (count < this.count) {
      this.#heights.length = count;
      this.#rebuild();
    }
    while (this.count < count) this.#push(this.guess);
  }

  /** Says what a row measures; gives by how much that differs from what was thought. */
  set(index: number, height: number): number {
    const difference = height - this.of(index);
    if (difference === 0) return 0;
    this.#heights[index] = height;
    for (let at = index + 1; at <= this.count; at += at & -at) this.#tree[at]! += difference;
    return difference;
  }

  /** Where the row begins; of `count`, where the list ends. */
  before(index: number): number {
    let sum = 0;
    for (let at = Math.min(index, this.count); at > 0; at -= at & -at) sum += this.#tree[at]!;
    return sum;
  }

  /** The row at this distance from the list's beginning. */
  at(distance: number): number {
    let index = 0;
    let left = distance;
    for (let step = 2 ** Math.floor(Math.log2(Math.max(this.count, 1))); step > 0; step /= 2) {
      const next = index + step;
      if (next <= this.count && this.#tree[next]! <= left) {
        index = next;
        left -= this.#tree[next]!;
      }
    }
    return Math.min(index, Math.max(this.count - 1, 0));
  }

  #push(height: number): void {
    this.#heights.push(height);
    const at = this.count;
    const covers = at & -at;
    this.#tree[at] = height + this.before(at - 1) - this.before(at - covers);
  }

  #rebuild(): void {
    const heights = this.#heights;
    this.#heights = [];
    this.#tree = [0];
    for (const height of heights) this.#push(height);
  }
}
