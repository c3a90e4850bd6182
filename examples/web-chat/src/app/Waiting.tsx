import type { RoomId } from "roomcast";
import { useOutbox } from "roomcast/react";

/** How many of one's messages have not gone out yet. */
export function Waiting({ room }: { room: RoomId }) {
  const { pending } = useOutbox(room);
  if (pending.length === 0) return null;
  return <> {pending.length === 1 ? "One message waits" : `${pending.length} messages wait`} here.</>;
}
