/** Parts of snapshots, read so that React never tears and renders no more than what changed. */

import { useCallback, useRef, useSyncExternalStore } from "react";

import type { ChatState, RoomId, RoomState } from "../types.js";
import { useChat, useRoomHandle } from "./context.js";

type Source<S> = { subscribe(listener: () => void): () => void; getSnapshot(): S };
type Same<T> = (a: T, b: T) => boolean;

/** A part of the chat's state; renders when the selected part changes. */
export function useChatSelector<T>(select: (state: ChatState) => T, same: Same<T> = Object.is): T {
  return usePart(useChat(), select, same);
}

/** A part of a room's state; renders when the selected part changes. */
export function useRoomSelector<T>(
  select: (state: RoomState) => T,
  { id, same = Object.is }: { id?: RoomId; same?: Same<T> } = {},
): T {
  return usePart(useRoomHandle(id), select, same);
}

function usePart<S, T>(source: Source<S>, select: (state: S) => T, same: Same<T>): T {
  const last = useRef<{ part: T } | undefined>(undefined);
  const subscribe = useCallback((listener: () => void) => source.subscribe(listener), [source]);
  const read = (): T => {
    const part = select(source.getSnapshot());
    // The part keeps its identity as long as it is the same: otherwise React would render for ever.
    if (last.current && same(last.current.part, part)) return last.current.part;
    last.current = { part };
    return part;
  };
  return useSyncExternalStore(subscribe, read, read);
}
