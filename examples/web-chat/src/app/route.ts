import { useSyncExternalStore } from "react";
import type { RoomId } from "roomcast";

/** Which room is open: the part of the address behind `#/`. */
export function useRoute(): RoomId | undefined {
  return useSyncExternalStore(listen, read);
}

export function openRoom(id: RoomId | undefined): void {
  location.hash = id === undefined ? "" : `/${encodeURIComponent(id)}`;
}

function read(): RoomId | undefined {
  return /^#\/([A-Za-z0-9_-]{1,64})$/.exec(location.hash)?.[1];
}

function listen(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}
