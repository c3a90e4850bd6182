//! The checker: what was acknowledged, refused, told and shown, against what the database holds. It looks at no
//! internals.

use std::collections::{BTreeMap, BTreeSet};

use roomcast_client::view::Phase;
use roomcast_protocol::{ClientId, ErrorBody, ErrorCode, RoomId, UserId, error::Retry, model::Message};

use crate::{
    book::{Book, Outcome, Pages},
    device::Device,
    rows::{Rows, Stored},
};

/// Most lines that one rule gets.
const LINES: usize = 12;

/// What is against which rule.
type Found = Vec<(&'static str, String)>;

/// Sends, rows and what was told; each device is of one of the users, and shows in the end as failed what is named.
pub fn check_history(book: &Book, rows: &Rows, users: &[UserId], failed: &BTreeSet<ClientId>) {
    let mut found = Found::new();
    {
        let pages = book.open();
        sends(&pages, rows, failed, &mut found);
        changes(&pages, rows, &mut found);
        first_in_first_out(&pages, rows, &mut found);
        heard(&pages, rows, users, &mut found);
    }
    dense(rows, &mut found);
    found.extend(rows.breaches.iter().map(|what| ("only forward", what.clone())));
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for (rule, what) in found {
        let line = lines.entry(rule).or_default();
        *line += 1;
        if *line <= LINES {
            book.violate(rule, what);
        }
    }
}

fn by_client_id(rows: &Rows) -> BTreeMap<&ClientId, Vec<&Stored>> {
    let mut copies: BTreeMap<&ClientId, Vec<&Stored>> = BTreeMap::new();
    for stored in rows.messages.values().flatten() {
        if let Some(client_id) = &stored.client_id {
            copies.entry(client_id).or_default().push(stored);
        }
    }
    copies
}

/// Acknowledged: once. Unknown: at most once. Refused: never, unless an attempt before was still under way on a
/// connection that is gone; then it counts as sent, and is not shown as failed.
fn sends(pages: &Pages, rows: &Rows, failed: &BTreeSet<ClientId>, found: &mut Found) {
    let copies = by_client_id(rows);
    for (client_id, send) in &pages.sends {
        let copies = copies.get(client_id).map_or(&[][..], Vec::as_slice);
        let label = send.label;
        if copies.len() > 1 {
            found.push(("exactly once", format!("{client_id} ({label}) is stored {} times", copies.len())));
        }
        match &send.outcome {
            Outcome::Acked(seq) => {
                let right = copies.iter().any(|stored| stored.seq == *seq && stored.body.room_id == send.room);
                if !right {
                    let what =
                        format!("{client_id} ({label}) was acknowledged as {seq} of {} and is not there", send.room);
                    found.push(("exactly once", what));
                }
            }
            Outcome::Refused(error)
                if is_refusal(error) && !copies.is_empty() && (!send.moved || failed.contains(client_id)) =>
            {
                found.push(("refused never", format!("{client_id} ({label}) was refused ({error:?}) and is stored")));
            }
            Outcome::Open => found.push(("an answer", format!("{client_id} ({label}) never was answered"))),
            Outcome::Refused(_) | Outcome::Lost => {}
        }
    }
    for (client_id, copies) in copies {
        if !pages.sends.contains_key(client_id) {
            found.push(("nothing invented", format!("{client_id} is stored at {} and nobody sent it", copies[0].seq)));
        }
    }
}

/// An acknowledged deletion stays, and so does the last edit of a device that edits alone.
fn changes(pages: &Pages, rows: &Rows, found: &mut Found) {
    let copies = by_client_id(rows);
    for (client_id, changes) in &pages.changes {
        let Some(stored) = copies.get(client_id).and_then(|copies| copies.first()) else { continue };
        if changes.deleted && stored.body.deleted_at.is_none() {
            found.push(("changes", format!("the deletion of {client_id} was acknowledged and is not there")));
        }
        let devices: BTreeSet<usize> = changes.edits.iter().map(|(device, _)| *device).collect();
        let acknowledged = changes.edits.iter().rposition(|(_, text)| changes.edited.contains(text));
        let (1, false, Some(last)) = (devices.len(), changes.to_be_deleted, acknowledged) else { continue };
        // A later one that was not acknowledged may have taken effect all the same.
        if !changes.edits[last..].iter().any(|(_, text)| *text == stored.body.content) {
            let what = format!("{client_id} is {:?} after {:?}", stored.body.content, changes.edits);
            found.push(("changes", what));
        }
    }
}

fn first_in_first_out(pages: &Pages, rows: &Rows, found: &mut Found) {
    for (room, messages) in &rows.messages {
        let mut last: BTreeMap<usize, (u64, &ClientId)> = BTreeMap::new();
        for stored in messages {
            let Some(client_id) = &stored.client_id else { continue };
            let Some(send) = pages.sends.get(client_id) else { continue };
            // One that was refused lets the others go first.
            if matches!(&send.outcome, Outcome::Refused(error) if is_refusal(error)) {
                continue;
            }
            let before = last.insert(send.device, (send.order, client_id));
            if let Some((_, earlier)) = before.filter(|(order, _)| *order > send.order) {
                found.push(("first in, first out", format!("{earlier} stands before {client_id} in {room}")));
            }
        }
    }
}

/// Nothing to those who are not in the room.
fn heard(pages: &Pages, rows: &Rows, users: &[UserId], found: &mut Found) {
    for heard in &pages.heard {
        let user = &users[heard.device];
        if !rows.may_hear(&heard.room, user, heard.rev, heard.at_us) {
            let turns = rows.stays.get(&(heard.room.clone(), user.clone()));
            let what = format!(
                "device {} ({user}) heard change {} of {} at {}: {turns:?}",
                heard.device, heard.rev, heard.room, heard.at_us
            );
            found.push(("nothing to outsiders", what));
        }
    }
}

fn dense(rows: &Rows, found: &mut Found) {
    for (room, head) in &rows.heads {
        let messages = rows.messages.get(room).map_or(&[][..], Vec::as_slice);
        let seqs = messages.iter().map(|stored| stored.seq.value());
        if !seqs.eq(1..=head.seq.value()) {
            found.push(("seq is dense", format!("{room} has {} messages and stands at {}", messages.len(), head.seq)));
        }
        let revs: BTreeSet<_> = messages.iter().map(|stored| stored.rev).collect();
        if revs.len() != messages.len() {
            found.push(("rev is dense", format!("two messages of {room} have the same rev")));
        }
        let newest = revs.last().copied().max(head.members_rev);
        if newest.is_some_and(|newest| newest != head.rev) {
            found.push(("rev is dense", format!("{room} stands at {} and its rows at {newest:?}", head.rev)));
        }
        for stored in messages {
            if stored.body.seq != stored.seq
                || stored.body.rev != stored.rev
                || stored.body.client_id != stored.client_id
            {
                found.push(("rows agree", format!("{room} {}: {stored:?}", stored.seq)));
            }
        }
        let inside =
            rows.stays.iter().filter(|((id, _), turns)| id == room && turns.last().is_some_and(|turn| turn.inside));
        if inside.count() as u64 != head.member_count {
            found.push(("rows agree", format!("{room} counts {} members and has others", head.member_count)));
        }
    }
}

/// Whether the server said that a send will never be.
fn is_refusal(error: &ErrorBody) -> bool {
    !error.request_id.is_empty() && error.code.retry() == Retry::Never && error.code != ErrorCode::Conflict
}

/// How much of each room is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What is shown.
    Window,
    /// Its whole history, loaded from the server.
    Whole,
}

/// What is not yet as it should be on a device once everything is healed; nothing = it shows what the database has.
pub async fn differences(device: &Device, rows: &Rows, depth: Depth) -> Vec<String> {
    let n = device.number;
    let Some(client) = device.client() else { return vec![format!("device {n} is off")] };
    let view = client.view();
    if view.connection.phase != Phase::Connected {
        return vec![format!("device {n} is {:?}", view.connection)];
    }
    let mut found = Vec::new();
    let shown: BTreeSet<&RoomId> = view.rooms.iter().map(|room| room.id()).collect();
    let inside: BTreeSet<&RoomId> = rows.rooms_of(&device.user).collect();
    if shown != inside {
        found.push(format!("device {n} ({}) shows {shown:?} and is in {inside:?}", device.user));
    }
    for id in inside.intersection(&shown) {
        let room = client.room(id.as_str());
        while depth == Depth::Whole && room.view().is_some_and(|view| view.has_older) {
            match room.load_older(200).await {
                Ok(_) => {}
                Err(error) => return vec![format!("device {n} cannot load {id}: {error}")],
            }
        }
        let Some(view) = room.view() else { continue };
        let waits = |what: &str| format!("device {n} {what} in {id}");
        match client.pending(id.as_str()).await {
            Ok(pending) => {
                let waiting =
                    pending.iter().filter(|item| !matches!(item.status, roomcast_client::view::SendStatus::Failed(_)));
                if waiting.count() > 0 {
                    found.push(waits("still sends"));
                }
            }
            Err(error) => found.push(format!("device {n}: {error}")),
        }
        if view.catching_up || !view.changes.is_empty() {
            found.push(waits("still catches up"));
        }
        let stored = rows.messages.get(*id).map_or(&[][..], Vec::as_slice);
        let as_shown: Vec<Message> = view.timeline.iter().map(|message| bare(message)).collect();
        // A window that is cut off ends at the newest all the same.
        let from = if view.has_older { stored.len().saturating_sub(as_shown.len()) } else { 0 };
        let as_stored: Vec<Message> = stored[from..].iter().map(|stored| bare(&stored.body)).collect();
        if as_shown != as_stored {
            let first = as_shown.iter().zip(&as_stored).find(|(one, other)| one != other);
            let lengths = (as_shown.len(), as_stored.len());
            found.push(format!(
                "device {n} shows {} of {} messages of {id}; first difference: {first:?}",
                lengths.0, lengths.1
            ));
        }
    }
    found
}

/// A message as everybody sees it: which reactions are one's own is no part of it.
fn bare(message: &Message) -> Message {
    let mut message = message.clone();
    message.reactions.iter_mut().for_each(|reaction| reaction.mine = false);
    message
}

#[cfg(test)]
mod tests;
