/** Hooks over the snapshots of a chat. Each renders again only when what it gives has changed. */

import type { ReactNode } from "react";

import type {
  Availability,
  Chat,
  ChatMessage,
  ChatState,
  Connection,
  Draft,
  List,
  MessageRef,
  People,
  Room,
  RoomId,
  RoomState,
  RoomSummary,
  RoomUser,
  Seq,
  Sent,
  Status,
  Timestamp,
  Typist,
  User,
  UserId,
} from "../types.js";

/** Gives a chat to everything inside. With `autoConnect` it is connected while mounted. */
export declare function ChatProvider(props: { chat: Chat; autoConnect?: boolean; children?: ReactNode }): ReactNode;

/** Gives a room to everything inside, and opens it: becomes a member where that takes no more than asking. */
export declare function RoomProvider(props: { id: RoomId; join?: boolean; children?: ReactNode }): ReactNode;

/** The chat. */
export declare function useChat(): Chat;

/** A part of the chat's state; renders when the selected part changes. */
export declare function useChatSelector<T>(select: (state: ChatState) => T, same?: (a: T, b: T) => boolean): T;

/** The connection; with `retryInMs`, counted down each second while an attempt is waited for. */
export declare function useConnection(): Connection & {
  readonly retryInMs?: number;
  readonly connect: () => Promise<void>;
  readonly disconnect: () => void;
};

/** Who the user is. */
export declare function useMe(): User | undefined;

/** Who is known by name. */
export declare function usePeople(): People;

/** The user's rooms, the one with the newest message first. */
export declare function useRooms(): readonly RoomSummary[];

/** The room of the provider, or of this id, with its state. */
export declare function useRoom(id?: RoomId): RoomState & { readonly handle: Room };

/** A part of a room's state; renders when the selected part changes. */
export declare function useRoomSelector<T>(
  select: (state: RoomState) => T,
  options?: { id?: RoomId; same?: (a: T, b: T) => boolean },
): T;

/** A room's conversation and what can be done with it. The functions keep their identity. */
export declare function useMessages(id?: RoomId): {
  readonly messages: List<ChatMessage>;
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
  readonly jumpTo: (seq: Seq) => Promise<void>;
  readonly jumpToNewest: () => Promise<void>;
};

/** Who is typing, and telling that one types oneself. */
export declare function useTyping(id?: RoomId): {
  readonly typing: readonly Typist[];
  readonly onKeystroke: () => void;
  readonly stop: () => void;
};

/** How somebody is seen in the room. */
export declare function usePresence(userId: UserId, roomId?: RoomId): {
  readonly status: Status;
  readonly lastSeenAt?: Timestamp;
};

/** Chooses how the user is seen. */
export declare function useSetPresence(): (status: Availability, text?: string) => Promise<void>;

/** The members known by name, in a stable order: those online first, then by name. */
export declare function useMembers(id?: RoomId): readonly RoomUser[];

/** How far the others have read. */
export declare function useReceipts(id?: RoomId): {
  readonly receipts: ReadonlyMap<UserId, Seq>;
  /** How many others than its author have read a message. */
  readonly readBy: (message: ChatMessage) => number;
};

/** What is unread in a room, or in all. */
export declare function useUnread(id?: RoomId): {
  readonly unread: number;
  readonly mentions: number;
  readonly readSeq: Seq;
  readonly markRead: (upTo?: Seq) => Promise<void>;
};

/** The user's messages that the server has not acknowledged, of one room. */
export declare function useOutbox(id?: RoomId): {
  readonly pending: readonly ChatMessage[];
  readonly failed: readonly ChatMessage[];
  readonly durable: boolean;
  readonly retry: (message: MessageRef) => Promise<void>;
  readonly discard: (message: MessageRef) => Promise<void>;
};
