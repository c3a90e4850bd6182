import { useDeferredValue, useEffect, useState } from "react";
import type { RoomId, RoomInfo } from "roomcast";
import { useChat, useRooms } from "roomcast/react";

import { useNotices } from "../app/notices";
import { explain } from "../text/refusals";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { RoomMark } from "./RoomMark";
import "./roomDialogs.css";

type Props = { onClose: () => void; onEntered: (id: RoomId) => void };

/** Rooms that anybody may enter. */
export function BrowseDialog({ onClose, onEntered }: Props) {
  const chat = useChat();
  const { attempt } = useNotices();
  const mine = new Set(useRooms().map(({ id }) => id));
  const [query, setQuery] = useState("");
  const wanted = useDeferredValue(query.trim());
  const [rooms, setRooms] = useState<readonly RoomInfo[]>();
  const [error, setError] = useState<string>();

  useEffect(() => {
    let current = true;
    chat.publicRooms(wanted === "" ? undefined : wanted).then(
      (page) => {
        if (!current) return;
        setRooms(page.rooms);
        setError(undefined);
      },
      (refusal) => current && setError(explain(refusal, "The list cannot be had right now.")),
    );
    return () => {
      current = false;
    };
  }, [chat, wanted]);

  const enter = (room: RoomInfo) => {
    onEntered(room.id);
    if (!mine.has(room.id)) attempt(chat.room(room.id).join(), "You cannot enter this room.");
  };

  return (
    <Dialog title="Browse rooms" onClose={onClose} wide>
      <div className="finder">
        <Field label="Find by name" type="search" autoFocus value={query} error={error} onChange={(event) => setQuery(event.target.value)} />
        {rooms?.length === 0 && <p>There is no open room by that name.</p>}
        <ul className="scrolls">
          {rooms?.map((room) => (
            <li key={room.id}>
              <button type="button" onClick={() => enter(room)}>
                <RoomMark roomId={room.id} visibility={room.visibility} size={38} />
                <span className="finder-text">
                  <bdi>{room.name}</bdi>
                  <small>{[room.topic, room.memberCount === 1 ? "1 member" : `${room.memberCount} members`].filter(Boolean).join(" · ")}</small>
                </span>
                <span className="finder-state">{mine.has(room.id) ? "Entered" : "Enter"}</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
