import type { RoomState, UserId } from "roomcast";

/** A room's name; of a direct one, the others' names. */
export function roomTitle(state: RoomState, meId: UserId | undefined): string {
  if (state.room?.visibility !== "direct") return state.room?.name ?? state.id;
  const others = othersIn(state, meId).map((member) => member.username);
  return others.length > 0 ? others.join(", ") : state.room.name;
}

export function othersIn(state: RoomState, meId: UserId | undefined) {
  return [...state.members.values()].filter((member) => member.userId !== meId);
}
