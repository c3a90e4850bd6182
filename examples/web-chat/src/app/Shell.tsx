import { useCallback, useEffect, useState } from "react";
import type { ChatMessage, MessageId } from "roomcast";
import { RoomProvider, useMe, useRooms } from "roomcast/react";

import { Conversation } from "../conversation/Conversation";
import { TimelineSkeleton } from "../conversation/TimelineSkeleton";
import { MemberPanel } from "../people/MemberPanel";
import { Sidebar } from "../rooms/Sidebar";
import type { Session } from "../session/session";
import { ThreadPanel } from "../threads/ThreadPanel";
import { Brand } from "./Brand";
import { ConnectionBanner } from "./ConnectionBanner";
import { Me } from "./Me";
import { openRoom, useRoute } from "./route";
import { ShortcutsDialog } from "./ShortcutsDialog";
import { useShortcuts } from "./shortcuts";
import { Welcome } from "./Welcome";
import "./shell.css";

type Props = { session: Session; onSignOut: () => void };
type Beside = "members" | { thread: MessageId } | undefined;

/** The page: rooms, the open one, and what stands beside it. */
export function Shell({ session, onSignOut }: Props) {
  const current = useRoute();
  const rooms = useRooms();
  const known = useMe() !== undefined;
  const unread = rooms.reduce((sum, room) => sum + room.unread, 0);
  const [beside, setBeside] = useState<Beside>();
  const [helping, setHelping] = useState(false);

  useEffect(() => setBeside((now) => (now === "members" ? now : undefined)), [current]);

  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Roomcast` : "Roomcast";
  }, [unread]);

  useShortcuts(
    rooms.map(({ id }) => id),
    current,
    () => setHelping(true),
  );

  const onThread = useCallback(
    (message: ChatMessage) => {
      const thread = message.threadId ?? message.id;
      if (thread !== undefined) setBeside({ thread });
    },
    [],
  );

  return (
    <div className={current === undefined ? "shell listing" : "shell"}>
      <ConnectionBanner room={current} onSignOut={onSignOut} />
      <div className="shell-columns">
        <Sidebar
          current={current}
          onOpen={openRoom}
          head={<Brand onHelp={() => setHelping(true)} />}
          foot={<Me session={session} onSignOut={onSignOut} />}
        />
        {current === undefined ? (
          <Welcome name={session.name} />
        ) : !known ? (
          // Whether one is in a room can be said only once the server has said who one is.
          <main className="conversation" aria-label="Connecting">
            <h1 className="unseen">Connecting</h1>
            <TimelineSkeleton />
          </main>
        ) : (
          <RoomProvider key={current} id={current} join={false}>
            <Conversation
              membersShown={beside === "members"}
              onBack={() => openRoom(undefined)}
              onMembers={() => setBeside(beside === "members" ? undefined : "members")}
              onThread={onThread}
              onLeft={() => openRoom(undefined)}
            />
            {beside === "members" && <MemberPanel onClose={() => setBeside(undefined)} onOpen={openRoom} />}
            {typeof beside === "object" && (
              <ThreadPanel key={beside.thread} rootId={beside.thread} onClose={() => setBeside(undefined)} />
            )}
          </RoomProvider>
        )}
      </div>
      {helping && <ShortcutsDialog onClose={() => setHelping(false)} />}
    </div>
  );
}
