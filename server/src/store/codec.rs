//! Rows to values and back, the same for every database: what is written travels as one JSON array a table.

use roomcast_protocol::{
    ClientId, MessageId, Rev, RoomId, Seq, Timestamp, UserId,
    id::IdError,
    model::{Member, Message, Policy, Receipt, Role, Room, User, Visibility},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{DeltaRows, Revocation, RoomHead, RoomRev, RoomView, StoreError, Visitor, columns::Columns};
use crate::domain::{MemberRow, MessageRow, Reacted, ReactionRow, RoomRow};

pub(super) fn id<T>(text: &str, parse: impl FnOnce(&str) -> Result<T, IdError>) -> Result<T, StoreError> {
    parse(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

pub(super) fn json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

pub(super) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("rows have string keys and no failing serializers")
}

/// Reads an enum by its name on the wire, so that rows and payloads spell alike.
fn named<T: DeserializeOwned>(name: &str) -> Result<T, StoreError> {
    json(&format!("\"{name}\""))
}

pub(super) fn number(row: &impl Columns, column: &str) -> Result<u64, StoreError> {
    let value = row.integer(column)?;
    u64::try_from(value).map_err(|_| StoreError::Corrupt(format!("{column} is negative")))
}

pub(super) fn optional_time(row: &impl Columns, column: &str) -> Result<Option<Timestamp>, StoreError> {
    let value = row.optional_integer(column)?;
    Ok(value.map(|value| Timestamp::new(value.unsigned_abs())))
}

/// The one fact of a row of `meta`.
pub(super) fn value(row: &impl Columns) -> Result<&str, StoreError> {
    row.text("value")
}

pub(super) fn user(row: &impl Columns) -> Result<User, StoreError> {
    Ok(User {
        id: id(row.text("id")?, UserId::parse)?,
        name: row.text("name")?.to_owned(),
        avatar_url: row.optional_text("avatar_url")?.map(str::to_owned),
    })
}

/// A visitor, whom neither table need know.
pub(super) fn visitor(row: &impl Columns) -> Result<Visitor, StoreError> {
    let user = if row.optional_text("id")?.is_some() { Some(user(row)?) } else { None };
    Ok(Visitor { user, not_before: optional_time(row, "not_before")? })
}

pub(super) fn revocation(row: &impl Columns) -> Result<Revocation, StoreError> {
    Ok(Revocation {
        user: id(row.text("user_id")?, UserId::parse)?,
        not_before: Timestamp::new(number(row, "not_before")?),
        number: number(row, "number")?,
    })
}

pub(super) fn room(row: &impl Columns) -> Result<Room, StoreError> {
    Ok(Room {
        id: id(row.text("id")?, RoomId::parse)?,
        name: row.text("name")?.to_owned(),
        topic: row.optional_text("topic")?.map(str::to_owned),
        visibility: named::<Visibility>(row.text("visibility")?)?,
        policy: json::<Policy>(row.text("policy")?)?,
        rev: Rev::new(number(row, "rev")?),
        seq: Seq::new(number(row, "seq")?),
        member_count: number(row, "member_count")?,
        created_at: Timestamp::new(number(row, "created_at")?),
    })
}

pub(super) fn room_row(row: &impl Columns) -> Result<RoomRow, StoreError> {
    Ok(RoomRow {
        room: room(row)?,
        created_by: id(row.text("created_by")?, UserId::parse)?,
        settings_rev: Rev::new(number(row, "settings_rev")?),
        deleted_at: optional_time(row, "deleted_at")?,
    })
}

pub(super) fn role(row: &impl Columns) -> Result<Role, StoreError> {
    named(row.text("role")?)
}

/// A membership joined with its user's name; a user that was never seen keeps their id for a name.
pub(super) fn member(row: &impl Columns) -> Result<Member, StoreError> {
    let user_id = row.text("user_id")?;
    let name = row.optional_text("user_name")?;
    Ok(Member {
        username: name.unwrap_or(user_id).to_owned(),
        user_id: id(user_id, UserId::parse)?,
        avatar_url: row.optional_text("avatar_url")?.map(str::to_owned),
        role: role(row)?,
        joined_at: Timestamp::new(number(row, "joined_at")?),
        left_at: optional_time(row, "left_at")?,
        muted_until: optional_time(row, "muted_until")?,
        rev: Rev::new(number(row, "rev")?),
    })
}

pub(super) fn member_row(row: &impl Columns) -> Result<MemberRow, StoreError> {
    Ok(MemberRow {
        member: member(row)?,
        entered_rev: Rev::new(number(row, "entered_rev")?),
        read_seq: Seq::new(number(row, "read_seq")?),
        read_rev: Rev::new(number(row, "read_rev")?),
        banned_until: optional_time(row, "banned_until")?,
        last_post_at: optional_time(row, "last_post_at")?,
    })
}

pub(super) fn message(row: &impl Columns) -> Result<Message, StoreError> {
    json(row.text("body")?)
}

pub(super) fn message_row(row: &impl Columns) -> Result<MessageRow, StoreError> {
    Ok(MessageRow { message: message(row)?, digest: row.text("digest")?.to_owned() })
}

/// Messages in the order of their places.
pub(super) fn by_place(rows: &[impl Columns]) -> Result<Vec<Message>, StoreError> {
    let mut messages = rows.iter().map(message).collect::<Result<Vec<_>, _>>()?;
    messages.sort_by_key(|message| message.seq);
    Ok(messages)
}

/// Asks for one row more than wanted: whether it comes tells whether there is more.
pub(super) fn one_more(limit: u64) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1
}

/// What was wanted of rows that were asked for by [`one_more`], and whether there is more.
pub(super) fn cut<R>(rows: &[R], limit: u64) -> (&[R], bool) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if rows.len() > limit { (&rows[..limit], true) } else { (rows, false) }
}

/// What changed in a room, out of the rows of one snapshot; `head` is the room's.
pub(super) fn delta<R: Columns>(
    head: &R,
    messages: &[R],
    members: &[R],
    receipts: &[R],
    limit: u64,
) -> Result<DeltaRows, StoreError> {
    Ok(DeltaRows {
        messages: by_place(messages)?,
        members: members.iter().map(member).collect::<Result<_, _>>()?,
        receipts: receipts.iter().map(receipt).collect::<Result<_, _>>()?,
        settings: head.flag("settings")?,
        rev: Rev::new(number(head, "rev")?),
        member_count: number(head, "member_count")?,
        overflow: [messages, members].iter().any(|rows| rows.len() as u64 > limit),
    })
}

pub(super) fn receipt(row: &impl Columns) -> Result<Receipt, StoreError> {
    Ok(Receipt { user_id: id(row.text("user_id")?, UserId::parse)?, read_seq: Seq::new(number(row, "read_seq")?) })
}

pub(super) fn room_head(row: &impl Columns) -> Result<RoomHead, StoreError> {
    Ok(RoomHead {
        room: id(row.text("room_id")?, RoomId::parse)?,
        rev: Rev::new(number(row, "rev")?),
        member_rev: Rev::new(number(row, "member_rev")?),
        entered_rev: Rev::new(number(row, "entered_rev")?),
        role: role(row)?,
        member_count: number(row, "member_count")?,
        read_seq: Seq::new(number(row, "read_seq")?),
    })
}

/// A membership among those of several users.
pub(super) fn user_head(row: &impl Columns) -> Result<(UserId, RoomHead), StoreError> {
    Ok((id(row.text("user_id")?, UserId::parse)?, room_head(row)?))
}

pub(super) fn room_rev(row: &impl Columns) -> Result<RoomRev, StoreError> {
    Ok(RoomRev {
        room: id(row.text("id")?, RoomId::parse)?,
        rev: Rev::new(number(row, "rev")?),
        member_count: number(row, "member_count")?,
    })
}

pub(super) fn room_view(row: &impl Columns) -> Result<RoomView, StoreError> {
    Ok(RoomView {
        room: room(row)?,
        role: role(row)?,
        member_rev: Rev::new(number(row, "member_rev")?),
        read_seq: Seq::new(number(row, "read_seq")?),
        unread: number(row, "unread")?,
        mentions: number(row, "mentioned")?,
        last_message: row.optional_text("last_body")?.map(json).transpose()?,
    })
}

#[derive(Serialize)]
pub(super) struct SavedMessage<'a> {
    id: &'a MessageId,
    room_id: &'a RoomId,
    seq: Seq,
    rev: Rev,
    user_id: &'a UserId,
    client_id: Option<&'a ClientId>,
    digest: &'a str,
    created_at: Timestamp,
    deleted_at: Option<Timestamp>,
    thread_id: Option<&'a MessageId>,
    pinned_at: Option<Timestamp>,
    mentions: Option<&'a [UserId]>,
    body: String,
}

impl<'a> From<&'a MessageRow> for SavedMessage<'a> {
    fn from(row: &'a MessageRow) -> Self {
        let message = &row.message;
        Self {
            id: &message.id,
            room_id: &message.room_id,
            seq: message.seq,
            rev: message.rev,
            user_id: &message.user_id,
            client_id: message.client_id.as_ref(),
            digest: &row.digest,
            created_at: message.created_at,
            deleted_at: message.deleted_at,
            thread_id: message.thread_id.as_ref(),
            pinned_at: message.pinned_at,
            mentions: (!message.mentions.is_empty()).then_some(&message.mentions),
            body: to_json(message),
        }
    }
}

#[derive(Serialize)]
pub(super) struct SavedRoom<'a> {
    #[serde(flatten)]
    room: &'a Room,
    created_by: &'a UserId,
    settings_rev: Rev,
    deleted_at: Option<Timestamp>,
}

impl<'a> From<&'a RoomRow> for SavedRoom<'a> {
    fn from(row: &'a RoomRow) -> Self {
        let RoomRow { room, created_by, settings_rev, deleted_at } = row;
        Self { room, created_by, settings_rev: *settings_rev, deleted_at: *deleted_at }
    }
}

#[derive(Serialize)]
pub(super) struct SavedMember<'a> {
    room_id: &'a RoomId,
    user_id: &'a UserId,
    role: Role,
    joined_at: Timestamp,
    left_at: Option<Timestamp>,
    rev: Rev,
    entered_rev: Rev,
    read_seq: Seq,
    read_rev: Rev,
    banned_until: Option<Timestamp>,
    muted_until: Option<Timestamp>,
    last_post_at: Option<Timestamp>,
}

impl<'a> SavedMember<'a> {
    pub(super) fn new(room_id: &'a RoomId, row: &'a MemberRow) -> Self {
        Self {
            room_id,
            user_id: &row.member.user_id,
            role: row.member.role,
            joined_at: row.member.joined_at,
            left_at: row.member.left_at,
            rev: row.member.rev,
            entered_rev: row.entered_rev,
            read_seq: row.read_seq,
            read_rev: row.read_rev,
            banned_until: row.banned_until,
            muted_until: row.member.muted_until,
            last_post_at: row.last_post_at,
        }
    }
}

/// A reaction as it is written.
#[derive(Serialize)]
pub(super) struct SavedReaction<'a> {
    message_id: &'a MessageId,
    user_id: &'a UserId,
    emoji: &'a str,
    given: u8,
    rev: Rev,
}

impl<'a> SavedReaction<'a> {
    pub(super) fn new(((message_id, user_id, emoji), row): (&'a Reacted, ReactionRow)) -> Self {
        Self { message_id, user_id, emoji, given: u8::from(row.given), rev: row.rev }
    }
}

/// A reaction as it was written.
pub(super) fn reaction_row(row: &impl Columns) -> Result<ReactionRow, StoreError> {
    Ok(ReactionRow { given: number(row, "given")? != 0, rev: Rev::new(number(row, "rev")?) })
}

/// Whether a sign is of a script without spaces: Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar.
pub(super) const fn is_word_by_itself(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
