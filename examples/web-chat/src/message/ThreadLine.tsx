import type { ChatMessage } from "roomcast";

import { ago } from "../text/times";
import { Icon } from "../ui/Icon";
import "./threadLine.css";

/** Leads from a message to the thread that hangs below it, or that it belongs to. */
export function ThreadLine({ message, onOpen }: { message: ChatMessage; onOpen: () => void }) {
  const { thread } = message;
  return (
    <button type="button" className="thread-line" onClick={onOpen}>
      <Icon name="bubble" size={15} />
      {thread === undefined ? (
        <span>In a thread</span>
      ) : (
        <>
          <span>{thread.count === 1 ? "1 reply" : `${thread.count} replies`}</span>
          <span className="when">{ago(thread.lastAt, Date.now())}</span>
        </>
      )}
    </button>
  );
}
