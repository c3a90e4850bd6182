import { useEffect, useState } from "react";
import type { RoomId } from "roomcast";
import { useChat, useMe, useMembers, useRoom } from "roomcast/react";

import { useNotices } from "../app/notices";
import { Panel } from "../app/Panel";
import { openDirect } from "../rooms/direct";
import { MemberList } from "./MemberList";

const MINUTE = 60_000;

export function MemberPanel({ onClose, onOpen }: { onClose: () => void; onOpen: (id: RoomId) => void }) {
  const chat = useChat();
  const { handle, membership } = useRoom();
  const members = useMembers();
  const meId = useMe()?.id;
  const { attempt } = useNotices();
  const [now, setNow] = useState(Date.now);

  // Those who are away are known once they are asked for.
  useEffect(() => {
    if (membership === "member") handle.loadMembers().catch(() => undefined);
  }, [handle, membership]);

  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE);
    return () => clearInterval(timer);
  }, []);

  return (
    <Panel title="Members" onClose={onClose}>
      <div className="scrolls" tabIndex={0} role="group" aria-label="Members">
        <MemberList
          members={members}
          meId={meId}
          now={now}
          onMessage={(userId) => attempt(openDirect(chat, userId).then(onOpen), "The room was not made.")}
        />
      </div>
    </Panel>
  );
}
