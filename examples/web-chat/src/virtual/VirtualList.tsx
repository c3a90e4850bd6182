import {
  type HTMLAttributes,
  type ReactNode,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useReducer,
  useRef,
} from "react";

import { Heights } from "./heights";
import "./virtualList.css";
import { type Anchor, anchorOf, type Ends, shiftOf, windowOf } from "./place";

/** What a list can be told. */
export type ListHandle = {
  toEnd: () => void;
  /** Puts the row near the top, with what came before it in sight. */
  toRow: (index: number) => void;
};

type Props = Omit<HTMLAttributes<HTMLDivElement>, "children"> & {
  count: number;
  keyAt: (index: number) => string;
  row: (index: number) => ReactNode;
  /** What stands above the first row. */
  head?: ReactNode;
  /** The row to begin with; the end where there is none. */
  beginAt?: number | undefined;
  guess?: number;
  onNearStart?: () => void;
  onNearEnd?: () => void;
  /** Whether somebody at the end stays there when rows are added. */
  sticks?: boolean;
  onEnd?: (atEnd: boolean) => void;
  handle?: Ref<ListHandle>;
};

type State = {
  heights: Heights;
  /** The row that is held where it is. */
  anchor: Anchor | "end";
  ends: Ends;
  atEnd: boolean;
  /** The window's height, when it was last looked at. */
  viewport: number;
  /** Whether the picture has to be put right before anything else happens. */
  moved: boolean;
};

const NEAR = 900;
const AT_END = 48;

/**
 * A list that draws only the rows near the window, whatever their heights, and whose rows do not move while somebody
 * reads: rows that come before, or turn out taller than thought, change the scroll position and not the picture. At
 * its end it stays at its end.
 */
export function VirtualList({
  count,
  keyAt,
  row,
  head,
  beginAt,
  guess = 48,
  onNearStart,
  onNearEnd,
  sticks = true,
  onEnd,
  handle,
  ...rest
}: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const [, draw] = useReducer((n: number) => n + 1, 0);

  const state = useRef<State | null>(null);
  state.current ??= {
    heights: new Heights(guess),
    anchor: beginAt === undefined ? "end" : { index: beginAt, offset: 96 },
    ends: { first: "", last: "", count: 0 },
    atEnd: beginAt === undefined,
    viewport: window.innerHeight,
    moved: true,
  };
  const list = state.current;

  // During the drawing, so that no frame shows rows under another's index. Doing it twice changes nothing.
  const shift = shiftOf(list.ends, count, keyAt);
  list.heights.resize(count, shift);
  if (shift !== 0) {
    list.moved = true;
    if (list.anchor !== "end") list.anchor = { ...list.anchor, index: Math.max(0, list.anchor.index + shift) };
  }
  list.ends = count > 0 ? { first: keyAt(0), last: keyAt(count - 1), count } : { first: "", last: "", count };
  const { start, end } = windowOf(list.heights, list.anchor, list.viewport);

  const settle = useCallback(() => {
    const [outer, inner, now] = [scroller.current, body.current, state.current];
    if (!outer || !inner || !now) return;
    for (const child of inner.children) {
      const index = Number((child as HTMLElement).dataset["index"]);
      if (index < now.heights.count) now.heights.set(index, child.getBoundingClientRect().height);
    }
    if (now.anchor === "end") {
      outer.scrollTop = outer.scrollHeight;
      return;
    }
    const held = inner.querySelector<HTMLElement>(`[data-index="${now.anchor.index}"]`);
    if (!held) return;
    const off = held.getBoundingClientRect().top - outer.getBoundingClientRect().top - now.anchor.offset;
    if (Math.abs(off) >= 1) outer.scrollTop += off;
  }, []);

  // Where rows were only added or grew, the observer below does it, once they are laid out and before they are seen:
  // to ask for their heights here would lay the page out twice a frame.
  useLayoutEffect(() => {
    if (!list.moved) return;
    list.moved = false;
    settle();
  });

  const report = useCallback(
    (outer: HTMLDivElement) => {
      const left = outer.scrollHeight - outer.scrollTop - outer.clientHeight;
      const atEnd = left < AT_END;
      if (state.current && state.current.atEnd !== atEnd) {
        state.current.atEnd = atEnd;
        onEnd?.(atEnd);
      }
      if (outer.scrollTop < NEAR) onNearStart?.();
      if (left < NEAR) onNearEnd?.();
    },
    [onEnd, onNearStart, onNearEnd],
  );

  const follow = useCallback(() => {
    const [outer, inner, now] = [scroller.current, body.current, state.current];
    if (!outer || !inner || !now) return;
    report(outer);
    const before = windowOf(now.heights, now.anchor, now.viewport);
    now.anchor = now.atEnd && sticks ? "end" : anchorOf(outer, inner, now.heights);
    const after = windowOf(now.heights, now.anchor, now.viewport);
    if (before.start !== after.start || before.end !== after.end) draw();
  }, [report, sticks]);

  // What is near an end may have to be asked for again once an answer is there.
  useEffect(() => {
    if (scroller.current) report(scroller.current);
  }, [report]);

  useEffect(() => {
    const [outer, all] = [scroller.current, content.current];
    if (!outer || !all) return;
    const watch = new ResizeObserver(() => {
      if (state.current) state.current.viewport = outer.clientHeight;
      settle();
      report(outer);
    });
    watch.observe(outer);
    watch.observe(all);
    return () => watch.disconnect();
  }, [settle, report]);

  useImperativeHandle(handle, () => {
    const go = (anchor: Anchor | "end") => {
      list.anchor = anchor;
      list.moved = true;
      list.atEnd = anchor === "end";
      onEnd?.(list.atEnd);
      draw();
    };
    return { toEnd: () => go("end"), toRow: (index) => go({ index, offset: 96 }) };
  }, [list, onEnd]);

  const rows: ReactNode[] = [];
  for (let index = start; index < end; index += 1) {
    rows.push(
      <div key={keyAt(index)} className="virtual-row" data-index={index}>
        {row(index)}
      </div>,
    );
  }
  return (
    <div {...rest} ref={scroller} onScroll={follow}>
      <div ref={content}>
        {head}
        <div style={{ height: list.heights.before(start) }} />
        <div ref={body}>{rows}</div>
        <div style={{ height: list.heights.before(count) - list.heights.before(end) }} />
      </div>
    </div>
  );
}
