import type { RoomUser } from "roomcast";

import { Avatar } from "../people/Avatar";
import "./mentionList.css";

type Props = { id: string; people: readonly RoomUser[]; chosen: number; onChoose: (name: string) => void };

/** Names that an @ could become. The field keeps the focus. */
export function MentionList({ id, people, chosen, onChoose }: Props) {
  return (
    <ul className="mention-list" id={id} role="listbox" aria-label="People">
      {people.map((person, at) => (
        <li
          key={person.userId}
          id={`${id}-${at}`}
          role="option"
          aria-selected={at === chosen}
          onPointerDown={(event) => {
            event.preventDefault();
            onChoose(person.username);
          }}
        >
          <Avatar id={person.userId} name={person.username} size={26} />
          <bdi>{person.username}</bdi>
          <span>{person.userId}</span>
        </li>
      ))}
    </ul>
  );
}
