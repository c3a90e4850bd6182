import type { RoomUser } from "roomcast";

import { MemberRow } from "./MemberRow";
import { byPresence, isThere } from "./order";
import "./memberList.css";

type Props = { members: Iterable<RoomUser>; meId: string | undefined; now: number; onMessage: (userId: string) => void };

/** Who is in the room: those who are there first. */
export function MemberList({ members, meId, now, onMessage }: Props) {
  const all = [...members].sort(byPresence);
  const groups = [
    { title: "Here now", people: all.filter((member) => isThere(member.status)) },
    { title: "Not here", people: all.filter((member) => !isThere(member.status)) },
  ];
  return (
    <div className="members">
      {groups.map(({ title, people }) =>
        people.length === 0 ? null : (
          <section key={title} aria-label={title}>
            <h3>
              {title} <span>{people.length}</span>
            </h3>
            <ul>
              {people.map((member) => (
                <MemberRow
                  key={member.userId}
                  member={member}
                  isMe={member.userId === meId}
                  now={now}
                  onMessage={onMessage}
                />
              ))}
            </ul>
          </section>
        ),
      )}
    </div>
  );
}
