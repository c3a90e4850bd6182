/** A user: the `sub` of their tokens. */
export type UserId = string;
/** A room. */
export type RoomId = string;
/** A message, as the server calls it. */
export type MessageId = string;
/** A send, as its sender calls it. */
export type ClientId = string;
/** The n-th message of a room, dense from 1. */
export type Seq = number;
/** The n-th durable change of a room of any kind, dense from 1. */
export type Rev = number;
/** Milliseconds since the Unix epoch, set by the server. */
export type Timestamp = number;

export type User = { id: UserId; name: string; avatarUrl?: string };
export type Role = "member" | "moderator" | "owner";
export type Status = "online" | "away" | "busy" | "offline" | "unknown";
export type Availability = "online" | "away" | "busy" | "invisible";
export type RoomUser = { userId: UserId; username: string; role: Role; status: Status; lastSeenAt?: Timestamp };
export type MessageType = "text" | "image" | "file" | "system" | `x-${string}`;
export type Attachment = { url: string; name?: string; mime?: string; size?: number; width?: number; height?: number };
export type Reaction = { emoji: string; count: number; mine: boolean };
export type ThreadSummary = { count: number; lastAt: Timestamp };
export type Message = {
  id: MessageId;
  roomId: RoomId;
  userId: UserId;
  clientId?: ClientId;
  type: MessageType;
  content: string;
  seq: Seq;
  rev: Rev;
  version: number;
  createdAt: Timestamp;
  editedAt?: Timestamp;
  deletedAt?: Timestamp;
  replyTo?: MessageId;
  threadId?: MessageId;
  thread?: ThreadSummary;
  mentions?: Array<UserId>;
  attachments?: Array<Attachment>;
  reactions?: Array<Reaction>;
  pinnedAt?: Timestamp;
  metadata?: unknown;
};
export type Visibility = "public" | "private" | "direct";
export type Policy = {
  whoMayPost: Role;
  whoMayInvite: Role;
  slowModeMs: number;
  editWindowMs: number;
  maxMembers: number;
};
export type Room = {
  id: RoomId;
  name: string;
  topic?: string;
  visibility: Visibility;
  policy: Policy;
  rev: Rev;
  seq: Seq;
  memberCount: number;
  createdAt: Timestamp;
};
export type Typist = { userId: UserId; username: string };
export type PolicyPatch = Partial<Policy>;
export type RemovalReason = "left" | "removed" | "banned" | "deleted";
export type Limits = {
  frameBytes: number;
  textGraphemes: number;
  textBytes: number;
  nameBytes: number;
  topicBytes: number;
  metadataBytes: number;
  mentions: number;
  attachments: number;
  ids: number;
  page: number;
  roomsPerUser: number;
  inFlight: number;
  inboundPerSecond: number;
  sendsPerSecond: number;
  receiptsMembers: number;
  presenceMembers: number;
  typingMembers: number;
};
export type ErrorCode =
  | "bad_request"
  | "too_large"
  | "conflict"
  | "not_found"
  | "forbidden"
  | "not_member"
  | "gone"
  | "quota_exceeded"
  | "unsupported"
  | "unauthenticated"
  | "revoked"
  | "token_expired"
  | "rate_limited"
  | "unavailable"
  | "overloaded"
  | "timeout"
  | "internal";
export type ErrorDetails = { field?: string; limit?: number };
export type ErrorBody = {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  retryAfterMs?: number;
  details?: ErrorDetails;
  requestId: string;
};
/** Every command with its payload and its reply. */
export type Commands = Record<string, { payload: unknown; reply: unknown }>;
export type CommandName = keyof Commands;
export type CommandPayload<C extends CommandName> = Commands[C]["payload"];
export type CommandReply<C extends CommandName> = Commands[C]["reply"];
export type SendMessage = {
  roomId: RoomId;
  content: string;
  type?: MessageType;
  clientId?: ClientId;
  after?: ClientId;
  replyTo?: MessageId;
  threadId?: MessageId;
  mentions?: Array<UserId>;
  attachments?: Array<Attachment>;
  metadata?: unknown;
};
export const DEFAULT_LIMITS = {} as Limits;
