import type { Heights } from "./heights";

/** A row, and how far below the window's top it is held. */
export type Anchor = { index: number; offset: number };

/** Drawn beyond both edges of the window, in pixels: a flick of the wheel finds rows that are there. */
const BEYOND = 700;
/** The window moves in steps, so that scrolling by a line draws nothing. */
const STEP = 8;

/** Which rows to draw around an anchor. */
export function windowOf(heights: Heights, anchor: Anchor | "end", viewport: number): { start: number; end: number } {
  const held = anchor === "end" ? { index: heights.count, offset: viewport } : anchor;
  const index = Math.min(held.index, heights.count);
  let start = index;
  for (let above = held.offset + BEYOND; above > 0 && start > 0; ) above -= heights.of((start -= 1));
  let end = index;
  for (let below = viewport - held.offset + BEYOND; below > 0 && end < heights.count; ) below -= heights.of(end++);
  return { start: start - (start % STEP), end: Math.min(heights.count, end + ((STEP - (end % STEP)) % STEP)) };
}

/** The first row that is in sight, and where. */
export function anchorOf(outer: HTMLElement, inner: HTMLElement, heights: Heights): Anchor {
  const top = outer.getBoundingClientRect().top;
  for (const child of inner.children) {
    const place = child.getBoundingClientRect();
    if (place.bottom > top && place.top < top + outer.clientHeight) {
      return { index: Number((child as HTMLElement).dataset["index"]), offset: place.top - top };
    }
  }
  // Far from what is drawn: somebody dragged the scroll bar.
  const above = inner.getBoundingClientRect().top - top;
  const first = Number((inner.firstElementChild as HTMLElement | null)?.dataset["index"] ?? 0);
  const distance = heights.before(first) - above;
  const index = heights.at(Math.max(0, distance));
  return { index, offset: heights.before(index) - distance };
}

/** The rows at the ends of a list, and how many there are. */
export type Ends = { first: string; last: string; count: number };

/** How many rows have come before the one that was first; how many are gone, where that is negative. */
export function shiftOf(was: Ends, count: number, keyAt: (index: number) => string): number {
  if (was.count === 0 || count === 0 || keyAt(0) === was.first) return 0;
  for (let index = 1; index < count; index += 1) {
    if (keyAt(index) === was.first) return index;
  }
  for (let index = count - 1; index >= 0; index -= 1) {
    if (keyAt(index) === was.last) return Math.min(0, index - was.count + 1);
  }
  return 0;
}
