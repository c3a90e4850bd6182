import { type Ref, useCallback, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { ChatMessage, List, Place } from "roomcast";
import { useMe, useMessages, usePeople, useReceipts, useUnread } from "roomcast/react";

import { useNotices } from "../app/notices";
import type { RowActions } from "../message/actions";
import { type ListHandle, VirtualList } from "../virtual/VirtualList";
import { Announcer } from "./Announcer";
import { JumpToNewest } from "./JumpToNewest";
import { indexOfKey, indexOfPlace, Lookup } from "./lookup";
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
  const { messages, quoted, hasMore, loading, loadOlder, hasNewer, loadNewer, jumpTo, jumpToNewest, lookUp } =
    useMessages();
  const { readBy } = useReceipts();
  const { unread, readSeq, markRead } = useUnread();
  const people = usePeople();
  const meId = useMe()?.id;
  const visible = useVisible();
  const { attempt } = useNotices();

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

  // A place that is jumped to, until the list has it.
  const [wanted, setWanted] = useState<Place>();
  useLayoutEffect(() => {
    const index = wanted === undefined ? undefined : indexOfPlace(messages, wanted);
    if (index === undefined) return;
    list.current?.toRow(index);
    setLit(messages.at(index)?.key);
    setWanted(undefined);
  }, [wanted, messages]);

  const goTo = useCallback(
    (place: Place) => {
      setLit(undefined);
      setWanted(place);
      const jumped = jumpTo(place).catch((refusal: unknown) => {
        setWanted(undefined);
        throw refusal;
      });
      attempt(jumped, "That message cannot be shown right now.");
    },
    [attempt, jumpTo],
  );

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
    setWanted(undefined);
    void jumpToNewest().catch(() => undefined);
    list.current?.toEnd();
  }, [jumpToNewest]);

  useImperativeHandle(handle, () => ({ toNewest, show }), [toNewest, show]);

  // Where the unread begin may be further back than what is there.
  useEffect(() => {
    const first = messages.at(0)?.seq;
    if (dividerAfter !== undefined && first !== undefined && first > dividerAfter + 1) goTo(dividerAfter + 1);
    // Once, when the room is opened.
  }, []);

  const rowActions = useMemo(() => ({ ...actions, jump: goTo }), [actions, goTo]);

  const answered = ({ replyTo }: ChatMessage): ChatMessage | undefined =>
    replyTo === undefined ? undefined : (quoted.get(replyTo) ?? lookup.byId(messages, replyTo));

  const waiting = loading || wanted !== undefined;
  const onNearStart = useCallback(() => {
    if (hasMore && !waiting) void loadOlder().catch(() => undefined);
  }, [hasMore, waiting, loadOlder]);

  const onNearEnd = useCallback(() => {
    if (hasNewer && !waiting) void loadNewer().catch(() => undefined);
  }, [hasNewer, waiting, loadNewer]);

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
        onNearEnd={onNearEnd}
        sticks={!hasNewer}
        onEnd={setAtEnd}
        head={<TimelineHead roomName={roomName} hasMore={hasMore} empty={messages.length === 0} />}
        row={(index) => {
          const message = messages.at(index) as ChatMessage;
          return (
            <TimelineRow
              message={message}
              before={index > 0 ? messages.at(index - 1) : undefined}
              newHere={message.key === dividerKey}
              answers={answered(message)}
              lookUp={lookUp}
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
      <JumpToNewest shown={!atEnd || hasNewer} onJump={toNewest} />
      <Announcer newest={hasNewer ? undefined : messages.at(-1)} people={people} />
    </div>
  );
}

function keyAt(messages: List<ChatMessage>, index: number): string {
  return messages.at(index)?.key ?? String(index);
}
