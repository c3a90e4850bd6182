import { type Ref, useCallback, useEffect, useImperativeHandle, useMemo, useRef, useState } from "react";
import type { ChatMessage, List } from "roomcast";
import { useMe, useMessages, usePeople, useReceipts, useUnread } from "roomcast/react";

import type { RowActions } from "../message/actions";
import { type ListHandle, VirtualList } from "../virtual/VirtualList";
import { Announcer } from "./Announcer";
import { JumpToNewest } from "./JumpToNewest";
import { indexOfKey, Lookup } from "./lookup";
import { firstUnread } from "./rows";
import { TimelineHead } from "./TimelineHead";
import { TimelineRow } from "./TimelineRow";
import { useVisible } from "./useVisible";
import "./timeline.css";

/** What the composer and the keyboard ask of a timeline. */
export type TimelineHandle = { toNewest: () => void; show: (message: ChatMessage) => void };

type Props = { roomName: string; actions: RowActions; editing: string | undefined; handle: Ref<TimelineHandle> };

/** A room's conversation, from wherever its past begins to what is on its way. Mounted anew for each room. */
export function Timeline({ roomName, actions, editing, handle }: Props) {
  const { messages, hasMore, loading, loadOlder, hasNewer, loadNewer, jumpToNewest } = useMessages();
  const { readBy } = useReceipts();
  const { unread, readSeq, markRead } = useUnread();
  const people = usePeople();
  const meId = useMe()?.id;
  const visible = useVisible();

  const [dividerAfter] = useState(unread > 0 ? readSeq : undefined);
  const [beginAt] = useState(() => firstUnread(messages, dividerAfter));
  const dividerKey = useMemo(
    () => messages.at(firstUnread(messages, dividerAfter) ?? -1 - messages.length)?.key,
    // Once it stands, it stays: only the past can still put it elsewhere.
    [messages.at(0)?.key, dividerAfter],
  );
  const [atEnd, setAtEnd] = useState(beginAt === undefined);
  const [lit, setLit] = useState<string>();
  const list = useRef<ListHandle>(null);
  const [lookup] = useState(() => new Lookup());

  useEffect(() => {
    if (atEnd && visible && !hasNewer && unread > 0) void markRead().catch(() => undefined);
  }, [atEnd, visible, hasNewer, unread, markRead]);

  const show = useCallback(
    (message: ChatMessage) => {
      const index = indexOfKey(messages, message);
      if (index === undefined) return;
      list.current?.toRow(index);
      setLit(message.key);
    },
    [messages],
  );

  const toNewest = useCallback(() => {
    if (hasNewer) void jumpToNewest().catch(() => undefined);
    list.current?.toEnd();
  }, [hasNewer, jumpToNewest]);

  useImperativeHandle(handle, () => ({ toNewest, show }), [toNewest, show]);

  // The rows' own actions do not change with each message that comes.
  const jumping = useRef(show);
  useEffect(() => {
    jumping.current = show;
  }, [show]);
  const rowActions = useMemo(() => ({ ...actions, jump: (to: ChatMessage) => jumping.current(to) }), [actions]);

  const onNearStart = useCallback(() => {
    if (hasMore && !loading) void loadOlder().catch(() => undefined);
  }, [hasMore, loading, loadOlder]);

  const onEnd = useCallback(
    (now: boolean) => {
      setAtEnd(now);
      if (now && hasNewer) void loadNewer().catch(() => undefined);
    },
    [hasNewer, loadNewer],
  );

  return (
    <div className="timeline">
      <VirtualList
        className="timeline-scroll scrolls"
        role="region"
        aria-label={`Messages in ${roomName}`}
        aria-busy={loading}
        tabIndex={0}
        handle={list}
        count={messages.length}
        keyAt={(index) => keyAt(messages, index)}
        beginAt={beginAt}
        onNearStart={onNearStart}
        onEnd={onEnd}
        head={<TimelineHead roomName={roomName} hasMore={hasMore} empty={messages.length === 0} />}
        row={(index) => {
          const message = messages.at(index) as ChatMessage;
          return (
            <TimelineRow
              message={message}
              before={index > 0 ? messages.at(index - 1) : undefined}
              newHere={message.key === dividerKey}
              answers={message.replyTo === undefined ? undefined : lookup.byId(messages, message.replyTo)}
              people={people}
              meId={meId}
              readers={message.mine ? readBy(message) : 0}
              editing={message.key === editing}
              lit={message.key === lit}
              actions={rowActions}
            />
          );
        }}
      />
      <JumpToNewest shown={!atEnd || hasNewer} newest={messages.at(-1)} onJump={toNewest} />
      <Announcer newest={messages.at(-1)} people={people} />
    </div>
  );
}

function keyAt(messages: List<ChatMessage>, index: number): string {
  return messages.at(index)?.key ?? String(index);
}
