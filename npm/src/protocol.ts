/** What the server and its clients say to one another. Made by `cargo xtask codegen`; not to be changed here. */

/**
 * Bring others into a room.
 */
export type AddMembers = { 
/**
 * Which room.
 */
roomId: RoomId, 
/**
 * Whom.
 */
userIds: Array<UserId>, };

/**
 * The receiver is in this room from now on; sent to all their devices.
 */
export type AddedToRoom = { 
/**
 * The room as they enter it.
 */
room: RoomState, };

/**
 * Something that comes with a message and lives elsewhere.
 */
export type Attachment = { 
/**
 * Where it is: `https:` or `http:`.
 */
url: string, 
/**
 * File name.
 */
name?: string, 
/**
 * Media type.
 */
mime?: string, 
/**
 * Size in bytes.
 */
size?: number, 
/**
 * Width in pixels.
 */
width?: number, 
/**
 * Height in pixels.
 */
height?: number, };

/**
 * The `auth` of a connect. Fields of others are ignored: stock clients put their own there.
 */
export type Auth = { 
/**
 * A JSON Web Token.
 */
token: string, 
/**
 * What the client already has.
 */
resume?: Resume, 
/**
 * Which program it is.
 */
client?: ClientInfo, };

/**
 * What a user chooses to be seen as while connected.
 */
export type Availability = "online" | "away" | "busy" | "invisible";

/**
 * Block or unblock somebody: who is blocked cannot bring the caller into a room.
 */
export type Block = { 
/**
 * Whom.
 */
userId: UserId, };

/**
 * Done, as this change of the room; without one where nothing had to change.
 */
export type Changed = { 
/**
 * The room's newest change after the command.
 */
rev?: Rev, };

/**
 * A send, made by the client (UUIDv7): unique for ever per room and author (G-4).
 */
export type ClientId = string;

/**
 * Which program connects; for logs and metrics.
 */
export type ClientInfo = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its version.
 */
version: string, };

/**
 * Make a room; the caller becomes its owner.
 */
export type CreateRoom = { 
/**
 * The wished id; without one the server makes it.
 */
roomId?: RoomId, 
/**
 * Shown name.
 */
name: string, 
/**
 * Who finds it.
 */
visibility: Visibility, 
/**
 * Who else is in it from the start.
 */
members?: Array<UserId>, 
/**
 * What it is about.
 */
topic?: string, 
/**
 * Rules that differ from the defaults.
 */
policy?: PolicyPatch, };

/**
 * What the server knows of this connection; only in debug mode.
 */
export type Debug = { 
/**
 * The connection.
 */
socketId: string, 
/**
 * The user.
 */
userId: UserId, 
/**
 * The rooms that it receives from.
 */
rooms: Array<RoomId>, 
/**
 * The transport in use.
 */
transport: string, 
/**
 * When the token runs out.
 */
expiresAt: Timestamp, };

/**
 * What the server sheds or lacks now; empty = all well.
 */
export type Degraded = { 
/**
 * Names of features or parts.
 */
features: Array<string>, };

/**
 * Delete a message; its place stays.
 */
export type DeleteMessage = { 
/**
 * Which.
 */
messageId: MessageId, };

/**
 * End a room.
 */
export type DeleteRoom = { 
/**
 * Which.
 */
roomId: RoomId, };

/**
 * How a room's changes are told to a client that already has some (G-10).
 */
export type DeltaKind = "upToDate" | "delta" | "reset" | "gone";

/**
 * Done; nothing durable changed.
 */
export type Done = Record<symbol, never>;

/**
 * Change a message's text.
 */
export type EditMessage = { 
/**
 * Which.
 */
messageId: MessageId, 
/**
 * The new text.
 */
content: string, 
/**
 * Refuse with `conflict` where the message has moved on from this version.
 */
ifVersion?: number, };

/**
 * One life of a database. Another epoch means that no `rev` of before says anything (G-10).
 */
export type Epoch = string;

/**
 * The `error` of a refused command.
 */
export type ErrorBody = { 
/**
 * What a program decides by.
 */
code: ErrorCode, 
/**
 * What a developer reads: "unable to X; Y".
 */
message: string, 
/**
 * Whether the same command, sent again, can succeed.
 */
retryable: boolean, 
/**
 * Wait at least so long, in milliseconds.
 */
retryAfterMs?: number, 
/**
 * Which field or limit it was.
 */
details?: ErrorDetails, 
/**
 * Finds the cause in the server's log.
 */
requestId: string, };

/**
 * What went wrong, as a client must tell apart.
 */
export type ErrorCode = "bad_request" | "too_large" | "conflict" | "not_found" | "forbidden" | "not_member" | "gone" | "quota_exceeded" | "unsupported" | "unauthenticated" | "revoked" | "token_expired" | "rate_limited" | "unavailable" | "overloaded" | "timeout" | "internal";

/**
 * What an error is about.
 */
export type ErrorDetails = { 
/**
 * The payload's field.
 */
field?: string, 
/**
 * The limit that was passed.
 */
limit?: number, 
/**
 * When it is over: a mute.
 */
until?: Timestamp, };

/**
 * A page of findings.
 */
export type Found = { 
/**
 * The messages.
 */
messages: Array<Message>, 
/**
 * Who wrote them, each once.
 */
authors?: Array<User>, 
/**
 * Where the next page begins.
 */
next?: string, };

/**
 * Read history: the page before, after, or around a place; the newest page without any.
 */
export type GetMessages = { 
/**
 * Which room.
 */
roomId: RoomId, 
/**
 * Older than this.
 */
before?: Seq, 
/**
 * Newer than this.
 */
after?: Seq, 
/**
 * On both sides of this, and this.
 */
around?: Place, 
/**
 * Only of this thread, with the message that it hangs on.
 */
threadId?: MessageId, 
/**
 * Only those that are pinned.
 */
pinned?: boolean, 
/**
 * Most messages of the page.
 */
limit?: number, };

/**
 * Read the cursors of a room.
 */
export type GetReceipts = { 
/**
 * Which room.
 */
roomId: RoomId, };

/**
 * Who is online in a room; with `all`, every member, in pages.
 */
export type GetRoomUsers = { 
/**
 * Which room.
 */
roomId: RoomId, 
/**
 * Every member, not only those online.
 */
all?: boolean, 
/**
 * Where the last page ended.
 */
cursor?: string, 
/**
 * Most entries of a page.
 */
limit?: number, };

/**
 * The newest change of each room that changed since the last digest (G-8).
 */
export type Heads = { 
/**
 * Room and `rev`.
 */
rooms: { [key in RoomId]: Rev }, };

/**
 * Everything that a client needs to begin, sent once after connecting.
 */
export type InitialState = { 
/**
 * The database's life that all revs belong to.
 */
epoch: Epoch, 
/**
 * Who the receiver is.
 */
user: User, 
/**
 * The rooms that the client did not name in `resume`.
 */
rooms: Array<RoomState>, 
/**
 * The answer to each room that it did name.
 */
deltas: Array<RoomDelta>, 
/**
 * Those who are online in the receiver's rooms, as far as rooms are small enough for names.
 */
presence: Array<UserPresence>, 
/**
 * Whom the receiver has blocked.
 */
blocked: Array<UserId>, 
/**
 * What is in force.
 */
limits: Limits, 
/**
 * The server's clock.
 */
serverTime: Timestamp, 
/**
 * Where `list-rooms` goes on, when there are more rooms than fit.
 */
next?: string, };

/**
 * Enter a room, or open one that the caller is in already.
 */
export type JoinRoom = { 
/**
 * Which.
 */
roomId: RoomId, };

/**
 * A JSON text, kept as it was sent. Equality is of the text.
 */
export type Json = unknown;

/**
 * End one's membership.
 */
export type LeaveRoom = { 
/**
 * Which room.
 */
roomId: RoomId, };

/**
 * Sizes and counts. The server's are in force; a client that was not told uses the defaults.
 */
export type Limits = { 
/**
 * Longest packet, in bytes.
 */
frameBytes: number, 
/**
 * Longest message text, in user-perceived characters.
 */
textGraphemes: number, 
/**
 * Longest message text, in bytes of UTF-8.
 */
textBytes: number, 
/**
 * Longest name of a room or a user, in bytes.
 */
nameBytes: number, 
/**
 * Longest topic or status text, in bytes.
 */
topicBytes: number, 
/**
 * Longest `metadata`, in bytes of JSON.
 */
metadataBytes: number, 
/**
 * Most mentions in a message.
 */
mentions: number, 
/**
 * Most attachments of a message.
 */
attachments: number, 
/**
 * Most different reactions to a message.
 */
reactions: number, 
/**
 * Most ids in one list of a command (members, read marks, rooms to synchronise).
 */
ids: number, 
/**
 * Most items of one page.
 */
page: number, 
/**
 * Most rooms that a user can be in.
 */
roomsPerUser: number, 
/**
 * Most commands of one connection that are under way at once.
 */
inFlight: number, 
/**
 * Commands a second of one connection.
 */
inboundPerSecond: number, 
/**
 * Messages a second of one user.
 */
sendsPerSecond: number, 
/**
 * Receipts go by name in rooms of at most so many.
 */
receiptsMembers: number, 
/**
 * Presence goes by name in rooms of at most so many.
 */
presenceMembers: number, 
/**
 * Typing goes out in rooms of at most so many.
 */
typingMembers: number, };

/**
 * List rooms, in pages.
 */
export type ListRooms = { 
/**
 * Which.
 */
scope: RoomScope, 
/**
 * Only those whose name holds this.
 */
query?: string, 
/**
 * Where the last page ended.
 */
cursor?: string, 
/**
 * Most entries of a page.
 */
limit?: number, };

/**
 * Say how far one has read.
 */
export type MarkRead = Array<MessageId> | ReadUpTo;

/**
 * A membership as the log of a room's changes carries it. One that ended has `left_at`.
 */
export type Member = { 
/**
 * Who.
 */
userId: UserId, 
/**
 * Shown name.
 */
username: string, 
/**
 * Picture.
 */
avatarUrl?: string, 
/**
 * Role in the room.
 */
role: Role, 
/**
 * Since when.
 */
joinedAt: Timestamp, 
/**
 * Until when.
 */
leftAt?: Timestamp, 
/**
 * Not allowed to say anything until then.
 */
mutedUntil?: Timestamp, 
/**
 * The change that last touched this membership.
 */
rev: Rev, };

/**
 * A member's role or standing changed.
 */
export type MemberUpdated = { 
/**
 * Where.
 */
roomId: RoomId, 
/**
 * The member as they now are.
 */
member: Member, 
/**
 * The room's change that this is.
 */
rev: Rev, };

/**
 * A message. A deleted one keeps its place, with empty content and `deleted_at`.
 */
export type Message = { 
/**
 * Made by the server.
 */
id: MessageId, 
/**
 * Where.
 */
roomId: RoomId, 
/**
 * By whom.
 */
userId: UserId, 
/**
 * The sender's own id for it.
 */
clientId?: ClientId, 
/**
 * What it is.
 */
type: MessageType, 
/**
 * The text, as sent, in NFC. To be escaped where it is shown.
 */
content: string, 
/**
 * Its place in the room.
 */
seq: Seq, 
/**
 * The change that last touched it.
 */
rev: Rev, 
/**
 * 1, and one more with each edit.
 */
version: number, 
/**
 * When the server took it.
 */
createdAt: Timestamp, 
/**
 * When it was last edited.
 */
editedAt?: Timestamp, 
/**
 * When it was deleted.
 */
deletedAt?: Timestamp, 
/**
 * The message that it answers.
 */
replyTo?: MessageId, 
/**
 * The first message of its thread.
 */
threadId?: MessageId, 
/**
 * On the first message of a thread.
 */
thread?: ThreadSummary, 
/**
 * Who is called by name.
 */
mentions?: Array<UserId>, 
/**
 * What comes with it.
 */
attachments?: Array<Attachment>, 
/**
 * What others say with one sign.
 */
reactions?: Array<Reaction>, 
/**
 * Since when it is pinned.
 */
pinnedAt?: Timestamp, 
/**
 * The application's own object.
 */
metadata?: Json, };

/**
 * A message's text changed, or it was deleted.
 */
export type MessageChanged = { 
/**
 * The message as it now is.
 */
message: Message, 
/**
 * The room's change that this is.
 */
rev: Rev, };

/**
 * A message, made by the server (UUIDv7).
 */
export type MessageId = string;

/**
 * A message as it now is.
 */
export type MessageStored = { 
/**
 * The message.
 */
message: Message, 
/**
 * The change that the command made; the message's last one where it had been made before.
 */
rev: Rev, };

/**
 * What a message is. An application's own kinds are named `x-…`.
 */
export type MessageType = "text" | "image" | "file" | "system" | `x-${string}`;

/**
 * A message's reactions or its pin changed. The same goes to everybody, so `mine` is false in all reactions of
 * the message: a receiver keeps its own, but for what `by` says of it.
 */
export type MessageUpdated = { 
/**
 * The message as it now is.
 */
message: Message, 
/**
 * The reaction that it was, if it was one.
 */
by?: ReactionChange, 
/**
 * The room's change that this is.
 */
rev: Rev, };

/**
 * A page of history, by `seq`.
 */
export type Messages = { 
/**
 * The messages.
 */
messages: Array<Message>, 
/**
 * Whether there are more in the direction asked for.
 */
hasMore: boolean, 
/**
 * Who wrote them, each once.
 */
authors?: Array<User>, };

/**
 * Somebody's read cursor moved.
 */
export type MessagesRead = { 
/**
 * Whose.
 */
userId: UserId, 
/**
 * The newest messages that it passed, capped.
 */
messageIds: Array<MessageId>, 
/**
 * Where.
 */
roomId: RoomId, 
/**
 * The cursor now.
 */
readSeq: Seq, };

/**
 * A message was posted.
 */
export type NewMessage = { 
/**
 * The message.
 */
message: Message, 
/**
 * Its author.
 */
user: User, 
/**
 * The room's change that this is.
 */
rev: Rev, };

/**
 * How many are online in a room too large for presence by name.
 */
export type Occupancy = { 
/**
 * Where.
 */
roomId: RoomId, 
/**
 * How many.
 */
online: number, };

/**
 * Pin or unpin a message.
 */
export type Pin = { 
/**
 * Which.
 */
messageId: MessageId, };

/**
 * A message of a room, by its place or by its id.
 */
export type Place = Seq | MessageId;

/**
 * A room's rules.
 */
export type Policy = { 
/**
 * From which role on one may post.
 */
whoMayPost: Role, 
/**
 * From which role on one may add others.
 */
whoMayInvite: Role, 
/**
 * From which role on one may pin; in a direct room everybody may.
 */
whoMayPin: Role, 
/**
 * Least time between two messages of one member, in milliseconds; 0 = none.
 */
slowModeMs: number, 
/**
 * How long an author may edit, in milliseconds; 0 = for ever.
 */
editWindowMs: number, 
/**
 * Most members.
 */
maxMembers: number, };

/**
 * The rules to set; those left out stay.
 */
export type PolicyPatch = { 
/**
 * From which role on one may post.
 */
whoMayPost?: Role, 
/**
 * From which role on one may add others.
 */
whoMayInvite?: Role, 
/**
 * From which role on one may pin.
 */
whoMayPin?: Role, 
/**
 * Least time between two messages of one member, in milliseconds.
 */
slowModeMs?: number, 
/**
 * How long an author may edit, in milliseconds.
 */
editWindowMs?: number, 
/**
 * Most members.
 */
maxMembers?: number, };

/**
 * Somebody changed between online states.
 */
export type PresenceChanged = { 
/**
 * Who.
 */
userId: UserId, 
/**
 * What others see.
 */
status: Status, 
/**
 * Their own words.
 */
text?: string, };

/**
 * Add or take back one's reaction.
 */
export type React = { 
/**
 * To which message.
 */
messageId: MessageId, 
/**
 * With what.
 */
emoji: string, 
/**
 * The newest change of the room that is known. Refuse with `conflict` where one's own reaction has been changed
 * behind it: an attempt that comes late must not undo what was wanted since.
 */
ifRev?: Rev, };

/**
 * One emoji under a message.
 */
export type Reaction = { 
/**
 * Which.
 */
emoji: string, 
/**
 * By how many.
 */
count: number, 
/**
 * Whether the reader is among them. Always false in what goes out once for all: an event tells who it was.
 */
mine: boolean, };

/**
 * A reaction that somebody gave or took back.
 */
export type ReactionChange = { 
/**
 * Who.
 */
userId: UserId, 
/**
 * With what.
 */
emoji: string, 
/**
 * Whether it is there now.
 */
added: boolean, };

/**
 * A place in a room.
 */
export type ReadUpTo = { 
/**
 * Which room.
 */
roomId: RoomId, 
/**
 * Up to and including this message.
 */
upToSeq: Seq, };

/**
 * How far somebody has read.
 */
export type Receipt = { 
/**
 * Who.
 */
userId: UserId, 
/**
 * Up to and including this message.
 */
readSeq: Seq, };

/**
 * The cursors of a room.
 */
export type Receipts = { 
/**
 * The cursors.
 */
receipts: Array<Receipt>, };

/**
 * Swap the connection's token for a fresh one of the same user.
 */
export type RefreshToken = { 
/**
 * A JSON Web Token.
 */
token: string, };

/**
 * Why the receiver is out of a room.
 */
export type RemovalReason = "left" | "removed" | "banned" | "deleted";

/**
 * Put somebody out of a room.
 */
export type RemoveMember = { 
/**
 * Which room.
 */
roomId: RoomId, 
/**
 * Whom.
 */
userId: UserId, };

/**
 * The receiver is not in this room any more; sent to all their devices.
 */
export type RemovedFromRoom = { 
/**
 * Which.
 */
roomId: RoomId, 
/**
 * Why.
 */
reason: RemovalReason, };

/**
 * The state that a client resumes from (G-10).
 */
export type Resume = { 
/**
 * The database's life that the revs belong to.
 */
epoch: Epoch, 
/**
 * The newest change of each room that the client has applied.
 */
rooms: { [key in RoomId]: Rev }, };

/**
 * The n-th durable change of a room of any kind, dense from 1. Synchronise by it (G-1).
 */
export type Rev = number;

/**
 * What a member may do in a room, weakest first.
 */
export type Role = "member" | "moderator" | "owner";

/**
 * A room.
 */
export type Room = { 
/**
 * Its id.
 */
id: RoomId, 
/**
 * Shown name.
 */
name: string, 
/**
 * What it is about.
 */
topic?: string, 
/**
 * Who finds it.
 */
visibility: Visibility, 
/**
 * Its rules.
 */
policy: Policy, 
/**
 * Its newest change.
 */
rev: Rev, 
/**
 * Its newest message's place.
 */
seq: Seq, 
/**
 * How many are in it.
 */
memberCount: number, 
/**
 * Since when.
 */
createdAt: Timestamp, };

/**
 * A room as it now is.
 */
export type RoomChanged = { 
/**
 * The room.
 */
room: Room, 
/**
 * The change that the command made; without one where nothing had to change.
 */
rev?: Rev, };

/**
 * A room is no more.
 */
export type RoomDeleted = { 
/**
 * Which.
 */
roomId: RoomId, 
/**
 * The room's last change.
 */
rev: Rev, };

/**
 * What happened in a room since a `rev`.
 */
export type RoomDelta = { 
/**
 * Which room.
 */
roomId: RoomId, 
/**
 * How to read the rest.
 */
kind: DeltaKind, 
/**
 * The room's `rev` after this delta.
 */
rev: Rev, 
/**
 * Messages as they are now, by `seq`.
 */
messages?: Array<Message>, 
/**
 * Who wrote them, each once.
 */
authors?: Array<User>, 
/**
 * Memberships as they are now, ended ones among them.
 */
members?: Array<Member>, 
/**
 * How many are in the room at `rev`; always beside `members`.
 */
memberCount?: number, 
/**
 * Cursors that moved.
 */
receipts?: Array<Receipt>, 
/**
 * The room as it is now: with a reset always, with a delta where its settings changed.
 */
room?: RoomState, 
/**
 * Whether messages older than those given exist, or (with a delta) newer changes to ask for.
 */
hasMore?: boolean, };

/**
 * A room as its member enters it.
 */
export type RoomEntered = { 
/**
 * The room.
 */
room: RoomState, };

/**
 * A room: 1 to 64 of `A-Z a-z 0-9 _ -`, chosen by its creator or made by the server.
 */
export type RoomId = string;

/**
 * Which rooms to list.
 */
export type RoomScope = "mine" | "public";

/**
 * A room as one of its members enters it.
 */
export type RoomState = { 
/**
 * The member's role.
 */
role: Role, 
/**
 * The member's read cursor.
 */
readSeq: Seq, 
/**
 * Messages after the cursor, not the member's own, not deleted (G-12), at the room's `rev`.
 */
unread: number, 
/**
 * Those of them that mention the member.
 */
mentions: number, 
/**
 * The newest message.
 */
lastMessage?: Message, 
/**
 * Who wrote it.
 */
authors?: Array<User>, 
/**
 * Who is online, capped.
 */
users: Array<RoomUser>, 
/**
 * Who is typing.
 */
typing: Array<Typist>, 
/**
 * The read cursors of all, in rooms small enough for receipts by name.
 */
receipts: Array<Receipt>, 
/**
 * Its id.
 */
id: RoomId, 
/**
 * Shown name.
 */
name: string, 
/**
 * What it is about.
 */
topic?: string, 
/**
 * Who finds it.
 */
visibility: Visibility, 
/**
 * Its rules.
 */
policy: Policy, 
/**
 * Its newest change.
 */
rev: Rev, 
/**
 * Its newest message's place.
 */
seq: Seq, 
/**
 * How many are in it.
 */
memberCount: number, 
/**
 * Since when.
 */
createdAt: Timestamp, };

/**
 * A room's settings changed.
 */
export type RoomUpdated = { 
/**
 * The room as it now is.
 */
room: Room, 
/**
 * The room's change that this is.
 */
rev: Rev, };

/**
 * A member as a room's user list shows them.
 */
export type RoomUser = { 
/**
 * Who.
 */
userId: UserId, 
/**
 * Shown name.
 */
username: string, 
/**
 * Role in this room.
 */
role: Role, 
/**
 * Presence now.
 */
status: Status, 
/**
 * When they were last connected; only of those who are not.
 */
lastSeenAt?: Timestamp, };

/**
 * A page of members.
 */
export type RoomUsers = { 
/**
 * The members.
 */
users: Array<RoomUser>, 
/**
 * Where the next page begins.
 */
next?: string, };

/**
 * A page of rooms.
 */
export type Rooms = { 
/**
 * The rooms.
 */
rooms: Array<Room>, 
/**
 * Where the next page begins.
 */
next?: string, };

/**
 * Ban, unban, mute or unmute somebody in a room.
 */
export type Sanction = { 
/**
 * Which room.
 */
roomId: RoomId, 
/**
 * Whom.
 */
userId: UserId, 
/**
 * Why, for the log.
 */
reason?: string, 
/**
 * Until when; without it, until it is lifted.
 */
untilMs?: Timestamp, };

/**
 * Find messages by their words.
 */
export type SearchMessages = { 
/**
 * Only in this room.
 */
roomId?: RoomId, 
/**
 * The words.
 */
query: string, 
/**
 * Where the last page ended.
 */
cursor?: string, 
/**
 * Most messages of a page.
 */
limit?: number, };

/**
 * Post a message.
 */
export type SendMessage = { 
/**
 * Where.
 */
roomId: RoomId, 
/**
 * The text; may be empty where attachments say it.
 */
content: string, 
/**
 * What it is.
 */
type?: MessageType, 
/**
 * The sender's own id: the same again is the same message, for ever (G-4).
 */
clientId?: ClientId, 
/**
 * The sender's message before this one in this room, where it was not acknowledged yet: without it there,
 * this one is refused with `unavailable`. So a refusal in a pipeline does not cost the order (G-11).
 */
after?: ClientId, 
/**
 * The message that it answers.
 */
replyTo?: MessageId, 
/**
 * The first message of the thread that it belongs to.
 */
threadId?: MessageId, 
/**
 * Who is called by name.
 */
mentions?: Array<UserId>, 
/**
 * What comes with it.
 */
attachments?: Array<Attachment>, 
/**
 * The application's own object.
 */
metadata?: Json, };

/**
 * The n-th message of a room, dense from 1. Order by it.
 */
export type Seq = number;

/**
 * This node is about to stop.
 */
export type ServerDraining = { 
/**
 * Come back after so many milliseconds.
 */
reconnectInMs: number, 
/**
 * When the connection will be closed at the latest.
 */
deadline: Timestamp, };

/**
 * Give a member a role.
 */
export type SetRole = { 
/**
 * Which room.
 */
roomId: RoomId, 
/**
 * Whom.
 */
userId: UserId, 
/**
 * What they become.
 */
role: Role, };

/**
 * Whether somebody is there, as others see it.
 */
export type Status = "online" | "away" | "busy" | "offline" | "unknown";

/**
 * What happened since these revs (G-10).
 */
export type Sync = { 
/**
 * The database's life that they belong to.
 */
epoch: Epoch, 
/**
 * The newest change of each room that the client has applied.
 */
rooms: { [key in RoomId]: Rev }, };

/**
 * What happened since.
 */
export type Synced = { 
/**
 * The database's life that the revs belong to.
 */
epoch: Epoch, 
/**
 * One for each room asked for.
 */
rooms: Array<RoomDelta>, };

/**
 * What hangs below the first message of a thread. Replies that were deleted keep their place, so they count.
 */
export type ThreadSummary = { 
/**
 * How many replies.
 */
count: number, 
/**
 * When the newest came.
 */
lastAt: Timestamp, };

/**
 * Milliseconds since the Unix epoch, set by the server.
 */
export type Timestamp = number;

/**
 * The connection's token is about to run out.
 */
export type TokenExpiring = { 
/**
 * When.
 */
expiresAt: Timestamp, };

/**
 * The token is swapped.
 */
export type TokenRefreshed = { 
/**
 * When the new one runs out.
 */
expiresAt: Timestamp, };

/**
 * The user's access was withdrawn; a disconnect follows.
 */
export type TokenRevoked = Record<symbol, never>;

/**
 * The caller is typing in this room.
 */
export type TypingStart = RoomId;

/**
 * The caller has stopped typing in this room.
 */
export type TypingStop = RoomId;

/**
 * Somebody who is typing.
 */
export type Typist = { 
/**
 * Who.
 */
userId: UserId, 
/**
 * Shown name.
 */
username: string, };

/**
 * Choose how one is seen.
 */
export type UpdatePresence = { 
/**
 * The choice.
 */
status: Availability, 
/**
 * A few words.
 */
text?: string, };

/**
 * Change a room's settings; those left out stay. An empty topic takes it away.
 */
export type UpdateRoom = { 
/**
 * Which.
 */
roomId: RoomId, 
/**
 * Shown name.
 */
name?: string, 
/**
 * What it is about.
 */
topic?: string, 
/**
 * Rules to set.
 */
policy?: PolicyPatch, };

/**
 * Who somebody is, from their token's claims.
 */
export type User = { 
/**
 * The token's `sub`.
 */
id: UserId, 
/**
 * Shown name.
 */
name: string, 
/**
 * Picture.
 */
avatarUrl?: string, };

/**
 * A user: the `sub` of their tokens, 1 to 128 bytes of visible text.
 */
export type UserId = string;

/**
 * Somebody became a member.
 */
export type UserJoined = { 
/**
 * Where.
 */
roomId: RoomId, 
/**
 * Who.
 */
user: User, 
/**
 * The room's change that this is.
 */
rev: Rev, };

/**
 * Somebody's membership ended.
 */
export type UserLeft = { 
/**
 * Where.
 */
roomId: RoomId, 
/**
 * Whose.
 */
userId: UserId, 
/**
 * The room's change that this is.
 */
rev: Rev, };

/**
 * Somebody went offline.
 */
export type UserOffline = { 
/**
 * Who.
 */
userId: UserId, 
/**
 * When they were last connected.
 */
lastSeenAt?: Timestamp, };

/**
 * Somebody came online.
 */
export type UserOnline = { 
/**
 * Who.
 */
userId: UserId, };

/**
 * Somebody's presence as `initial-state` lists it.
 */
export type UserPresence = { 
/**
 * Who.
 */
userId: UserId, 
/**
 * What others see.
 */
status: Status, 
/**
 * Their own words.
 */
text?: string, 
/**
 * When they were last connected.
 */
lastSeenAt?: Timestamp, };

/**
 * Somebody stopped typing.
 */
export type UserStoppedTyping = { 
/**
 * Where.
 */
roomId: RoomId, 
/**
 * Who.
 */
userId: UserId, };

/**
 * Somebody is typing.
 */
export type UserTyping = { 
/**
 * Where.
 */
roomId: RoomId, 
/**
 * Who.
 */
userId: UserId, 
/**
 * Shown name.
 */
username: string, };

/**
 * Who finds a room and who comes in.
 */
export type Visibility = "public" | "private" | "direct";

/** Every command with its payload and its reply. */
export type Commands = {
  "join-room": { payload: JoinRoom; reply: RoomEntered };
  "leave-room": { payload: LeaveRoom; reply: Changed };
  "get-room-users": { payload: GetRoomUsers; reply: RoomUsers };
  "send-message": { payload: SendMessage; reply: MessageStored };
  "edit-message": { payload: EditMessage; reply: MessageStored };
  "delete-message": { payload: DeleteMessage; reply: MessageStored };
  "mark-read": { payload: MarkRead; reply: Done };
  "typing-start": { payload: TypingStart; reply: Done };
  "typing-stop": { payload: TypingStop; reply: Done };
  "update-presence": { payload: UpdatePresence; reply: Done };
  "create-room": { payload: CreateRoom; reply: RoomEntered };
  "update-room": { payload: UpdateRoom; reply: RoomChanged };
  "delete-room": { payload: DeleteRoom; reply: Changed };
  "list-rooms": { payload: ListRooms; reply: Rooms };
  "add-members": { payload: AddMembers; reply: Changed };
  "remove-member": { payload: RemoveMember; reply: Changed };
  "set-role": { payload: SetRole; reply: Changed };
  "ban-member": { payload: Sanction; reply: Changed };
  "unban-member": { payload: Sanction; reply: Changed };
  "mute-member": { payload: Sanction; reply: Changed };
  "unmute-member": { payload: Sanction; reply: Changed };
  "add-reaction": { payload: React; reply: MessageStored };
  "remove-reaction": { payload: React; reply: MessageStored };
  "pin-message": { payload: Pin; reply: MessageStored };
  "unpin-message": { payload: Pin; reply: MessageStored };
  "get-messages": { payload: GetMessages; reply: Messages };
  "search-messages": { payload: SearchMessages; reply: Found };
  "get-receipts": { payload: GetReceipts; reply: Receipts };
  "sync": { payload: Sync; reply: Synced };
  "refresh-token": { payload: RefreshToken; reply: TokenRefreshed };
  "block-user": { payload: Block; reply: Done };
  "unblock-user": { payload: Block; reply: Done };
};

/** Every event with its payload. */
export type Events = {
  "new-message": NewMessage;
  "user-joined": UserJoined;
  "user-left": UserLeft;
  "user-typing": UserTyping;
  "user-stopped-typing": UserStoppedTyping;
  "messages-read": MessagesRead;
  "user-online": UserOnline;
  "user-offline": UserOffline;
  "message-edited": MessageChanged;
  "message-deleted": MessageChanged;
  "message-updated": MessageUpdated;
  "presence-changed": PresenceChanged;
  "occupancy": Occupancy;
  "room-updated": RoomUpdated;
  "room-deleted": RoomDeleted;
  "member-updated": MemberUpdated;
  "added-to-room": AddedToRoom;
  "removed-from-room": RemovedFromRoom;
  "initial-state": InitialState;
  "heads": Heads;
  "token-expiring": TokenExpiring;
  "token-revoked": TokenRevoked;
  "server-draining": ServerDraining;
  "degraded": Degraded;
  "debug": Debug;
};

/** The name of a command. */
export type CommandName = keyof Commands;
/** What goes with a command. */
export type CommandPayload<C extends CommandName> = Commands[C]["payload"];
/** What answers a command. */
export type CommandReply<C extends CommandName> = Commands[C]["reply"];

/** What is in force until the server says otherwise. */
export const DEFAULT_LIMITS: Limits = {
  "frameBytes": 131072,
  "textGraphemes": 4000,
  "textBytes": 16384,
  "nameBytes": 128,
  "topicBytes": 512,
  "metadataBytes": 4096,
  "mentions": 50,
  "attachments": 10,
  "reactions": 20,
  "ids": 1000,
  "page": 100,
  "roomsPerUser": 1000,
  "inFlight": 32,
  "inboundPerSecond": 30,
  "sendsPerSecond": 10,
  "receiptsMembers": 100,
  "presenceMembers": 200,
  "typingMembers": 1000
};
