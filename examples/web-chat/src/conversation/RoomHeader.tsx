import type { Room, RoomState } from "roomcast";

import { useNotices } from "../app/notices";
import { RoomMark } from "../rooms/RoomMark";
import { IconButton } from "../ui/IconButton";
import "./roomHeader.css";

type Props = {
  state: RoomState & { readonly handle: Room };
  title: string;
  membersShown: boolean;
  onBack: () => void;
  onMembers: () => void;
  onLeft: () => void;
};

export function RoomHeader({ state, title, membersShown, onBack, onMembers, onLeft }: Props) {
  const { attempt } = useNotices();
  const { room } = state;
  const direct = room?.visibility === "direct";
  const count = room === undefined ? "" : room.memberCount === 1 ? "1 member" : `${room.memberCount} members`;
  const about = direct ? "" : [room?.topic, count, state.online > 0 && `${state.online} here`].filter(Boolean).join(" · ");
  return (
    <header className="room-header">
      <IconButton className="room-back" icon="back" label="All rooms" onClick={onBack} />
      <RoomMark roomId={state.id} visibility={room?.visibility ?? "public"} size={36} />
      <div className="room-header-text">
        <h1>
          <bdi>{title}</bdi>
        </h1>
        {about !== "" && <p title={about}>{about}</p>}
      </div>
      {!direct && state.membership === "member" && (
        <IconButton
          icon="signOut"
          label="Leave the room"
          onClick={() => {
            attempt(state.handle.leave(), "You are still in the room.");
            onLeft();
          }}
        />
      )}
      <IconButton icon="people" label="Members" aria-pressed={membersShown} onClick={onMembers} />
    </header>
  );
}
