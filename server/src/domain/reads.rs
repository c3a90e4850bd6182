//! Read cursors: they only move forward (G-12).

use std::collections::BTreeMap;

use roomcast_protocol::{
    ErrorBody, Event, MessageId, RoomId, Seq, command::MarkRead, event::MessagesRead, permit::Action,
};

use super::{
    Audience, Change, Decision, Done, News, Workspace,
    scene::{Scene, no_such_message},
};
use crate::planted::{self, Bug};

const MARK: &str = "mark as read";

pub(super) fn mark_read(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    mark: &MarkRead,
) -> Result<Decision, ErrorBody> {
    let reader = &change.author.user.id;
    let targets = targets(workspace, change, mark)?;
    for room in targets.keys() {
        workspace.permit(scene, change, room, Action::MarkRead, MARK)?;
    }
    let mut news = Vec::new();
    for (room, (up_to, message_ids)) in targets {
        let row = workspace.rooms.get(&room).expect("permitted above");
        let (newest, room_rev, members) = (row.room.seq, row.room.rev, row.room.member_count);
        let key = (room.clone(), reader.clone());
        let Some(member) = workspace.members.get_mut(&key) else { continue };
        let read_seq = up_to.min(newest);
        let back = planted::has(Bug::CursorBack) && read_seq < member.read_seq;
        if read_seq <= member.read_seq && !back {
            continue;
        }
        member.read_seq = read_seq;
        member.read_rev = room_rev;
        workspace.dirty.members.insert(key);
        let told = MessagesRead { user_id: reader.clone(), message_ids, room_id: room.clone(), read_seq };
        let by_name = members <= scene.limits.receipts_members;
        news.push(News::Room {
            room,
            audience: if by_name { Audience::Room } else { Audience::User(reader.clone()) },
            rev: None,
            event: Event::MessagesRead(Box::new(told)),
            skip_author: true,
        });
    }
    Ok(Decision { done: Done::Changed(None), news })
}

/// The furthest place in each room, and the messages named.
fn targets(
    workspace: &Workspace,
    change: &Change,
    mark: &MarkRead,
) -> Result<BTreeMap<RoomId, (Seq, Vec<MessageId>)>, ErrorBody> {
    let ids = match mark {
        MarkRead::UpTo(place) => {
            let (room, seq) = (place.room_id.clone(), place.up_to_seq);
            let named = workspace.places.get(&(room.clone(), seq)).cloned();
            return Ok(BTreeMap::from([(room, (seq, named.into_iter().collect()))]));
        }
        MarkRead::Messages(ids) => ids,
    };
    let mut targets = BTreeMap::<RoomId, (Seq, Vec<MessageId>)>::new();
    for id in ids {
        let row = workspace.messages.get(id).ok_or_else(|| no_such_message(MARK).field("messageIds"))?;
        let room = &row.message.room_id;
        if !workspace.is_member(room, &change.author.user.id) {
            return Err(no_such_message(MARK).field("messageIds"));
        }
        let target = targets.entry(room.clone()).or_default();
        target.0 = target.0.max(row.message.seq);
        target.1.push(id.clone());
    }
    Ok(targets)
}
