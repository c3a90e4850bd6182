import type { RoomUser, Status } from "roomcast";

const RANK: Record<Status, number> = { online: 0, busy: 1, away: 2, unknown: 3, offline: 4 };

export const isThere = (status: Status): boolean => RANK[status] < 3;

/** Those who are there first, then by name. */
export function byPresence(a: RoomUser, b: RoomUser): number {
  return RANK[a.status] - RANK[b.status] || a.username.localeCompare(b.username);
}
