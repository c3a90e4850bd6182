import type { Chat, RoomId, UserId } from "roomcast";

/** The direct room with somebody: the one that there is, or a new one. */
export async function openDirect(chat: Chat, userId: UserId): Promise<RoomId> {
  const { rooms, me } = chat.getSnapshot();
  for (const { id, room } of rooms) {
    if (room.visibility !== "direct" || room.memberCount !== 2) continue;
    const { members } = chat.room(id).getSnapshot();
    if (members.has(userId) && (userId !== me?.id || members.size === 1)) return id;
  }
  return (await chat.direct(userId)).id;
}
