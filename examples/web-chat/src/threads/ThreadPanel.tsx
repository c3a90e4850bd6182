import { useMemo, useRef, useState } from "react";
import type { ChatMessage, MessageId } from "roomcast";
import { useMe, useMessages, usePeople } from "roomcast/react";

import { useNotices } from "../app/notices";
import { Panel } from "../app/Panel";
import { Composer } from "../composer/Composer";
import { DeleteDialog } from "../conversation/DeleteDialog";
import { isGrouped } from "../conversation/rows";
import type { RowActions } from "../message/actions";
import { MessageRow } from "../message/MessageRow";
import { useThread } from "./useThread";
import "./threadPanel.css";

type Props = { rootId: MessageId; onClose: () => void };

/** A message and what hangs below it, beside the room. */
export function ThreadPanel({ rootId, onClose }: Props) {
  const { edit, remove, retry, react } = useMessages();
  const { messages, waiting, refused } = useThread(rootId);
  const people = usePeople();
  const meId = useMe()?.id;
  const { attempt } = useNotices();
  const [editing, setEditing] = useState<string>();
  const [deleting, setDeleting] = useState<ChatMessage>();
  const field = useRef<HTMLTextAreaElement>(null);
  const scroller = useRef<HTMLDivElement>(null);

  const actions = useMemo<RowActions>(
    () => ({
      react: (message, emoji, on) => attempt(react(message, emoji, on), "Your reaction was not taken."),
      reply: () => field.current?.focus(),
      beginEdit: (message) => setEditing(message.key),
      cancelEdit: () => setEditing(undefined),
      saveEdit: (message, content) => {
        setEditing(undefined);
        attempt(edit(message, content), "Your change was not taken.");
      },
      askDelete: setDeleting,
      retry: (message) => attempt(retry(message)),
      discard: (message) => attempt(remove(message)),
    }),
    [attempt, edit, react, remove, retry],
  );

  return (
    <Panel title="Thread" onClose={onClose}>
      <div ref={scroller} className="thread scrolls" role="region" aria-label="Messages of the thread" aria-busy={waiting} tabIndex={0}>
        {messages.map((message, at) => (
          <div key={message.key} className={at === 0 ? "thread-root" : undefined}>
            <MessageRow
              message={message}
              grouped={at > 1 && isGrouped(message, messages[at - 1])}
              answers={undefined}
              people={people}
              meId={meId}
              readers={0}
              editing={editing === message.key}
              lit={false}
              actions={actions}
            />
          </div>
        ))}
        {refused !== undefined && <p className="thread-note">{refused}</p>}
      </div>
      <Composer
        field={field}
        placeholder="Reply in the thread"
        draftName={`thread-${rootId}`}
        threadId={rootId}
        onSent={() => scroller.current?.scrollTo({ top: scroller.current.scrollHeight })}
      />
      {deleting && (
        <DeleteDialog
          message={deleting}
          onClose={() => setDeleting(undefined)}
          onDelete={() => {
            setDeleting(undefined);
            attempt(remove(deleting), "It was not deleted.");
          }}
        />
      )}
    </Panel>
  );
}
