import { type ReactNode, useState } from "react";
import type { RoomId } from "roomcast";
import { useRooms } from "roomcast/react";

import { IconButton } from "../ui/IconButton";
import { BrowseDialog } from "./BrowseDialog";
import { DirectDialog } from "./DirectDialog";
import { NewRoomDialog } from "./NewRoomDialog";
import { RoomLine } from "./RoomLine";
import "./sidebar.css";

type Props = { current: RoomId | undefined; onOpen: (id: RoomId) => void; head: ReactNode; foot: ReactNode };
type Asking = "new" | "browse" | "direct";

/** All rooms, the direct ones apart. */
export function Sidebar({ current, onOpen, head, foot }: Props) {
  const rooms = useRooms();
  const [asking, setAsking] = useState<Asking>();
  const [query, setQuery] = useState("");
  const wanted = query.trim().toLocaleLowerCase();
  const direct = rooms.filter(({ room }) => room.visibility === "direct");
  const open = rooms.filter(({ room }) => room.visibility !== "direct");

  const enter = (id: RoomId) => {
    setAsking(undefined);
    onOpen(id);
  };

  return (
    <nav className="sidebar" aria-label="Rooms">
      {head}
      <input
        className="sidebar-filter"
        type="search"
        placeholder="Find a room"
        aria-label="Find a room"
        aria-keyshortcuts="Control+K Meta+K"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") setQuery("");
          if (event.key === "Enter") {
            event.currentTarget.closest("nav")?.querySelector<HTMLElement>(".room-line:not([hidden])")?.click();
            setQuery("");
          }
        }}
      />
      <div className="sidebar-lists scrolls">
        <section aria-labelledby="rooms-heading">
          <header>
            <h2 id="rooms-heading">Rooms</h2>
            <IconButton icon="compass" size={18} label="Browse rooms" onClick={() => setAsking("browse")} />
            <IconButton icon="add" size={18} label="New room" onClick={() => setAsking("new")} />
          </header>
          <ul>
            {open.map((summary) => (
              <RoomLine key={summary.id} summary={summary} current={summary.id === current} wanted={wanted} onOpen={onOpen} />
            ))}
          </ul>
          {open.length === 0 && <p>You are in no room yet. Browse, or make one.</p>}
        </section>
        <section aria-labelledby="direct-heading">
          <header>
            <h2 id="direct-heading">Direct messages</h2>
            <IconButton icon="add" size={18} label="New direct message" onClick={() => setAsking("direct")} />
          </header>
          <ul>
            {direct.map((summary) => (
              <RoomLine key={summary.id} summary={summary} current={summary.id === current} wanted={wanted} onOpen={onOpen} />
            ))}
          </ul>
        </section>
      </div>
      {foot}
      {asking === "new" && <NewRoomDialog onClose={() => setAsking(undefined)} onMade={enter} />}
      {asking === "browse" && <BrowseDialog onClose={() => setAsking(undefined)} onEntered={enter} />}
      {asking === "direct" && <DirectDialog onClose={() => setAsking(undefined)} onMade={enter} />}
    </nav>
  );
}
