/** The hooks. Each renders again only when what it gives has changed; functions keep their identity. */

import { useEffect, useMemo, useState } from "react";

import type {
  Availability,
  ChatMessage,
  Connection,
  Draft,
  List,
  MessageId,
  MessageRef,
  People,
  Place,
  Room,
  RoomId,
  RoomState,
  RoomSummary,
  RoomUser,
  Sent,
  Seq,
  Status,
  ThreadState,
  Timestamp,
  Typist,
  User,
  UserId,
} from "../types.js";
import { useChat, useRoomHandle } from "./context.js";
import { useChatSelector, useRoomSelector } from "./select.js";

/** The connection; `retryInMs` is counted down each second while an attempt is waited for. */
export function useConnection(): Connection & {
  readonly retryInMs?: number;
  readonly connect: () => Promise<void>;
  readonly disconnect: () => void;
} {
  const chat = useChat();
  const connection = useChatSelector((state) => state.connection);
  const { retryAt } = connection;
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (retryAt === undefined) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [retryAt]);
  const retryInMs = retryAt === undefined ? undefined : Math.max(0, retryAt - now);
  return useMemo(
    () => ({
      ...connection,
      ...(retryInMs === undefined ? {} : { retryInMs }),
      connect: () => chat.connect(),
      disconnect: () => chat.disconnect(),
    }),
    [chat, connection, retryInMs],
  );
}

/** Who the user is, once the server has said so. */
export function useMe(): User | undefined {
  return useChatSelector((state) => state.me);
}

/** Who is known by name. */
export function usePeople(): People {
  return useChatSelector((state) => state.people);
}

/** The user's rooms, the one with the newest message first. */
export function useRooms(): readonly RoomSummary[] {
  return useChatSelector((state) => state.rooms);
}

/** A room's state, and its handle for what can be done with it. */
export function useRoom(id?: RoomId): RoomState & { readonly handle: Room } {
  const handle = useRoomHandle(id);
  const state = useRoomSelector((state) => state, given(id));
  return useMemo(() => ({ ...state, handle }), [state, handle]);
}

/** A room's conversation and what can be done with it. */
export function useMessages(id?: RoomId): {
  readonly messages: List<ChatMessage>;
  readonly quoted: ReadonlyMap<MessageId, ChatMessage>;
  readonly send: (message: string | Draft) => Sent;
  readonly edit: (message: MessageRef, content: string) => Promise<void>;
  readonly remove: (message: MessageRef) => Promise<void>;
  readonly retry: (message: MessageRef) => Promise<void>;
  readonly react: (message: MessageRef, emoji: string, on?: boolean) => Promise<void>;
  readonly loadOlder: (limit?: number) => Promise<void>;
  readonly hasMore: boolean;
  readonly loading: boolean;
  readonly loadNewer: (limit?: number) => Promise<void>;
  readonly hasNewer: boolean;
  readonly jumpTo: (place: Place) => Promise<void>;
  readonly jumpToNewest: () => Promise<void>;
  readonly lookUp: (message: MessageId) => Promise<void>;
} {
  const room = useRoomHandle(id);
  const options = given(id);
  const messages = useRoomSelector((state) => state.messages, options);
  const quoted = useRoomSelector((state) => state.quoted, options);
  const hasMore = useRoomSelector((state) => state.hasOlder, options);
  const hasNewer = useRoomSelector((state) => state.hasNewer, options);
  const loading = useRoomSelector((state) => state.loadingOlder || state.loadingNewer || state.loadingAround, options);
  return useMemo(() => {
    const { send, edit, remove, retry, react, loadOlder, loadNewer, jumpTo, jumpToNewest, lookUp } = room;
    const actions = { send, edit, remove, retry, react, loadOlder, loadNewer, jumpTo, jumpToNewest, lookUp };
    return { messages, quoted, hasMore, hasNewer, loading, ...actions };
  }, [room, messages, quoted, hasMore, hasNewer, loading]);
}

/** A thread, kept up to date as long as it is shown; `undefined` until it is known. */
export function useThread(
  first: MessageId,
  id?: RoomId,
): { readonly thread: ThreadState | undefined; readonly loadOlder: (limit?: number) => Promise<void> } {
  const room = useRoomHandle(id);
  const thread = useRoomSelector((state) => state.threads.get(first), given(id));
  useEffect(() => room.openThread(first), [room, first]);
  return useMemo(() => ({ thread, loadOlder: (limit) => room.loadThread(first, limit) }), [room, first, thread]);
}

/** Who is typing, and telling that one types oneself. */
export function useTyping(id?: RoomId): {
  readonly typing: readonly Typist[];
  readonly onKeystroke: () => void;
  readonly stop: () => void;
} {
  const room = useRoomHandle(id);
  const typing = useRoomSelector((state) => state.typing, given(id));
  return useMemo(() => ({ typing, onKeystroke: room.typing, stop: room.stopTyping }), [room, typing]);
}

/** How somebody is seen in the room. */
export function usePresence(userId: UserId, roomId?: RoomId): { readonly status: Status; readonly lastSeenAt?: Timestamp } {
  const user = useRoomSelector((state) => state.members.get(userId), given(roomId));
  return useMemo(() => {
    const { status = "unknown", lastSeenAt } = user ?? {};
    return { status, ...(lastSeenAt === undefined ? {} : { lastSeenAt }) };
  }, [user]);
}

/** Chooses how the user is seen. */
export function useSetPresence(): (status: Availability, text?: string) => Promise<void> {
  const chat = useChat();
  return useMemo(() => (status, text) => chat.setPresence(status, text), [chat]);
}

/** The members known by name: those online first, then by name. */
export function useMembers(id?: RoomId): readonly RoomUser[] {
  const members = useRoomSelector((state) => state.members, given(id));
  return useMemo(
    () => [...members.values()].sort((a, b) => rank(a) - rank(b) || a.username.localeCompare(b.username)),
    [members],
  );
}

const rank = ({ status }: RoomUser): number => (status === "offline" || status === "unknown" ? 1 : 0);

/** How far the others have read. */
export function useReceipts(id?: RoomId): {
  readonly receipts: ReadonlyMap<UserId, Seq>;
  /** How many others than its author have read a message. */
  readonly readBy: (message: ChatMessage) => number;
} {
  const receipts = useRoomSelector((state) => state.receipts, given(id));
  return useMemo(() => {
    const readBy = ({ seq, userId }: ChatMessage): number =>
      seq === undefined ? 0 : [...receipts].filter(([user, read]) => user !== userId && read >= seq).length;
    return { receipts, readBy };
  }, [receipts]);
}

/** What is unread in a room. */
export function useUnread(id?: RoomId): {
  readonly unread: number;
  readonly mentions: number;
  readonly readSeq: Seq;
  readonly markRead: (upTo?: Seq) => Promise<void>;
} {
  const room = useRoomHandle(id);
  const options = given(id);
  const unread = useRoomSelector((state) => state.unread, options);
  const mentions = useRoomSelector((state) => state.mentions, options);
  const readSeq = useRoomSelector((state) => state.readSeq, options);
  return useMemo(
    () => ({ unread, mentions, readSeq, markRead: room.markRead }),
    [room, unread, mentions, readSeq],
  );
}

/** The user's messages in a room that the server has not acknowledged. */
export function useOutbox(id?: RoomId): {
  readonly pending: readonly ChatMessage[];
  readonly failed: readonly ChatMessage[];
  readonly durable: boolean;
  readonly retry: (message: MessageRef) => Promise<void>;
  readonly discard: (message: MessageRef) => Promise<void>;
} {
  const room = useRoomHandle(id);
  const waiting = useRoomSelector(unsettled, { ...given(id), same: sameItems });
  const durable = useChatSelector((state) => state.durable);
  return useMemo(() => {
    const failed = waiting.filter((message) => message.status === "failed");
    const pending = waiting.filter((message) => message.status !== "failed");
    return { pending, failed, durable, retry: room.retry, discard: room.remove };
  }, [room, waiting, durable]);
}

function unsettled({ messages }: RoomState): readonly ChatMessage[] {
  const waiting: ChatMessage[] = [];
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages.at(index)!;
    if (message.id !== undefined) break;
    waiting.unshift(message);
  }
  return waiting;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function given(id: RoomId | undefined): { id?: RoomId } {
  return id === undefined ? {} : { id };
}
