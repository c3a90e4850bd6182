import type { RoomUser } from "roomcast";

import { ago } from "../text/times";
import { IconButton } from "../ui/IconButton";
import { Avatar } from "./Avatar";
import { presenceWord } from "./PresenceDot";

type Props = { member: RoomUser; isMe: boolean; now: number; onMessage: (userId: string) => void };

export function MemberRow({ member, isMe, now, onMessage }: Props) {
  const seen = member.lastSeenAt !== undefined && member.status === "offline";
  const notes = [
    seen ? `Last seen ${ago(member.lastSeenAt ?? 0, now)}` : presenceWord(member.status),
    member.role === "member" ? undefined : member.role,
  ];
  return (
    <li className="member">
      <Avatar id={member.userId} name={member.username} size={34} status={member.status} />
      <span className="member-text">
        <bdi className="member-name">{member.username}</bdi>
        {isMe && <span className="member-you"> you</span>}
        <span className="member-note">{notes.filter(Boolean).join(" · ")}</span>
      </span>
      {!isMe && (
        <IconButton
          icon="bubble"
          size={18}
          label={`Message ${member.username}`}
          onClick={() => onMessage(member.userId)}
        />
      )}
    </li>
  );
}
