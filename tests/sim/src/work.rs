//! What users do.

use roomcast_client_core::{Input, Target, UserCommand, view::SendStatus};
use roomcast_protocol::{
    Command, Limits, Seq, Timestamp,
    command::{
        AddMembers, CreateRoom, DeleteMessage, EditMessage, GetMessages, GetReceipts, GetRoomUsers, JoinRoom,
        LeaveRoom, ListRooms, MarkRead, Pin, ReadUpTo, RemoveMember, RoomScope, Sanction, SendMessage, SetRole,
        TypingStart, TypingStop, UpdatePresence,
    },
    model::{Availability, Role, User, Visibility},
};
use roomcast_protocol::{MessageId, RoomId, UserId};
use roomcast_server::domain::{Act, Author, Change};

use crate::{event::Event, kernel::WALL_START_MS, world::World};

/// So often, of a hundred, somebody thinks better of what is still on its way: what comes late shows there.
const SECOND_THOUGHTS: u64 = 40;
/// Most rooms of a run.
const ROOMS_MOST: usize = 6;

impl World {
    /// The rooms as they are when the run begins.
    pub(crate) fn found(&mut self) {
        let count = self.rng.range(1, 3);
        for index in 0..count {
            let id = RoomId::parse(&format!("r{index}")).expect("a good id");
            let visibility = if index == 1 { Visibility::Private } else { Visibility::Public };
            self.rooms.push(id.clone());
            let users: Vec<User> = self.users.iter().map(user).collect();
            let owner = Author { user: users[0].clone(), admin: false, conn: None };
            let mut acts: Vec<(Author, Act)> = Vec::new();
            for user in &users {
                acts.push((Author { user: user.clone(), admin: false, conn: None }, Act::SeeUser));
            }
            let members = users[1..].iter().filter(|_| self.rng.percent(80)).map(|user| user.id.clone()).collect();
            let create = CreateRoom {
                room_id: Some(id.clone()),
                name: format!("Room {index}"),
                visibility,
                members,
                topic: None,
                policy: None,
            };
            acts.push((owner.clone(), Act::CreateRoom(create)));
            let few = self.rng.below(4);
            let messages = if self.rng.percent(10) { 60 } else { few };
            for n in 0..messages {
                acts.push((owner.clone(), Act::Send(message(&id, format!("before {n}")))));
            }
            for (author, act) in acts {
                let fresh_id = format!("f-{:016x}", self.rng.next());
                let change = Change { author, act, fresh_id };
                let now = Timestamp::new(WALL_START_MS - 1_000);
                let outcomes = self.disk.state().db.commit(&[&change], now, &Limits::default());
                assert!(outcomes.iter().all(Result::is_ok), "the world is founded: {outcomes:?}");
            }
        }
    }

    /// A user does something, and will again.
    pub(crate) fn work(&mut self, device: usize) {
        if self.healed {
            return;
        }
        let pause = self.devices[device].rng.range(50, 1_600);
        self.kernel.after(pause, Event::Work(device));
        if self.devices[device].core.is_none() {
            return;
        }
        if let Some(work) = self.choose(device) {
            self.ask(device, work);
        }
    }

    fn choose(&mut self, device: usize) -> Option<UserCommand> {
        let burst = {
            let it = &mut self.devices[device];
            let chance = it.rng.below(100);
            if chance == 4 {
                // Asked for again, which changes nothing.
                if !it.closed_by_user {
                    self.input(device, Input::Connect);
                }
                return None;
            }
            if chance < 4 {
                let closed = it.closed_by_user;
                it.closed_by_user = !closed;
                self.input(device, if closed { Input::Connect } else { Input::Disconnect });
                return None;
            }
            chance < 40
        };
        let room = {
            let rng = &mut self.devices[device].rng;
            rng.pick(&self.rooms)?.clone()
        };
        if burst {
            let count = self.devices[device].rng.range(1, 4);
            for n in 0..count {
                let content = format!("d{device}.{}.{n}", self.devices[device].asked.len());
                let mut send = message(&room, content);
                if self.devices[device].rng.percent(10) {
                    send.mentions = vec![self.users[0].clone()];
                }
                if self.devices[device].rng.percent(10) {
                    send.thread_id = self.thread(device, &room);
                }
                self.ask(device, request(Command::SendMessage(send)));
            }
            return None;
        }
        let other = {
            let rng = &mut self.devices[device].rng;
            rng.pick(&self.users)?.clone()
        };
        if let Some(instead) = self.second_thought(device)
            && self.devices[device].rng.percent(SECOND_THOUGHTS)
        {
            return Some(instead);
        }
        let choice = self.devices[device].rng.below(88);
        Some(match choice {
            60..66 => {
                let target = self.own_target(device, &room)?;
                let content = format!("changed {device} {}", self.devices[device].asked.len());
                UserCommand::Edit { room_id: room, target, content }
            }
            66..69 => {
                let target = self.own_target(device, &room)?;
                UserCommand::Delete { room_id: room, target }
            }
            69..72 => {
                self.make_room(device, other);
                return None;
            }
            0..8 => {
                let id = self.own_message(device, &room)?;
                let content = format!("edited {device} {}", self.devices[device].asked.len());
                request(Command::EditMessage(EditMessage { message_id: id, content, if_version: None }))
            }
            8..12 => {
                let message_id = self.own_message(device, &room)?;
                request(Command::DeleteMessage(DeleteMessage { message_id }))
            }
            12..24 => {
                let core = self.devices[device].core.as_mut()?;
                let view = core.room(&room)?;
                let newest = view.timeline.last()?.seq;
                let back = self.devices[device].rng.below(6);
                let up_to_seq = Seq::new(newest.value().saturating_sub(back).max(1));
                request(Command::MarkRead(MarkRead::UpTo(ReadUpTo { room_id: room, up_to_seq })))
            }
            24..26 => {
                let core = self.devices[device].core.as_mut()?;
                let ids = vec![core.room(&room)?.timeline.last()?.id.clone()];
                request(Command::MarkRead(MarkRead::Messages(ids)))
            }
            26..34 => request(Command::TypingStart(TypingStart(room))),
            34..36 => request(Command::TypingStop(TypingStop(room))),
            36..40 => request(Command::JoinRoom(JoinRoom { room_id: room })),
            40..42 => request(Command::LeaveRoom(LeaveRoom { room_id: room })),
            42..46 => request(Command::AddMembers(AddMembers { room_id: room, user_ids: vec![other] })),
            46..48 => request(Command::RemoveMember(RemoveMember { room_id: room, user_id: other })),
            48..50 => {
                let all = [Availability::Online, Availability::Away, Availability::Busy];
                let status = *self.devices[device].rng.pick(&all)?;
                request(Command::UpdatePresence(UpdatePresence { status, text: None }))
            }
            50..53 => UserCommand::LoadOlder { room_id: room, limit: 10 },
            53 => request(Command::GetMessages(GetMessages {
                room_id: room,
                before: None,
                after: None,
                around: None,
                thread_id: None,
                pinned: false,
                limit: Some(5),
            })),
            54 => {
                let list = ListRooms { scope: RoomScope::Public, query: None, cursor: None, limit: None };
                request(Command::ListRooms(list))
            }
            55 => {
                let users = GetRoomUsers { room_id: room, all: true, cursor: None, limit: None };
                request(Command::GetRoomUsers(users))
            }
            56 => request(Command::GetReceipts(GetReceipts { room_id: room })),
            72..78 => {
                let target = Target::Message(self.any_message(device, &room)?);
                let emoji = self.emoji(device);
                UserCommand::React { room_id: room, target, emoji }
            }
            78..81 => {
                let target = Target::Message(self.any_message(device, &room)?);
                let emoji = self.emoji(device);
                UserCommand::Unreact { room_id: room, target, emoji }
            }
            81..83 => request(Command::PinMessage(Pin { message_id: self.any_message(device, &room)? })),
            83 => request(Command::UnpinMessage(Pin { message_id: self.any_message(device, &room)? })),
            84..86 => {
                let role = *self.devices[device].rng.pick(&[Role::Member, Role::Moderator])?;
                request(Command::SetRole(SetRole { room_id: room, user_id: other, role }))
            }
            86..88 => {
                let until_ms = Some(Timestamp::new(WALL_START_MS + self.kernel.now() + 3_000));
                let sanction = Sanction { room_id: room, user_id: other, reason: None, until_ms };
                request(if choice == 86 { Command::BanMember(sanction) } else { Command::MuteMember(sanction) })
            }
            _ => {
                let core = self.devices[device].core.as_ref()?;
                let pending = core.pending(&room);
                let failed = pending.iter().find(|item| matches!(item.status, SendStatus::Failed(_)))?;
                let client_id = failed.client_id.clone();
                match self.devices[device].rng.below(3) {
                    0 => UserCommand::Retry(client_id),
                    1 => UserCommand::Discard(client_id),
                    _ => {
                        let content = format!("revised {device} {}", self.devices[device].asked.len());
                        UserCommand::Revise { client_id, content }
                    }
                }
            }
        })
    }

    /// A room, with words that wait for it.
    fn make_room(&mut self, device: usize, other: UserId) {
        if self.rooms.len() >= ROOMS_MOST {
            return;
        }
        let id = RoomId::parse(&format!("n{}", self.rooms.len())).expect("a good id");
        self.rooms.push(id.clone());
        let it = &mut self.devices[device];
        let visibility = if it.rng.percent(50) { Visibility::Public } else { Visibility::Private };
        let members = if it.rng.percent(50) && other != it.user { vec![other] } else { Vec::new() };
        let said = it.rng.below(4);
        let create = CreateRoom {
            room_id: Some(id.clone()),
            name: format!("New {id}"),
            visibility,
            members,
            topic: None,
            policy: None,
        };
        self.ask(device, UserCommand::CreateRoom(Box::new(create)));
        for n in 0..said {
            let content = format!("d{device}.{}.{n} first", self.devices[device].asked.len());
            self.ask(device, request(Command::SendMessage(message(&id, content))));
        }
    }

    /// A message of one's own, sent or not.
    fn own_target(&mut self, device: usize, room: &RoomId) -> Option<Target> {
        let it = &mut self.devices[device];
        if it.rng.percent(50) {
            let pending = it.core.as_ref()?.pending(room);
            if let Some(item) = it.rng.pick(&pending) {
                return Some(Target::Pending(item.client_id.clone()));
            }
        }
        self.own_message(device, room).map(Target::Message)
    }

    fn any_message(&mut self, device: usize, room: &RoomId) -> Option<MessageId> {
        let it = &mut self.devices[device];
        let view = it.core.as_mut()?.room(room)?;
        let all: Vec<MessageId> = view.timeline.iter().rev().take(5).map(|message| message.id.clone()).collect();
        it.rng.pick(&all).cloned()
    }

    /// A message that a thread can hang on, by what the device knows of it.
    fn thread(&mut self, device: usize, room: &RoomId) -> Option<MessageId> {
        let id = self.any_message(device, room)?;
        let view = self.devices[device].core.as_mut()?.room(room)?;
        let root = view.timeline.iter().find(|message| message.id == id)?;
        root.thread_id.is_none().then_some(id)
    }

    /// What takes the place of the last reaction or text that the user wanted, while nobody has said how that went.
    fn second_thought(&self, device: usize) -> Option<UserCommand> {
        let it = &self.devices[device];
        it.asked.values().rev().find_map(|asked| {
            let instead = match asked.command.clone() {
                UserCommand::React { room_id, target, emoji } => UserCommand::Unreact { room_id, target, emoji },
                UserCommand::Unreact { room_id, target, emoji } => UserCommand::React { room_id, target, emoji },
                UserCommand::Edit { room_id, target: target @ Target::Message(_), .. } => {
                    UserCommand::Edit { room_id, target, content: format!("again {device} {}", it.asked.len()) }
                }
                _ => return None,
            };
            Some((asked.life == it.life && asked.outcome.is_none()).then_some(instead))
        })?
    }

    fn emoji(&mut self, device: usize) -> String {
        let signs = ["👍", "🎉", ":tada:"];
        self.devices[device].rng.pick(&signs).copied().unwrap_or("👍").to_owned()
    }

    fn own_message(&mut self, device: usize, room: &RoomId) -> Option<MessageId> {
        let it = &mut self.devices[device];
        let view = it.core.as_mut()?.room(room)?;
        let own: Vec<MessageId> = view.timeline.iter().filter(|m| m.user_id == it.user).map(|m| m.id.clone()).collect();
        it.rng.pick(&own).cloned()
    }
}

fn user(id: &UserId) -> User {
    User { id: id.clone(), name: id.as_str().to_uppercase(), avatar_url: None }
}

fn request(command: Command) -> UserCommand {
    UserCommand::Request(Box::new(command))
}

fn message(room: &RoomId, content: String) -> SendMessage {
    SendMessage::text(room.clone(), content)
}
