import { memo } from "react";
import type { RoomId, RoomSummary } from "roomcast";
import { useMe, usePeople, useRoomSelector } from "roomcast/react";

import { shortTime } from "../text/times";
import { RoomMark } from "./RoomMark";
import { roomTitle } from "./title";
import { UnreadBadge } from "./UnreadBadge";
import "./roomLine.css";

type Props = { summary: RoomSummary; current: boolean; wanted: string; onOpen: (id: RoomId) => void };

/** A room in the list: its name, what was said last, and how much of it is new. */
export const RoomLine = memo(function RoomLine({ summary, current, wanted, onOpen }: Props) {
  const { id, room, unread, mentions, lastMessage, typing } = summary;
  const me = useMe();
  const people = usePeople();
  const known = useRoomSelector((state) => (state.room ? roomTitle(state, me?.id) : undefined), { id });
  const title = known ?? room.name;
  if (wanted !== "" && !title.toLocaleLowerCase().includes(wanted)) return null;

  const others = typing.filter(({ userId }) => userId !== me?.id);
  const direct = room.visibility === "direct";
  return (
    <li>
      <button
        type="button"
        className={unread > 0 ? "room-line unread" : "room-line"}
        aria-current={current ? "page" : undefined}
        onClick={() => onOpen(id)}
      >
        <RoomMark roomId={id} visibility={room.visibility} size={38} />
        <span className="room-line-text">
          <span className="room-line-top">
            <bdi>{title}</bdi>
            {lastMessage && <time>{shortTime(lastMessage.createdAt, Date.now())}</time>}
          </span>
          <span className="room-line-bottom">
            {others.length > 0 ? (
              <span className="typing">{direct ? "typing…" : `${others[0]?.username ?? ""} is typing…`}</span>
            ) : (
              <span dir="auto">{preview()}</span>
            )}
            <UnreadBadge unread={unread} mentions={mentions} />
          </span>
        </span>
      </button>
    </li>
  );

  function preview(): string {
    if (!lastMessage) return room.topic ?? "Nothing said yet";
    const said = lastMessage.deletedAt === undefined ? lastMessage.content : "Deleted";
    if (lastMessage.userId === me?.id) return `You: ${said}`;
    return direct || lastMessage.type === "system" ? said : `${people.name(lastMessage.userId)}: ${said}`;
  }
});
