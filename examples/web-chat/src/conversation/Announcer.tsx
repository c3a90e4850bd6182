import { useEffect, useRef, useState } from "react";
import type { ChatMessage, People } from "roomcast";

/**
 * Reads out what others write. The feed itself is not live: its rows come and go as one scrolls, and would all be
 * read out.
 */
export function Announcer({ newest, people }: { newest: ChatMessage | undefined; people: People }) {
  const [told, setTold] = useState<{ key: string; text: string }[]>([]);
  const last = useRef(newest?.seq ?? 0);

  useEffect(() => {
    if (newest?.seq === undefined || newest.seq <= last.current) return;
    last.current = newest.seq;
    if (newest.mine) return;
    const text = `${people.name(newest.userId)}: ${newest.content}`;
    setTold((before) => [...before.slice(-2), { key: newest.key, text }]);
  }, [newest, people]);

  return (
    <div className="unseen" role="log" aria-label="New messages">
      {told.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}
