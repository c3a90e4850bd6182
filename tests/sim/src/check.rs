//! The checker: what was told, shown and answered, against what is in the database. It looks at no internals.

use std::collections::{BTreeMap, BTreeSet};

use roomcast_client_core::{
    Answer, CommandId, Notice, Outcome, Storage, Target, Task, UserCommand,
    view::{PendingMessage, Phase, SendStatus},
};
use roomcast_protocol::{
    ClientId, Command, ErrorBody, ErrorCode, MessageId, Reply, Rev, RoomId, Seq, UserId,
    model::{Message, Status},
    wire::{EnginePacket, Packet},
};

use crate::{device::Device, fault::Kind, history::Who, store::Db, world::World};

/// A promise that was broken.
#[derive(Debug, Clone)]
pub struct Violation {
    /// Which.
    pub rule: &'static str,
    /// When, in virtual milliseconds.
    pub at: u64,
    /// How.
    pub what: String,
}

/// What a device has shown and told, as far as later must agree with it.
#[derive(Debug, Default)]
pub(crate) struct Screens {
    /// Rooms that the user was told to be in, with the last message told.
    pub told: BTreeMap<RoomId, Told>,
    /// Read cursors as shown.
    pub cursors: BTreeMap<(RoomId, UserId), Seq>,
    /// When somebody was last said to type.
    pub typing: BTreeMap<(RoomId, UserId), u64>,
    /// When a room's state last named somebody.
    pub typing_told_at: u64,
    /// The newest change of each room that was told as a message.
    pub applied: BTreeMap<RoomId, Rev>,
    /// When a room was last taken anew: its page may be of a later moment than the room.
    pub reset_at: u64,
    /// The newest state of each message that was shown.
    pub states: BTreeMap<MessageId, Rev>,
}

/// What was told of a room.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    /// The last message.
    pub last: Option<Seq>,
    /// Whether a hole may follow it.
    pub hole: bool,
}

/// How long typing may be shown.
const TYPING_MS: u64 = 6_000;
/// How long after the last word of all it may be.
const TYPING_OVER_MS: u64 = 11_000;
/// So many of a room's newest messages are looked at again and again.
const LOOKED_AT: usize = 12;

impl World {
    pub(crate) fn violate(&mut self, rule: &'static str, what: String) {
        let at = self.kernel.now();
        self.history.explain(at, Who::World, "VIOLATION", || format!("{rule}: {what}"));
        if self.violations.len() < 5 {
            self.violations.push(Violation { rule, at, what });
        }
    }

    /// A client has a second connection only while its server drains, and never a third.
    pub(crate) fn check_one_connection(&mut self, device: usize) {
        let open = self.net.state().links.values().filter(|link| link.device == device && link.client_open).count();
        let view = self.devices[device].core.as_mut().map(|core| core.view());
        let draining = view.is_some_and(|view| view.connection.phase == Phase::Draining);
        if open > 1 + usize::from(draining) {
            self.violate("one connection", format!("d{device} has {open} open"));
        }
    }

    /// What reaches a client must have been said while its user was there, or before (nothing after a removal).
    pub(crate) fn check_frame(&mut self, device: usize, frame: &str) {
        if frame.starts_with(r#"42["user-typing""#) {
            self.note_typing(device, frame);
        }
        if frame.contains(r#""typing":[{"#) {
            // A room's state says who types there; whoever it does not name is not shown longer for it.
            self.devices[device].screens.typing_told_at = self.kernel.now();
        }
        if !frame.contains(r#""seq":"#) {
            return;
        }
        let Ok(EnginePacket::Message(packet)) = EnginePacket::decode_text(frame) else { return };
        let Ok(packet) = Packet::decode(packet) else { return };
        let args = match packet {
            Packet::Event { args, .. } | Packet::Ack { args, .. } => args,
            _ => return,
        };
        let mut found = Vec::new();
        for arg in args {
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(arg.get()) {
                messages(&value, &mut found);
            }
        }
        let user = self.devices[device].user.clone();
        let mut bad = Vec::new();
        {
            let disk = self.disk.state();
            let lives = || std::iter::once(&disk.db).chain(&self.past);
            for (room, author, rev) in found {
                let was_there = author == user.as_str() || lives().any(|db| was_there(db, &room, &user, rev));
                if !was_there {
                    bad.push(format!("d{device} ({user}) gets a message of {room} as of {rev}"));
                }
            }
        }
        for what in bad {
            self.violate("nothing after removal", what);
        }
    }

    fn note_typing(&mut self, device: usize, frame: &str) {
        let Ok(EnginePacket::Message(packet)) = EnginePacket::decode_text(frame) else { return };
        let Ok(Packet::Event { args, .. }) = Packet::decode(packet) else { return };
        let Some(arg) = args.first() else { return };
        let Ok(typing) = serde_json::from_str::<roomcast_protocol::event::UserTyping>(arg.get()) else { return };
        let now = self.kernel.now();
        self.devices[device].screens.typing.insert((typing.room_id, typing.user_id), now);
    }

    pub(crate) fn resolved(&mut self, device: usize, id: CommandId, result: Outcome) {
        let it = &mut self.devices[device];
        let Some(asked) = it.asked.get_mut(&id) else {
            return self.violate("one answer", format!("d{device} resolves {id:?}, which nobody asked for"));
        };
        if asked.life != it.life || asked.outcome.is_some() {
            return self.violate("one answer", format!("d{device} resolves {id:?} again"));
        }
        if let (Ok(Answer::Reply(reply)), None) = (&result, &asked.client_id)
            && let Reply::SendMessage(stored) = reply.as_ref()
        {
            asked.client_id.clone_from(&stored.message.client_id);
        }
        asked.outcome = Some(result);
    }

    pub(crate) fn noticed(&mut self, device: usize, notice: &Notice) {
        let now = self.kernel.now();
        let screens = &mut self.devices[device].screens;
        match notice {
            Notice::RoomEntered(room) | Notice::RoomLeft(room, _) => {
                screens.applied.remove(room);
                screens.states.clear();
            }
            Notice::RoomReset(room) => {
                screens.applied.remove(room);
                screens.reset_at = now;
            }
            Notice::NewMessage(message) if screens.reset_at != now => {
                let applied = screens.applied.entry(message.room_id.clone()).or_default();
                *applied = message.rev.max(*applied);
            }
            _ => {}
        }
        let told = &mut self.devices[device].screens.told;
        match notice {
            Notice::RoomEntered(room) => {
                told.insert(room.clone(), Told::default());
                self.devices[device].screens.cursors.retain(|(id, _), _| id != room);
            }
            Notice::RoomLeft(room, _) => {
                told.remove(room);
                self.devices[device].screens.cursors.retain(|(id, _), _| id != room);
            }
            Notice::RoomReset(room) => {
                let restored = !self.past.is_empty();
                let told = told.entry(room.clone()).or_default();
                if restored {
                    *told = Told::default();
                    self.devices[device].screens.states.clear();
                    self.devices[device].screens.cursors.retain(|(id, _), _| id != room);
                } else {
                    told.hole = true;
                }
            }
            Notice::NewMessage(message) => self.told(device, message),
            _ => {}
        }
    }

    fn told(&mut self, device: usize, message: &Message) {
        let Some(told) = self.devices[device].screens.told.get_mut(&message.room_id) else {
            let what = format!("d{device} is told {} of {}, where it is not", message.seq, message.room_id);
            return self.violate("told in order", what);
        };
        let before = *told;
        *told = Told { last: Some(message.seq), hole: false };
        let fits = match before {
            Told { last: None, .. } => true,
            Told { last: Some(last), hole: true } => message.seq > last,
            Told { last: Some(last), hole: false } => message.seq == last.next(),
        };
        if !fits {
            let what = format!("d{device} is told {} of {} after {before:?}", message.seq, message.room_id);
            self.violate("told in order", what);
        }
    }

    /// The screens, now and then.
    pub(crate) fn look(&mut self) {
        let now = self.kernel.now();
        let mut bad = Vec::new();
        for (device, it) in self.devices.iter_mut().enumerate() {
            let Some(core) = &mut it.core else { continue };
            let rooms: Vec<RoomId> = core.view().rooms.iter().map(|room| room.id().clone()).collect();
            for room in rooms {
                let Some(view) = core.room(&room) else { continue };
                let own = std::iter::once((&it.user, &view.read_seq));
                for (user, seq) in own.chain(view.receipts.iter()) {
                    let shown = it.screens.cursors.entry((room.clone(), user.clone())).or_default();
                    if *seq < *shown && user != &it.user {
                        bad.push(("cursors", format!("d{device} shows {user} at {seq} of {room} after {shown}")));
                    }
                    *shown = (*shown).max(*seq);
                }
                for typist in view.typing.iter() {
                    let heard = it.screens.typing.get(&(room.clone(), typist.user_id.clone())).copied();
                    let heard = heard.unwrap_or(0).max(it.screens.typing_told_at);
                    if heard + TYPING_MS + 50 < now {
                        bad.push(("typing", format!("d{device} still shows {} typing in {room}", typist.user_id)));
                    }
                    // Nobody has typed since everything healed: the server's three seconds and ours are over.
                    if self.healed && now > self.heal_at + TYPING_OVER_MS {
                        bad.push(("typing", format!("the server says that {} types in {room}", typist.user_id)));
                    }
                }
                let pending = core.pending(&room);
                for message in view.timeline.iter().rev().take(LOOKED_AT).filter(|message| message.user_id == it.user) {
                    if pending.iter().any(|item| Some(&item.client_id) == message.client_id.as_ref()) {
                        bad.push(("echo merged", format!("d{device} shows {} and its send in {room}", message.seq)));
                    }
                }
                for message in view.timeline.iter().rev().take(LOOKED_AT) {
                    let shown = it.screens.states.entry(message.id.clone()).or_default();
                    if message.rev < *shown {
                        bad.push(("edits", format!("d{device} shows {} as of {} again", message.id, message.rev)));
                    }
                    *shown = message.rev;
                }
                let adjacent = view.timeline.iter().zip(view.timeline.iter().skip(1));
                for (one, next) in adjacent {
                    if next.seq != one.seq.next() {
                        bad.push(("timeline", format!("d{device} shows {} behind {} in {room}", next.seq, one.seq)));
                    }
                }
            }
        }
        let early = std::mem::take(&mut self.net.state().early);
        if self.nodes.len() == 1 || !self.is_deaf() {
            bad.extend(early.into_iter().map(|what| ("presence", what)));
        }
        for (rule, what) in bad {
            self.violate(rule, what);
        }
        self.check_lives();
    }

    /// Whether nodes may not have heard that a user has gone over to another one.
    fn is_deaf(&self) -> bool {
        [Kind::FrameLost, Kind::FrameLostLast, Kind::FrameLate, Kind::BusDown, Kind::Partitioned, Kind::Frozen]
            .into_iter()
            .any(|kind| self.has_fault(kind))
    }

    /// What is stored is there again when a client starts (G-11).
    pub(crate) fn check_reload(&mut self, device: usize) {
        let it = &self.devices[device];
        let Some(core) = it.core.as_ref().filter(|_| it.storage == Storage::Durable) else { return };
        let there: BTreeSet<_> = it
            .disk
            .items
            .values()
            .filter_map(|item| match &item.task {
                Task::Send(send) => Some(&send.room_id),
                _ => None,
            })
            .flat_map(|room| core.pending(room))
            .map(|pending| pending.client_id)
            .collect();
        // What is deleted before it is sent does not show.
        let deleted = |id: &ClientId| {
            it.disk
                .items
                .values()
                .any(|item| matches!(&item.task, Task::Delete { target: Target::Pending(target), .. } if target == id))
        };
        let sends = it.disk.items.iter().filter(|(_, item)| matches!(item.task, Task::Send(_)));
        let gone: Vec<_> = sends.map(|(id, _)| id).filter(|id| !there.contains(*id) && !deleted(id)).cloned().collect();
        for id in gone {
            self.violate("reloaded", format!("d{device} has forgotten {id}, which is stored"));
        }
    }

    /// 20 s after everything was healed: nothing is under way, and every screen is the database's.
    pub(crate) fn check_quiet(&mut self) {
        let mut bad: Vec<(&'static str, String)> = Vec::new();
        let disk = self.disk.state();
        let db = &disk.db;
        for (device, it) in self.devices.iter_mut().enumerate() {
            if self.away.as_ref() == Some(&it.user) {
                continue;
            }
            let user = it.user.clone();
            let Some(core) = &mut it.core else { continue };
            let view = core.view();
            if view.connection.phase != Phase::Connected {
                bad.push(("quiet", format!("d{device} is {:?}", view.connection)));
                continue;
            }
            let shown: BTreeSet<RoomId> = view.rooms.iter().map(|room| room.id().clone()).collect();
            let inside: BTreeSet<RoomId> = db.rooms.keys().filter(|room| db.is_member(room, &user)).cloned().collect();
            if shown != inside {
                bad.push(("rooms", format!("d{device} ({user}) shows {shown:?} and is in {inside:?}")));
            }
            for room in inside.intersection(&shown) {
                let Some(view) = core.room(room) else { continue };
                if view.catching_up {
                    bad.push(("quiet", format!("d{device} still catches up in {room}")));
                }
                let stored: Vec<Message> =
                    db.room_messages(room).map(|message| db.as_seen_by(message, &user)).collect();
                let stored: Vec<&Message> = stored.iter().collect();
                let window: Vec<&Message> = view.timeline.iter().map(AsRef::as_ref).collect();
                let from = stored.len().saturating_sub(window.len());
                if window.is_empty() != stored.is_empty() || window != stored[from..] {
                    let differ = window.iter().zip(&stored[from..]).find(|(a, b)| a != b);
                    let what = format!(
                        "d{device} shows {} of {} messages in {room}, up to {:?}; first difference {differ:?}",
                        window.len(),
                        stored.len(),
                        window.last().map(|message| message.seq),
                    );
                    bad.push(("timeline", what));
                }
                let row = &db.members[&(room.clone(), user.clone())];
                if view.read_seq != row.read_seq {
                    bad.push((
                        "cursors",
                        format!("d{device}: own cursor in {room} is {}, stored {}", view.read_seq, row.read_seq),
                    ));
                }
                let formula = |m: &&&Message| m.seq > row.read_seq && m.user_id != user && m.deleted_at.is_none();
                let unread = stored.iter().filter(formula).count() as u64;
                let mentions = stored.iter().filter(formula).filter(|m| m.mentions.contains(&user)).count() as u64;
                if (view.unread, view.mentions) != (unread, mentions) {
                    let what = format!(
                        "d{device} ({user}) shows {} unread and {} mentions in {room}; the formula says {unread} and {mentions}",
                        view.unread, view.mentions
                    );
                    bad.push(("unread", what));
                }
                if view.role != row.member.role {
                    bad.push(("members", format!("d{device} has the role {:?} in {room}", view.role)));
                }
                if view.room.member_count != db.rooms[room].room.member_count {
                    let what = format!(
                        "d{device} counts {} members in {room}, there are {}",
                        view.room.member_count, db.rooms[room].room.member_count
                    );
                    bad.push(("members", what));
                }
                for member in view.members.keys().filter(|member| !db.is_member(room, member)) {
                    bad.push(("members", format!("d{device} lists {member} in {room}")));
                }
                for (reader, seq) in view.receipts.iter().filter(|(reader, _)| db.is_member(room, reader)) {
                    let key = (room.clone(), reader.clone());
                    let (most, least) = (db.members[&key].read_seq, db.marks.get(&key).copied().unwrap_or_default());
                    if *seq > most || *seq < least {
                        let what = format!("d{device} shows {reader} at {seq} of {room}; stored {least} to {most}");
                        bad.push(("cursors", what));
                    }
                }
                if !view.typing.is_empty() {
                    bad.push(("typing", format!("d{device} shows {:?} in {room}", view.typing)));
                }
                if view.loading_older {
                    bad.push(("quiet", format!("d{device} still loads in {room}")));
                }
                let told = it.screens.told.get(room).copied();
                if told.is_none_or(|told| told.last.is_some_and(|last| Some(last) != stored.last().map(|m| m.seq))) {
                    bad.push((
                        "told in order",
                        format!("d{device} was told {told:?} of {room}, {} are stored", stored.len()),
                    ));
                }
            }
            for room in &self.rooms {
                for item in core.pending(room) {
                    if !matches!(item.status, SendStatus::Failed(_)) {
                        bad.push((
                            "quiet",
                            format!("d{device} still has {:?} of {room}: {:?}", item.client_id, item.status),
                        ));
                    }
                }
            }
            for (id, asked) in it.asked.iter().filter(|(_, asked)| asked.life == it.life) {
                if asked.outcome.is_none() {
                    bad.push(("one answer", format!("d{device} has no answer to {id:?} {:?}", asked.command)));
                }
            }
        }
        drop(disk);
        for (rule, what) in bad {
            self.violate(rule, what);
        }
    }

    /// 30 s after everything was healed: everybody is seen as they are, by all in the same way.
    pub(crate) fn check_presence(&mut self) {
        let mut bad = Vec::new();
        let disk = self.disk.state();
        for room in &self.rooms {
            let mut seen: BTreeMap<UserId, (usize, Status)> = BTreeMap::new();
            for (device, it) in self.devices.iter_mut().enumerate() {
                if self.away.as_ref() == Some(&it.user) {
                    continue;
                }
                let Some(view) = it.core.as_mut().and_then(|core| core.room(room)) else { continue };
                for user in self.users.iter().filter(|user| **user != it.user && disk.db.is_member(room, user)) {
                    // Who is not known by name shows nowhere.
                    let Some(status) = view.members.get(user).map(|member| member.status) else { continue };
                    if self.away.as_ref() == Some(user) {
                        if !matches!(status, Status::Offline | Status::Unknown) {
                            bad.push(format!("d{device} sees {user}, who is gone, as {status:?} in {room}"));
                        }
                        continue;
                    }
                    if matches!(status, Status::Offline | Status::Unknown) {
                        bad.push(format!("d{device} sees {user} as {status:?} in {room}"));
                    }
                    let (other, first) = *seen.entry(user.clone()).or_insert((device, status));
                    if first != status {
                        bad.push(format!("d{device} sees {user} as {status:?} in {room}, d{other} as {first:?}"));
                    }
                }
            }
        }
        drop(disk);
        for what in bad {
            self.violate("presence", what);
        }
    }

    /// What was answered, against the database.
    pub(crate) fn check_end(&mut self) {
        let mut bad: Vec<(&'static str, String)> = Vec::new();
        let shown: Vec<BTreeSet<MessageId>> = self.devices.iter_mut().map(shown).collect();
        let disk = self.disk.state();
        let db = &disk.db;
        bad.extend(db.faults.iter().chain(self.past.iter().flat_map(|db| &db.faults)).cloned());
        for (id, row) in &db.rooms {
            let seqs: Vec<u64> = db.room_messages(id).map(|message| message.seq.value()).collect();
            if seqs != (1..=row.room.seq.value()).collect::<Vec<_>>() {
                bad.push(("dense", format!("the places of {id} are {seqs:?}")));
            }
            // A reply's change is one of the message that its thread hangs on, too.
            let replies = db.room_messages(id).filter(|message| message.thread_id.is_some());
            let replies: BTreeSet<Rev> = replies.map(|message| message.rev).collect();
            let shared = |message: &&Message| message.thread.is_some() && replies.contains(&message.rev);
            let own = db.room_messages(id).filter(|message| !shared(message));
            let mut revs: Vec<Rev> = own.map(|message| message.rev).collect();
            let members = db.members.iter().filter(|((room, _), _)| room == id);
            // Who was banned without ever having been there has no change of their own.
            revs.extend(members.map(|(_, row)| row.member.rev).filter(|rev| rev.value() > 0));
            let unique: BTreeSet<Rev> = revs.iter().copied().collect();
            if unique.len() != revs.len() || revs.iter().any(|rev| *rev > row.room.rev) {
                bad.push(("dense", format!("the changes of {id} are {revs:?}")));
            }
        }
        for (device, it) in self.devices.iter().enumerate() {
            let own = |client_id: &ClientId| {
                let mut messages = db.messages.values().map(|row| &row.message);
                messages.find(|m| m.user_id == it.user && m.client_id.as_ref() == Some(client_id))
            };
            let mut copies: BTreeMap<_, usize> = BTreeMap::new();
            for message in db.messages.values().map(|row| &row.message).filter(|m| m.user_id == it.user) {
                if let Some(client_id) = &message.client_id {
                    *copies.entry(client_id).or_default() += 1;
                }
            }
            for (client_id, copies) in &copies {
                if *copies > 1 {
                    bad.push(("exactly once", format!("{client_id} is stored {copies} times")));
                }
            }
            for asked in it.asked.values().filter(|_| !self.rolled) {
                let Some(Ok(Answer::Reply(reply))) = &asked.outcome else { continue };
                match reply.as_ref() {
                    Reply::EditMessage(told) | Reply::DeleteMessage(told) => {
                        let stored = db.messages.get(&told.message.id).map(|row| &row.message);
                        let kept = stored.is_some_and(|stored| {
                            stored.rev > told.rev || (stored.rev, &stored.content) == (told.rev, &told.message.content)
                        });
                        if !kept {
                            let what = format!("d{device}: the change {} of {} is gone", told.rev, told.message.id);
                            bad.push(("edits", what));
                        }
                    }
                    Reply::CreateRoom(told) if !db.rooms.contains_key(&told.room.room.id) => {
                        bad.push(("rooms", format!("d{device} made {}, which is not there", told.room.room.id)));
                    }
                    _ => {}
                }
            }
            // An attempt of before may come through when another was refused. Then it counts as sent, and as nothing
            // else where the timeline reaches it: that it shows there, the timelines' own rule says.
            let comes_late = |message: &Message, client_id: &ClientId| {
                let failed = |item: &PendingMessage| {
                    item.client_id == *client_id && matches!(item.status, SendStatus::Failed(_))
                };
                let listed = it.core.as_ref().is_some_and(|core| core.pending(&message.room_id).iter().any(failed));
                self.is_at_large(device, client_id) && !(listed && shown[device].contains(&message.id))
            };
            for asked in it.asked.values() {
                let send = match &asked.command {
                    UserCommand::Request(command) => matches!(**command, Command::SendMessage(_)),
                    UserCommand::Retry(_) | UserCommand::Revise { .. } | UserCommand::Edit { .. } => true,
                    _ => false,
                };
                let (true, Some(client_id), Some(outcome)) = (send, &asked.client_id, &asked.outcome) else { continue };
                let stored = copies.contains_key(client_id);
                let gone = self.rolled_back.contains(&(it.user.clone(), client_id.clone()));
                match outcome {
                    Ok(_) if !stored && !gone => {
                        bad.push((
                            "exactly once",
                            format!("d{device}: {client_id} was acknowledged and is not stored"),
                        ));
                    }
                    // One that its client forgot in a crash was sent again.
                    Err(error)
                        if stored
                            && asked.life == it.life
                            && is_refusal(error)
                            && !acknowledged_later(it, client_id)
                            && own(client_id).is_some_and(|message| !comes_late(message, client_id)) =>
                    {
                        bad.push((
                            "refused never",
                            format!("d{device}: {client_id} was refused ({error:?}) and is stored"),
                        ));
                    }
                    _ => {}
                }
            }
            if self.rolled_back.is_empty() {
                for room in &self.rooms {
                    let own = db.room_messages(room).filter_map(|m| {
                        let written = it.written.get(m.client_id.as_ref()?)?;
                        Some((written, m))
                    });
                    let own: Vec<_> = own.collect();
                    for (place, (written, message)) in own.iter().enumerate() {
                        // One that was never stored, and is on its way when its client dies, is unknown to the next,
                        // which comes by another connection: what is sent there can be taken first.
                        let known = |other: u64| written.forgotten.is_none_or(|next| other < next);
                        let late = |message: &Message| {
                            let forgets = |client_id| it.disk.outdated.contains(client_id);
                            let client_id = message.client_id.as_ref();
                            client_id.is_some_and(|client_id| forgets(client_id) || comes_late(message, client_id))
                        };
                        let before = own[..place].iter().find(|(other, first)| {
                            other.order > written.order && known(other.order) && !late(first) && !late(message)
                        });
                        if let Some((other, first)) = before {
                            let what = format!(
                                "d{device}: {:?} (written {}) stands before {:?} (written {}) in {room}",
                                first.client_id, other.order, message.client_id, written.order,
                            );
                            bad.push(("first in, first out", what));
                        }
                    }
                }
            }
        }
        drop(disk);
        for (rule, what) in bad {
            self.violate(rule, what);
        }
    }
}

/// Whether the server said that a send will never be.
pub(crate) fn is_refusal(error: &ErrorBody) -> bool {
    !error.request_id.is_empty()
        && matches!(
            error.code,
            ErrorCode::BadRequest
                | ErrorCode::TooLarge
                | ErrorCode::NotFound
                | ErrorCode::Forbidden
                | ErrorCode::NotMember
                | ErrorCode::Gone
                | ErrorCode::QuotaExceeded
                | ErrorCode::Unsupported
        )
}

/// The messages of a device's timelines.
fn shown(it: &mut Device) -> BTreeSet<MessageId> {
    let Some(core) = &mut it.core else { return BTreeSet::new() };
    let rooms: Vec<RoomId> = core.view().rooms.iter().map(|room| room.id().clone()).collect();
    let views: Vec<_> = rooms.iter().filter_map(|room| core.room(room)).collect();
    views.iter().flat_map(|view| view.timeline.iter().map(|message| message.id.clone())).collect()
}

fn acknowledged_later(it: &Device, client_id: &roomcast_protocol::ClientId) -> bool {
    it.asked.values().any(|other| other.client_id.as_ref() == Some(client_id) && !matches!(other.outcome, Some(Err(_))))
}

fn was_there(db: &Db, room: &str, user: &UserId, rev: Rev) -> bool {
    let Ok(room) = RoomId::parse(room) else { return false };
    let stays = db.stays.get(&(room, user.clone()));
    stays.is_some_and(|stays| stays.iter().any(|stay| stay.until.is_none_or(|until| until > rev)))
}

/// Everything in a payload that looks like a message: its room, author and `rev`.
fn messages(value: &serde_json::Value, found: &mut Vec<(String, String, Rev)>) {
    match value {
        serde_json::Value::Array(values) => values.iter().for_each(|value| messages(value, found)),
        serde_json::Value::Object(fields) => {
            if let (Some(room), Some(user), Some(rev), Some(_)) = (
                fields.get("roomId").and_then(serde_json::Value::as_str),
                fields.get("userId").and_then(serde_json::Value::as_str),
                fields.get("rev").and_then(serde_json::Value::as_u64),
                fields.get("content"),
            ) {
                found.push((room.to_owned(), user.to_owned(), Rev::new(rev)));
            }
            fields.values().for_each(|value| messages(value, found));
        }
        _ => {}
    }
}
