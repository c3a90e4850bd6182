import { useState } from "react";
import type { RoomId, UserId } from "roomcast";
import { useChat, useMe, useRooms } from "roomcast/react";

import { Avatar } from "../people/Avatar";
import { byPresence } from "../people/order";
import { explain } from "../text/refusals";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { openDirect } from "./direct";
import "./roomDialogs.css";

type Props = { onClose: () => void; onMade: (id: RoomId) => void };

/** Whom to write to: those one shares a room with, or anybody whose id one knows. */
export function DirectDialog({ onClose, onMade }: Props) {
  const chat = useChat();
  const meId = useMe()?.id;
  const rooms = useRooms();
  const [query, setQuery] = useState("");
  const [error, setError] = useState<string>();

  const wanted = query.trim();
  const lower = wanted.toLocaleLowerCase();
  const known = new Map(
    rooms.flatMap(({ id }) => [...chat.room(id).getSnapshot().members.values()]).map((person) => [person.userId, person]),
  );
  const people = [...known.values()]
    .filter(({ userId, username }) => userId !== meId && `${username} ${userId}`.toLocaleLowerCase().includes(lower))
    .sort(byPresence);

  const write = (to: UserId) => {
    openDirect(chat, to).then(onMade, (refusal: unknown) => setError(explain(refusal, "The room was not made.")));
  };

  return (
    <Dialog title="New direct message" onClose={onClose}>
      <form
        className="finder"
        onSubmit={(event) => {
          event.preventDefault();
          const first = people[0]?.userId ?? wanted;
          if (first !== "") write(first);
        }}
      >
        <Field label="Name or id" autoFocus value={query} error={error} onChange={(event) => setQuery(event.target.value)} />
        <ul className="scrolls">
          {people.map((person) => (
            <li key={person.userId}>
              <button type="button" onClick={() => write(person.userId)}>
                <Avatar id={person.userId} name={person.username} size={36} status={person.status} />
                <span className="finder-text">
                  <bdi>{person.username}</bdi>
                  <small>{person.userId}</small>
                </span>
              </button>
            </li>
          ))}
          {people.length === 0 && wanted !== "" && (
            <li>
              <button type="submit">
                <Avatar id={wanted} name={wanted} size={36} />
                <span className="finder-text">
                  Write to <bdi>{wanted}</bdi>
                </span>
              </button>
            </li>
          )}
        </ul>
      </form>
    </Dialog>
  );
}
