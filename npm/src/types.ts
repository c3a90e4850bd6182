/** The package's public face. What the server and the client say to one another is in `protocol.ts`. */

import type {
  Attachment,
  Availability,
  ClientId,
  CommandName,
  CommandPayload,
  CommandReply,
  ErrorCode,
  Limits,
  Message,
  MessageId,
  MessageType,
  Place,
  PolicyPatch,
  RemovalReason,
  Role,
  Room as RoomInfo,
  RoomId,
  RoomUser,
  Seq,
  Status,
  Timestamp,
  Typist,
  User,
  UserId,
  Visibility,
} from "./protocol.js";
import type { RoomcastError } from "./errors.js";

/** Ends a subscription; a second call does nothing. */
export type Unsubscribe = () => void;

/** Why a token is asked for. A provider that caches must not answer `refused` or `expiring` from its cache. */
export type TokenReason = "connect" | "refused" | "expiring";

/** Gives a JSON Web Token, each time anew. A failure is never the end: it is asked again after a pause. */
export type TokenProvider = (reason: TokenReason) => string | Promise<string>;

/** What {@link ChatOptions.WebSocket} must be able to do: the browser's own, or the `ws` package's. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: string): void;
  close(): void;
}

/** Makes a WebSocket. */
export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** What WebAssembly takes: the bytes, or a module that was compiled already. */
export type WasmSource = BufferSource | WebAssembly.Module;

/** How a chat is made. Only `url` and `token` are needed. */
export interface ChatOptions {
  /** The server: `https://chat.example.org`. A path (`/chat/`) is where its Socket.IO is mounted. */
  url: string | URL;
  /** A token, or what fetches one. A token that is a string cannot be refreshed. */
  token: string | TokenProvider;
  /** Where unsent messages survive a reload. Without it, they do not. */
  storage?: Storage;
  /** One connection and one outbox for all tabs of this user that use the same name. */
  multiTab?: boolean | string;
  /** Makes the socket; the platform's own by default. Where there is none, and where a proxy lets none through, the chat polls. */
  WebSocket?: WebSocketConstructor;
  /** Fetches; the platform's own by default. */
  fetch?: typeof fetch;
  /** How the program introduces itself to the server. */
  client?: { name: string; version?: string };
  /** Most messages kept of a room beyond those that were asked for. */
  timelineMessages?: number;
  /** What a server rendered, as {@link Chat.dehydrate} gave it. */
  snapshot?: ChatSnapshot;
  /** Says what happens: on the console, or to a function. */
  debug?: boolean | ((line: string) => void);
  /** Records the session for {@link Chat.trace}; `"masked"` masks what people wrote. Tokens are never recorded. */
  trace?: boolean | "masked";
}

/** Where the connection stands. */
export type Phase =
  | "idle"
  | "connecting"
  | "connected"
  | "resuming"
  | "draining"
  | "reconnecting"
  | "offline"
  | "refused";

/** The connection. */
export interface Connection {
  /** Where it stands. */
  readonly phase: Phase;
  /** By what it is made, or being made. */
  readonly transport?: "websocket" | "polling";
  /** Attempts since the last success. */
  readonly attempt: number;
  /** When the next attempt is made, by `Date.now()`. */
  readonly retryAt?: Timestamp;
  /** What went wrong last; cleared by success. */
  readonly error?: string;
  /** Why the server refuses, in phase `refused`. */
  readonly refusal?: string;
}

/** The users known by name: the authors of what rooms show, and their members. */
export interface People {
  /** How many are known. */
  readonly size: number;
  /** A user, if known. */
  get(id: UserId): User | undefined;
  /** A user's shown name; their id where none is known. */
  name(id: UserId): string;
}

/** A room's line in the list. */
export interface RoomSummary {
  readonly id: RoomId;
  readonly room: RoomInfo;
  /** Messages not read, not one's own, not deleted. */
  readonly unread: number;
  /** Those of them that mention the user. */
  readonly mentions: number;
  readonly lastMessage?: Message;
  /** Members who are online, as far as known. */
  readonly online: number;
  readonly typing: readonly Typist[];
}

/** The chat as a whole. Its identity changes only when its content does, and so does each part's. */
export interface ChatState {
  readonly connection: Connection;
  /** Who the user is, once the server has said so. */
  readonly me?: User;
  readonly limits: Limits;
  /** What the server sheds or lacks now; empty = all well. */
  readonly degraded: readonly string[];
  /** Whom the user has blocked. */
  readonly blocked: readonly UserId[];
  readonly people: People;
  /** The user's rooms, the one with the newest message first. */
  readonly rooms: readonly RoomSummary[];
  /** Whether unsent messages survive a reload. */
  readonly durable: boolean;
}

/** How far a message of the user's own is. */
export type SendStatus = "pending" | "sent" | "delivered" | "failed";

/** A change of a message that the server has not acknowledged. */
export interface PendingChange {
  readonly clientId: ClientId;
  /** The new text; none of a deletion. */
  readonly content?: string;
  readonly status: SendStatus;
}

/**
 * A message as a conversation shows it: one that the server has, or one of the user's own on its way.
 *
 * `key` stays the same when a message on its way arrives.
 */
export interface ChatMessage {
  readonly key: string;
  /** The server's id; none of a message on its way. */
  readonly id?: MessageId;
  readonly clientId?: ClientId;
  readonly roomId: RoomId;
  readonly userId: UserId;
  readonly type: MessageType;
  /** The text, to be escaped where it is shown; empty of a deleted message. */
  readonly content: string;
  /** Its place in the room; none of a message on its way. */
  readonly seq?: Seq;
  readonly version?: number;
  readonly createdAt: Timestamp;
  readonly editedAt?: Timestamp;
  readonly deletedAt?: Timestamp;
  readonly replyTo?: MessageId;
  readonly threadId?: MessageId;
  readonly thread?: { readonly count: number; readonly lastAt: Timestamp };
  readonly mentions?: readonly UserId[];
  readonly attachments?: readonly Attachment[];
  readonly reactions?: readonly { readonly emoji: string; readonly count: number; readonly mine: boolean }[];
  readonly pinnedAt?: Timestamp;
  readonly metadata?: unknown;
  /** Whether the user wrote it. */
  readonly mine: boolean;
  /** `delivered` of every message that the server has. */
  readonly status: SendStatus;
  /** Why it was refused for good, of a `failed` one. */
  readonly error?: RoomcastError;
  /** An edit or a deletion on its way; the message shows it already. */
  readonly change?: PendingChange;
}

/** An immutable list that shares with its predecessor what did not change. */
export interface List<T> extends Iterable<T> {
  readonly length: number;
  /** The item at this index, from the end if negative. */
  at(index: number): T | undefined;
  map<U>(render: (item: T, index: number) => U): U[];
  slice(start?: number, end?: number): T[];
  /** As an array; the same one for the same list. */
  toArray(): readonly T[];
}

/** A thread that is looked at: its first message and its answers, the newest of them at least. */
export interface ThreadState {
  readonly first?: ChatMessage;
  /** The answers, oldest first: what the server has, then what is on its way. */
  readonly messages: readonly ChatMessage[];
  readonly hasOlder: boolean;
  readonly loadingOlder: boolean;
}

/** One room. Its identity changes only when its content does, and so does each part's. */
export interface RoomState {
  readonly id: RoomId;
  /** `unknown` until the server has answered; `absent` where the user is not in such a room. */
  readonly membership: "unknown" | "member" | "absent";
  readonly room?: RoomInfo;
  readonly role?: Role;
  readonly readSeq: Seq;
  readonly unread: number;
  readonly mentions: number;
  /** The conversation, oldest first: what the server has, then, at its newest end, what is on its way. */
  readonly messages: List<ChatMessage>;
  readonly members: ReadonlyMap<UserId, RoomUser>;
  readonly online: number;
  readonly typing: readonly Typist[];
  /** How far the others have read; only of small rooms. */
  readonly receipts: ReadonlyMap<UserId, Seq>;
  /** The threads that are looked at, by their first message's id. */
  readonly threads: ReadonlyMap<MessageId, ThreadState>;
  readonly hasOlder: boolean;
  readonly loadingOlder: boolean;
  /** Whether there is more after the list's last message: it shows a place in the past. */
  readonly hasNewer: boolean;
  readonly loadingNewer: boolean;
  /** Whether the list is about to show another place. */
  readonly loadingAround: boolean;
  /** Messages that others answer, of those that are not in the list and were looked up. */
  readonly quoted: ReadonlyMap<MessageId, ChatMessage>;
  /** Whether changes are known to be missing, and asked for. */
  readonly catchingUp: boolean;
}

/** A message to send. */
export interface Draft {
  content: string;
  type?: MessageType;
  replyTo?: MessageId;
  threadId?: MessageId;
  mentions?: UserId[];
  attachments?: Attachment[];
  metadata?: Record<string, unknown>;
}

/**
 * A message on its way. It is on screen already; await it to know that the server has it. Not awaiting it is fine:
 * a refusal shows in the room as a `failed` message.
 */
export interface Sent extends PromiseLike<Message> {
  readonly clientId: ClientId;
  readonly status: SendStatus;
}

/** A message, by either of its names. */
export type MessageRef = MessageId | { readonly id?: MessageId; readonly clientId?: ClientId };

/** One room; the same object for the same id. */
export interface Room {
  readonly id: RoomId;
  /**
   * Called after each change, at most once a frame: ten times a second for what others do, four times where that is
   * more than a hundred things a second. What the user does, and its answer, is shown at once.
   */
  subscribe(listener: () => void): Unsubscribe;
  getSnapshot(): RoomState;
  /**
   * Keeps the room up to date until the returned function is called, and a little longer; loads the first page of its
   * past. With `join`, the default, the user becomes a member where they are none.
   */
  open(options?: { join?: boolean }): Unsubscribe;
  /** Becomes a member, or opens the room where the user is one already. */
  join(): Promise<void>;
  /** Ends the membership. */
  leave(): Promise<void>;
  /** Sends through the outbox. Never throws; what is wrong with the message is the result's rejection. */
  send(message: string | Draft): Sent;
  /** Gives a message another text; one that failed is sent again with it. Shown at once. */
  edit(message: MessageRef, content: string): Promise<void>;
  /** Deletes a message; one that failed is forgotten. Shown at once. */
  remove(message: MessageRef): Promise<void>;
  /** Sends a failed message again. */
  retry(message: MessageRef): Promise<void>;
  /** Adds a reaction, or takes it back. Shown at once. */
  react(message: MessageRef, emoji: string, on?: boolean): Promise<void>;
  pin(message: MessageRef, on?: boolean): Promise<void>;
  /** One more page of the past. */
  loadOlder(limit?: number): Promise<void>;
  /** Towards the newest message, where the list shows a place in the past. */
  loadNewer(limit?: number): Promise<void>;
  /** Shows the conversation around a message or a place; a later jump makes this one void. */
  jumpTo(place: Place): Promise<void>;
  /** Shows the newest messages again, and forgets older ones that were loaded. */
  jumpToNewest(): Promise<void>;
  /** Looks up a message that another one answers, for {@link RoomState.quoted}. */
  lookUp(message: MessageId): Promise<void>;
  /** Looks at a thread, for {@link RoomState.threads}, and keeps it up to date until the returned function is called. */
  openThread(first: MessageId): Unsubscribe;
  /** One more page of a thread's past. */
  loadThread(first: MessageId, limit?: number): Promise<void>;
  /** Moves the read cursor to this place; to the newest message by default. */
  markRead(upTo?: Seq): Promise<void>;
  /** To be called with each keystroke; what it costs is limited inside. */
  typing(): void;
  stopTyping(): void;
  /** Every member, in pages. */
  loadMembers(cursor?: string): Promise<{ users: RoomUser[]; next?: string }>;
}

/** A room to make. */
export interface NewRoom {
  name: string;
  roomId?: RoomId;
  visibility?: Visibility;
  members?: UserId[];
  topic?: string;
  policy?: PolicyPatch;
}

/** What happened, for a program that acts upon it; what is shown comes from the snapshots. */
export interface ChatEvents {
  /** Also of the user's own messages, on other devices. */
  message: { message: Message };
  messageUpdated: { message: Message };
  roomEntered: { roomId: RoomId };
  roomLeft: { roomId: RoomId; reason: RemovalReason };
  /** A send was refused for good; it waits for retry, edit or removal. */
  sendFailed: { clientId: ClientId; error: RoomcastError };
  /** An edit or a deletion was refused for good; the message shows as before. */
  changeRefused: { roomId: RoomId; error: RoomcastError };
  /** A send is not stored: it goes out all the same, and a crash before its acknowledgement would lose it. */
  notStored: { clientId: ClientId };
  connection: { phase: Phase };
  presence: { userId: UserId; status: Status };
  /** Something that should not happen did, such as a crash of the core, which was started again. */
  fault: { error: Error };
}

/** A rendered state on its way from a server to a browser, or from a page to the next: JSON, with each room's `rev`. */
export interface ChatSnapshot {
  readonly format: 1;
  readonly chat: unknown;
  readonly rooms: Readonly<Record<RoomId, unknown>>;
}

/** A chat. Nothing happens before {@link Chat.connect}. */
export interface Chat {
  /** Connects, and stays connected. Fulfilled by the first success; rejected where the server refuses for good. */
  connect(): Promise<void>;
  /** Says goodbye. Rooms stay as they are, the outbox waits; {@link Chat.connect} comes back. */
  disconnect(): void;
  /** Ends everything: no socket, timer, listener or database is left. */
  close(): Promise<void>;
  room(id: RoomId): Room;
  subscribe(listener: () => void): Unsubscribe;
  getSnapshot(): ChatState;
  on<E extends keyof ChatEvents>(event: E, listener: (detail: ChatEvents[E]) => void): Unsubscribe;
  /** Makes a room, through the outbox; messages to it can be sent at once. */
  createRoom(room: NewRoom): Promise<RoomInfo>;
  /** A direct room with these users. */
  direct(...users: UserId[]): Promise<RoomInfo>;
  /** Rooms that anybody may join. */
  publicRooms(query?: string, cursor?: string): Promise<{ rooms: RoomInfo[]; next?: string }>;
  /** How the user wants to be seen. */
  setPresence(status: Availability, text?: string): Promise<void>;
  /** Any command of the protocol. */
  request<C extends CommandName>(command: C, payload: CommandPayload<C>): Promise<CommandReply<C>>;
  /** The state for a browser to begin with; of these rooms, or of all that were used. */
  dehydrate(rooms?: readonly RoomId[]): ChatSnapshot;
  /** The recording so far, as JSON lines for `roomcast-replay`; empty without {@link ChatOptions.trace}. */
  trace(): string;
  /** Has the browser save the recording as a file. */
  downloadTrace(name?: string): void;
}

/** An item of the outbox; its content is the core's business. */
export interface StoredItem {
  readonly clientId: ClientId;
  readonly json: string;
}

/** A change of what is stored: an item in place of any of the same id, or none of it. */
export type StorageChange = { put: StoredItem } | { remove: ClientId };

/** An open place that keeps the outbox. */
export interface OpenStorage {
  /** Whether what was said to be stored survives a reload. */
  readonly durable: boolean;
  /** What was kept of the last run. */
  load(): Promise<StoredItem[]>;
  /** Applies all changes in order, all or none; what it fulfilled survives a reload. */
  apply(changes: readonly StorageChange[]): Promise<void>;
  /** What was last shown, to begin with; `undefined` where there is none. */
  loadSnapshot?(): Promise<ChatSnapshot | undefined>;
  /** Keeps what is shown. Nothing is lost where it fails: the server has it. */
  saveSnapshot?(snapshot: ChatSnapshot): Promise<void>;
  close(): void;
}

/** Where the outbox survives. */
export interface Storage {
  open(): Promise<OpenStorage>;
}

export type {
  Attachment,
  Availability,
  ClientId,
  ErrorCode,
  Message,
  MessageId,
  MessageType,
  Place,
  Role,
  RoomId,
  RoomInfo,
  RoomUser,
  Seq,
  Status,
  Timestamp,
  Typist,
  User,
  UserId,
};
