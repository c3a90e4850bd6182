import type { Role, RoomState } from "roomcast";

const RANK: Readonly<Record<Role, number>> = { member: 0, moderator: 1, owner: 2 };

/** Whether the user may pin. The server decides; this is for what to offer. */
export function mayPin({ room, role }: RoomState): boolean {
  if (room === undefined || role === undefined) return false;
  return room.visibility === "direct" || RANK[role] >= RANK[room.policy.whoMayPin];
}
