import type { protocol, RoomId } from "roomcast";
import { useMe, useRoomSelector } from "roomcast/react";

import { Avatar } from "../people/Avatar";
import { Icon } from "../ui/Icon";
import { othersIn } from "./title";
import "./roomMark.css";

type Props = { roomId: RoomId; visibility: protocol.Visibility; size: number };

/** A room's sign: who it is with, or what kind it is. */
export function RoomMark({ roomId, visibility, size }: Props) {
  const meId = useMe()?.id;
  const other = useRoomSelector((state) => othersIn(state, meId)[0], { id: roomId });
  if (visibility === "direct" && other) {
    return <Avatar id={other.userId} name={other.username} size={size} status={other.status} />;
  }
  return (
    <span className="room-mark" style={{ width: size, height: size }}>
      <Icon name={visibility === "private" ? "lock" : "hash"} size={size * 0.5} />
    </span>
  );
}
