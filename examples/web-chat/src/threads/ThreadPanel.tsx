import { useMemo, useRef, useState } from "react";
import type { ChatMessage, MessageId } from "roomcast";
import { useMe, useMessages, usePeople, useThread } from "roomcast/react";

import { useNotices } from "../app/notices";
import { Panel } from "../app/Panel";
import { Composer } from "../composer/Composer";
import { DeleteDialog } from "../conversation/DeleteDialog";
import { isGrouped } from "../conversation/rows";
import type { RowActions } from "../message/actions";
import { MessageRow } from "../message/MessageRow";
import { Button } from "../ui/Button";
import "./threadPanel.css";

type Props = { rootId: MessageId; onClose: () => void };

/** A message and what hangs below it, beside the room. */
export function ThreadPanel({ rootId, onClose }: Props) {
  const { edit, remove, retry, react } = useMessages();
  const { thread, loadOlder } = useThread(rootId);
  const { first, messages = [], hasOlder = false, loadingOlder: waiting = true } = thread ?? {};
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

  const row = (message: ChatMessage, grouped: boolean) => (
    <MessageRow
      key={message.key}
      message={message}
      grouped={grouped}
      answers={undefined}
      people={people}
      meId={meId}
      readers={0}
      editing={editing === message.key}
      lit={false}
      actions={actions}
    />
  );

  return (
    <Panel title="Thread" onClose={onClose}>
      <div ref={scroller} className="thread scrolls" role="region" aria-label="Messages of the thread" aria-busy={waiting} tabIndex={0}>
        {first && <div className="thread-root">{row(first, false)}</div>}
        {hasOlder && !waiting && (
          <Button className="thread-older" onClick={() => attempt(loadOlder(), "Earlier replies cannot be had right now.")}>
            Earlier replies
          </Button>
        )}
        {messages.map((message, at) => row(message, at > 0 && isGrouped(message, messages[at - 1])))}
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
