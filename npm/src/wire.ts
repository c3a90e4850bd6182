/** What the core says and hears: the form of its recordings and of its patches. Internal to the package. */

import type {
  ClientId,
  ErrorBody,
  Limits,
  Message,
  MessageId,
  Place,
  Role,
  Room,
  RoomId,
  RoomUser,
  SendMessage,
  Seq,
  Typist,
  User,
  UserId,
} from "./protocol.js";

/** An input, but for frames, which have a door of their own. */
export type Input =
  | "connect"
  | "disconnect"
  | "timeout"
  | { command: { id: number; command: UserCommand } }
  | { opened: { conn: number } }
  | { response: { conn: number; method: HttpRequest["method"]; status: number; body: string } }
  | { closed: { conn: number; why: string } }
  | { token: { req: number; token: string } }
  | { noToken: { req: number; why: string } }
  | { stored: { op: number } }
  | { notStored: { op: number; why: string } }
  | { network: { online: boolean } }
  | { visibility: { visible: boolean } };

export type Target = { message: MessageId } | { pending: ClientId };

export type UserCommand =
  | { Request: { name: string; payload: unknown } }
  | { LoadOlder: { room_id: RoomId; limit: number } }
  | { LoadNewer: { room_id: RoomId; limit: number } }
  | { LoadAround: { room_id: RoomId; place: Place; limit: number } }
  | { JumpToNewest: { room_id: RoomId } }
  | { LoadThread: { room_id: RoomId; thread_id: MessageId; limit: number } }
  | { CloseThread: { room_id: RoomId; thread_id: MessageId } }
  | { Lookup: { room_id: RoomId; message_id: MessageId } }
  | { Edit: { room_id: RoomId; target: Target; content: string } }
  | { Delete: { room_id: RoomId; target: Target } }
  | { React: { room_id: RoomId; target: Target; emoji: string } }
  | { Unreact: { room_id: RoomId; target: Target; emoji: string } }
  | { CreateRoom: unknown }
  | { Retry: ClientId }
  | { Revise: { client_id: ClientId; content: string } }
  | { Discard: ClientId };

/** How a command went. */
export type Outcome = { Ok: "Done" | { Reply: unknown } } | { Err: ErrorBody };

export type SavedItem = {
  send?: { clientId: ClientId };
  change?: { clientId: ClientId };
  reaction?: { clientId: ClientId };
  create?: { clientId: ClientId };
};

/** A request of long polling. */
export type HttpRequest = { conn: number; method: "Get" | "Post"; path_and_query: string; body: string };

/** Something to do; `true` stands for changes of what is shown. */
export type Effect =
  | true
  | { Connect: { conn: number; transport: string; path_and_query: string } }
  | { Send: { conn: number; frame: string } }
  | { Request: HttpRequest }
  | { Close: { conn: number } }
  | { FetchToken: { req: number; reason: "Connect" | "Refused" | "Expiring" } }
  | { Persist: { id: number; change: { Put: SavedItem } | { Remove: ClientId } } }
  | { Resolve: { id: number; result: Outcome } }
  | { Notice: Notice };

export type WirePhase = string | { Refused: string };

export type Notice =
  | { NewMessage: Message }
  | { MessageUpdated: Message }
  | { RoomEntered: RoomId }
  | { RoomLeft: [RoomId, string] }
  | { SendFailed: [ClientId, ErrorBody] }
  | { ChangeRefused: [RoomId, unknown, ErrorBody] }
  | { NotStored: ClientId }
  | { Connection: WirePhase }
  | { Presence: [UserId, string] }
  | Record<string, unknown>;

export type WireStatus = "pending" | "sent" | "delivered" | { failed: ErrorBody };

export type PendingWire = { clientId: ClientId; send: SendMessage; createdMs: number; status: WireStatus };

export type ConnectionWire = { phase: WirePhase; transport: "WebSocket" | "Polling" | null; attempt: number; retryAt: number | null; error: string | null };

export type SummaryWire = {
  room: Room;
  unread: number;
  mentions: number;
  lastMessage: Message | null;
  online: number;
  typing: Typist[];
};

export type ClientPatch = {
  connection?: ConnectionWire;
  me?: User;
  limits?: Limits;
  degraded?: string[];
  blocked?: UserId[];
  people?: User[];
  order?: { at: number; drop: number; put: RoomId[] };
  summaries?: SummaryWire[];
};

export type RoomPatch = {
  member?: boolean;
  room?: Room;
  role?: Role;
  readSeq?: Seq;
  unread?: number;
  mentions?: number;
  timeline?: { start: Seq; end: Seq; put: Message[] };
  changes?: { messageId: MessageId; clientId: ClientId; content?: string; status: WireStatus }[];
  pending?: PendingWire[];
  members?: { put: RoomUser[]; gone?: UserId[] };
  online?: number;
  typing?: Typist[];
  receipts?: { put: [UserId, Seq][]; gone?: UserId[] };
  quoted?: Message[];
  hasOlder?: boolean;
  hasNewer?: boolean;
  loadingOlder?: boolean;
  loadingNewer?: boolean;
  loadingAround?: boolean;
  catchingUp?: boolean;
};

export type ThreadPatch = {
  open?: boolean;
  first?: Message;
  timeline?: { start: Seq; end: Seq; put: Message[] };
  pending?: PendingWire[];
  hasOlder?: boolean;
  loadingOlder?: boolean;
};

export type ThreadPatches = Record<MessageId, ThreadPatch>;

export type Patch = {
  client?: ClientPatch;
  rooms?: Record<RoomId, RoomPatch>;
  threads?: Record<RoomId, ThreadPatches>;
};
