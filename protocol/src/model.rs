//! The nouns of the product, as they travel.

use crate::json::small::{FromJson, Malformed, Reader, ToJson, Writer};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{ClientId, Json, MessageId, Rev, RoomId, Seq, Timestamp, UserId};

/// Who somebody is, from their token's claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The token's `sub`.
    pub id: UserId,
    /// Shown name.
    pub name: String,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
}

/// What a member may do in a room, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads and, as the policy says, writes.
    Member,
    /// Keeps order.
    Moderator,
    /// Decides about the room itself.
    Owner,
}

/// Whether somebody is there, as others see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Connected.
    Online,
    /// Connected, not looking.
    Away,
    /// Connected, not to be disturbed.
    Busy,
    /// Not connected, or choosing to look so.
    Offline,
    /// The nodes that would know are out of reach (G-13).
    Unknown,
}

/// What a user chooses to be seen as while connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Availability {
    /// Seen as online.
    Online,
    /// Seen as away.
    Away,
    /// Seen as busy.
    Busy,
    /// Seen as offline.
    Invisible,
}

impl Availability {
    /// What others see.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::Online => Status::Online,
            Self::Away => Status::Away,
            Self::Busy => Status::Busy,
            Self::Invisible => Status::Offline,
        }
    }
}

/// A member as a room's user list shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct RoomUser {
    /// Who.
    pub user_id: UserId,
    /// Shown name.
    pub username: String,
    /// Role in this room.
    pub role: Role,
    /// Presence now.
    pub status: Status,
    /// When they were last connected; only of those who are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Timestamp>,
}

/// A membership as the log of a room's changes carries it. One that ended has `left_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// Shown name.
    pub username: String,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Role in the room.
    pub role: Role,
    /// Since when.
    pub joined_at: Timestamp,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<Timestamp>,
    /// Not allowed to say anything until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// The change that last touched this membership.
    pub rev: Rev,
}

impl Member {
    /// Who it is, without the room.
    #[must_use]
    pub fn user(&self) -> User {
        User { id: self.user_id.clone(), name: self.username.clone(), avatar_url: self.avatar_url.clone() }
    }
}

/// What a message is. An application's own kinds are named `x-…`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "ts",
    derive(ts_rs::TS),
    ts(type = "\"text\" | \"image\" | \"file\" | \"system\" | `x-${string}`")
)]
pub enum MessageType {
    /// Words.
    #[default]
    Text,
    /// A picture in `attachments`.
    Image,
    /// A file in `attachments`.
    File,
    /// Written by the server; no client may send it.
    System,
    /// The application's own, with its `x-`.
    Custom(String),
}

impl MessageType {
    /// Longest name of an own kind, in bytes.
    pub const CUSTOM_MAX: usize = 64;

    /// The type's name on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::File => "file",
            Self::System => "system",
            Self::Custom(name) => name,
        }
    }

    /// The type of a name; `None` for one outside the closed set that does not begin with `x-`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let own = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        Some(match name {
            "text" => Self::Text,
            "image" => Self::Image,
            "file" => Self::File,
            "system" => Self::System,
            own_name
                if own_name.len() > 2
                    && own_name.len() <= Self::CUSTOM_MAX
                    && own_name.starts_with("x-")
                    && own_name.chars().all(own) =>
            {
                Self::Custom(own_name.to_owned())
            }
            _ => return None,
        })
    }
}

impl Serialize for MessageType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl ToJson for MessageType {
    fn write(&self, writer: &mut Writer) {
        writer.string(self.as_str());
    }
}

impl FromJson<'_> for MessageType {
    fn blank() -> Self {
        Self::Text
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        *self = Self::parse(&reader.string()?).ok_or(Malformed)?;
        Ok(())
    }
}

impl<'de> Deserialize<'de> for MessageType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| D::Error::custom("unable to use the type; it is text, image, file or x-…"))
    }
}

/// Something that comes with a message and lives elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attachment {
    /// Where it is: `https:` or `http:`.
    pub url: String,
    /// File name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// Size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Width in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

/// One emoji under a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    /// Which.
    pub emoji: String,
    /// By how many.
    pub count: u64,
    /// Whether the reader is among them. Always false in what goes out once for all: an event tells who it was.
    pub mine: bool,
}

/// What hangs below the first message of a thread. Replies that were deleted keep their place, so they count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ThreadSummary {
    /// How many replies.
    pub count: u64,
    /// When the newest came.
    pub last_at: Timestamp,
}

/// A message. A deleted one keeps its place, with empty content and `deleted_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Made by the server.
    pub id: MessageId,
    /// Where.
    pub room_id: RoomId,
    /// By whom.
    pub user_id: UserId,
    /// The sender's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: MessageType,
    /// The text, as sent, in NFC. To be escaped where it is shown.
    pub content: String,
    /// Its place in the room.
    pub seq: Seq,
    /// The change that last touched it.
    pub rev: Rev,
    /// 1, and one more with each edit.
    pub version: u64,
    /// When the server took it.
    pub created_at: Timestamp,
    /// When it was last edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// The first message of its thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<MessageId>,
    /// On the first message of a thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadSummary>,
    /// Who is called by name.
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<UserId>>", optional))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// What comes with it.
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Attachment>>", optional))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// What others say with one sign.
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Reaction>>", optional))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// Since when it is pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_at: Option<Timestamp>,
    /// The application's own object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Json>,
}

impl Message {
    /// Takes a reply to the thread that begins here into the summary. A reply is one change of the room, which makes
    /// this message another, too: it takes the reply's `rev`. One that was taken already changes nothing.
    pub fn count_reply(&mut self, reply: &Self) {
        if self.rev >= reply.rev {
            return;
        }
        let before = self.thread.as_ref().map_or(0, |thread| thread.count);
        self.thread = Some(ThreadSummary { count: before + 1, last_at: reply.created_at });
        self.rev = reply.rev;
    }

    /// Counts one reaction more or less. A new emoji comes last; one that nobody is left with goes.
    pub fn count_reaction(&mut self, emoji: &str, added: bool) {
        match self.reactions.iter().position(|reaction| reaction.emoji == emoji) {
            Some(place) if added => self.reactions[place].count += 1,
            Some(place) if self.reactions[place].count > 1 => self.reactions[place].count -= 1,
            Some(place) => drop(self.reactions.remove(place)),
            None if added => self.reactions.push(Reaction { emoji: emoji.to_owned(), count: 1, mine: false }),
            None => {}
        }
    }
}

/// Who finds a room and who comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Listed; anybody may join.
    Public,
    /// Hidden; by invitation.
    Private,
    /// Hidden; between the people that it was made with.
    Direct,
}

/// A room's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase", default)]
pub struct Policy {
    /// From which role on one may post.
    pub who_may_post: Role,
    /// From which role on one may add others.
    pub who_may_invite: Role,
    /// From which role on one may pin; in a direct room everybody may.
    pub who_may_pin: Role,
    /// Least time between two messages of one member, in milliseconds; 0 = none.
    pub slow_mode_ms: u64,
    /// How long an author may edit, in milliseconds; 0 = for ever.
    pub edit_window_ms: u64,
    /// Most members.
    pub max_members: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            who_may_post: Role::Member,
            who_may_invite: Role::Member,
            who_may_pin: Role::Moderator,
            slow_mode_ms: 0,
            edit_window_ms: 0,
            max_members: 100_000,
        }
    }
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// Shown name.
    pub name: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Who finds it.
    pub visibility: Visibility,
    /// Its rules.
    pub policy: Policy,
    /// Its newest change.
    pub rev: Rev,
    /// Its newest message's place.
    pub seq: Seq,
    /// How many are in it.
    pub member_count: u64,
    /// Since when.
    pub created_at: Timestamp,
}

/// How far somebody has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Who.
    pub user_id: UserId,
    /// Up to and including this message.
    pub read_seq: Seq,
}

/// Somebody who is typing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Typist {
    /// Who.
    pub user_id: UserId,
    /// Shown name.
    pub username: String,
}

/// A room as one of its members enters it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase", from = "FlatRoomState")]
pub struct RoomState {
    /// The room itself.
    #[serde(flatten)]
    pub room: Room,
    /// The member's role.
    pub role: Role,
    /// The member's read cursor.
    pub read_seq: Seq,
    /// Messages after the cursor, not the member's own, not deleted (G-12), at the room's `rev`.
    pub unread: u64,
    /// Those of them that mention the member.
    pub mentions: u64,
    /// The newest message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message: Option<Message>,
    /// Who wrote it.
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<User>>", optional))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<User>,
    /// Who is online, capped.
    pub users: Vec<RoomUser>,
    /// Who is typing.
    pub typing: Vec<Typist>,
    /// The read cursors of all, in rooms small enough for receipts by name.
    pub receipts: Vec<Receipt>,
}

/// [`RoomState`] as it is read: serde's `flatten` would read all fields into a tree first.
#[derive(Deserialize, FromJson)]
#[serde(rename_all = "camelCase")]
struct FlatRoomState {
    id: RoomId,
    name: String,
    #[serde(default)]
    topic: Option<String>,
    visibility: Visibility,
    policy: Policy,
    rev: Rev,
    seq: Seq,
    member_count: u64,
    created_at: Timestamp,
    role: Role,
    read_seq: Seq,
    unread: u64,
    mentions: u64,
    #[serde(default)]
    last_message: Option<Message>,
    #[serde(default)]
    authors: Vec<User>,
    users: Vec<RoomUser>,
    typing: Vec<Typist>,
    receipts: Vec<Receipt>,
}

impl From<FlatRoomState> for RoomState {
    fn from(flat: FlatRoomState) -> Self {
        let FlatRoomState { id, name, topic, visibility, policy, rev, seq, member_count, created_at, .. } = flat;
        let FlatRoomState { role, read_seq, unread, mentions, last_message, authors, users, typing, receipts, .. } =
            flat;
        let room = Room { id, name, topic, visibility, policy, rev, seq, member_count, created_at };
        Self { room, role, read_seq, unread, mentions, last_message, authors, users, typing, receipts }
    }
}

/// How a room's changes are told to a client that already has some (G-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum DeltaKind {
    /// Nothing to tell.
    UpToDate,
    /// The changes between.
    Delta,
    /// Drop what you have; here is the newest page.
    Reset,
    /// Not a member any more, or no such room.
    Gone,
}

/// What happened in a room since a `rev`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct RoomDelta {
    /// Which room.
    pub room_id: RoomId,
    /// How to read the rest.
    pub kind: DeltaKind,
    /// The room's `rev` after this delta.
    pub rev: Rev,
    /// Messages as they are now, by `seq`.
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Message>>", optional))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
    /// Who wrote them, each once.
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<User>>", optional))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<User>,
    /// Memberships as they are now, ended ones among them.
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Member>>", optional))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// How many are in the room at `rev`; always beside `members`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_count: Option<u64>,
    /// Cursors that moved.
    #[cfg_attr(feature = "ts", ts(as = "Option<Vec<Receipt>>", optional))]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<Receipt>,
    /// The room as it is now: with a reset always, with a delta where its settings changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Box<RoomState>>,
    /// Whether messages older than those given exist, or (with a delta) newer changes to ask for.
    #[cfg_attr(feature = "ts", ts(as = "Option<bool>", optional))]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_more: bool,
}

impl RoomDelta {
    /// A delta that carries nothing but its kind.
    #[must_use]
    pub fn bare(room_id: RoomId, kind: DeltaKind, rev: Rev) -> Self {
        Self {
            room_id,
            kind,
            rev,
            messages: Vec::new(),
            authors: Vec::new(),
            members: Vec::new(),
            member_count: None,
            receipts: Vec::new(),
            room: None,
            has_more: false,
        }
    }
}

/// Somebody's presence as `initial-state` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct UserPresence {
    /// Who.
    pub user_id: UserId,
    /// What others see.
    pub status: Status,
    /// Their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When they were last connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Timestamp>,
}
