//! What the user wants. Checked here first, so that they know before the network does.

use roomcast_protocol::{
    ClientId, Command, ErrorBody, ErrorCode, RoomId, Seq,
    command::{CreateRoom, EditMessage, MarkRead, React, SendMessage, TypingStart, TypingStop},
    validate,
};

use super::{Client, Purpose};
use crate::{
    effect::Answer,
    input::{CommandId, Target, UserCommand},
    outbox::{Superseded, Work},
    rooms::mine,
    typing::Tell,
};

impl Client {
    pub(super) fn command(&mut self, id: CommandId, command: UserCommand) {
        match command {
            UserCommand::Request(command) => self.user_request(id, *command),
            UserCommand::LoadOlder { room_id, limit } => self.load_older(id, &room_id, limit),
            UserCommand::LoadNewer { room_id, limit } => self.load_newer(id, &room_id, limit),
            UserCommand::LoadAround { room_id, place, limit } => self.load_around(id, &room_id, place, limit),
            UserCommand::JumpToNewest { room_id } => self.jump_to_newest(id, &room_id),
            UserCommand::Lookup { room_id, message_id } => self.look_up(id, &room_id, message_id),
            UserCommand::LoadThread { room_id, thread_id, limit } => self.load_thread(id, &room_id, thread_id, limit),
            UserCommand::CloseThread { room_id, thread_id } => self.close_thread(id, &room_id, &thread_id),
            UserCommand::Retry(client_id) => self.retry(id, &client_id),
            UserCommand::Revise { client_id, content } => self.revise(id, &client_id, content),
            UserCommand::Discard(client_id) => self.discard(id, &client_id),
            UserCommand::Edit { room_id, target, content } => self.edit(id, room_id, target, content),
            UserCommand::Delete { room_id, target } => self.delete(id, room_id, target),
            UserCommand::React { room_id, target, emoji } => self.react(id, room_id, target, emoji, true),
            UserCommand::Unreact { room_id, target, emoji } => self.react(id, room_id, target, emoji, false),
            UserCommand::CreateRoom(create) => self.create_room(id, *create),
        }
    }

    fn retry(&mut self, id: CommandId, client_id: &ClientId) {
        let room_id = self.outbox.retry(client_id, None, id, &mut self.effects);
        self.retried(id, room_id);
    }

    fn revise(&mut self, id: CommandId, client_id: &ClientId, content: String) {
        let checked = self
            .outbox
            .revised(client_id, &content)
            .and_then(|send| validate::command(&Command::SendMessage(send), &self.limits));
        let room_id = checked.and_then(|()| self.outbox.retry(client_id, Some(content), id, &mut self.effects));
        self.retried(id, room_id);
    }

    fn discard(&mut self, id: CommandId, client_id: &ClientId) {
        let departed = self.outbox.discard(client_id, &mut self.effects);
        if departed.is_empty() {
            return self.fail(id, ErrorCode::NotFound, "unable to discard; the message is not in the outbox");
        }
        for departed in departed {
            self.effects.room_changed(&departed.room_id);
            if let Some(waiter) = departed.waiter {
                self.fail(waiter, ErrorCode::Gone, "unable to send; the message was discarded");
            }
        }
        self.done(id);
    }

    /// A message that failed is simply another one; any other is changed in its turn.
    fn edit(&mut self, id: CommandId, room_id: RoomId, target: Target, content: String) {
        let target = match self.aim(&room_id, target) {
            Ok(Target::Pending(client_id)) if self.outbox.is_failed(&client_id) => {
                return self.revise(id, &client_id, content);
            }
            Ok(target) => target,
            Err(error) => return self.effects.resolve(id, Err(error)),
        };
        let edit = EditMessage { message_id: target.any_id(), content: content.clone(), if_version: None };
        if let Err(error) = validate::command(&Command::EditMessage(edit), &self.limits) {
            return self.effects.resolve(id, Err(error));
        }
        self.take_in(id, room_id, Work::Edit { target, content });
    }

    fn delete(&mut self, id: CommandId, room_id: RoomId, target: Target) {
        match self.aim(&room_id, target) {
            Ok(Target::Pending(client_id)) if self.outbox.is_failed(&client_id) => self.discard(id, &client_id),
            Ok(target) => {
                self.take_in(id, room_id, Work::Delete { target });
            }
            Err(error) => self.effects.resolve(id, Err(error)),
        }
    }

    /// A reaction that is undone before it was sent is not sent at all.
    fn react(&mut self, id: CommandId, room_id: RoomId, target: Target, emoji: String, adds: bool) {
        let target = match self.aim(&room_id, target) {
            Ok(target) => target,
            Err(error) => return self.effects.resolve(id, Err(error)),
        };
        let react = React { message_id: target.any_id(), emoji, if_rev: None };
        if let Err(error) = validate::command(&Command::AddReaction(react.clone()), &self.limits) {
            return self.effects.resolve(id, Err(error));
        }
        let emoji = react.emoji;
        let Superseded { departed, was_sent } = self.outbox.supersede(&room_id, &target, &emoji, &mut self.effects);
        let undone = !departed.is_empty() && !was_sent && self.has_reacted(&room_id, &target, &emoji) == Some(adds);
        for departed in departed {
            self.resolve(departed.waiter, Ok(Answer::Done));
        }
        if undone {
            self.effects.room_changed(&room_id);
            return self.done(id);
        }
        let client_id = self.take_in(id, room_id, Work::React { target, emoji, adds });
        if was_sent {
            self.outbox.follows_sent(&client_id);
        }
    }

    /// Whether the server has such a reaction of the user's, as far as it is known here.
    fn has_reacted(&self, room_id: &RoomId, target: &Target, emoji: &str) -> Option<bool> {
        let Target::Message(message_id) = target else { return Some(false) };
        let room = self.rooms.get(room_id)?;
        let message = room.history.at(room.place_of(message_id)?)?;
        Some(mine::has_reacted(message, emoji))
    }

    fn create_room(&mut self, id: CommandId, mut create: CreateRoom) {
        let wall_ms = self.clock.now().wall_ms;
        let room_id = create.room_id.get_or_insert_with(|| {
            RoomId::parse(self.ids.next(wall_ms).as_str()).expect("both ids are of one alphabet and length")
        });
        let room_id = room_id.clone();
        if let Err(error) = validate::command(&Command::CreateRoom(create.clone()), &self.limits) {
            return self.effects.resolve(id, Err(error));
        }
        if self.rooms.get(&room_id).is_some() || self.outbox.is_making(&room_id) {
            return self.fail(id, ErrorCode::Conflict, "unable to create the room; its id is taken");
        }
        self.take_in(id, room_id, Work::Create(Box::new(create)));
    }

    fn take_in(&mut self, id: CommandId, room_id: RoomId, work: Work) -> ClientId {
        let wall_ms = self.clock.now().wall_ms;
        let client_id = self.ids.next(wall_ms);
        let author = self.author();
        self.effects.room_changed(&room_id);
        self.outbox.add(client_id.clone(), room_id, work, author, wall_ms, id, &mut self.effects);
        client_id
    }

    /// Where a change goes: a message that has left the outbox meanwhile has an id.
    fn aim(&self, room_id: &RoomId, target: Target) -> Result<Target, ErrorBody> {
        let Target::Pending(client_id) = target else { return Ok(target) };
        if self.outbox.room_of_message(&client_id) == Some(room_id) {
            return Ok(Target::Pending(client_id));
        }
        let sent = self.rooms.get(room_id).zip(self.me.as_ref());
        let sent = sent.and_then(|(room, me)| room.sent_as(&me.id, &client_id));
        sent.map(|message| Target::Message(message.id.clone())).ok_or_else(|| {
            ErrorBody::new(ErrorCode::NotFound, "unable to find the message; it is neither in the outbox nor loaded")
        })
    }

    fn user_request(&mut self, id: CommandId, command: Command) {
        if let Err(error) = validate::command(&command, &self.limits) {
            return self.effects.resolve(id, Err(error));
        }
        match command {
            Command::SendMessage(send) => self.post(id, send),
            Command::MarkRead(MarkRead::UpTo(read)) => self.mark_read(id, &read.room_id, read.up_to_seq),
            Command::TypingStart(TypingStart(room_id)) => {
                if self.connection.live().is_some()
                    && self.typing.pressed(&room_id, self.clock.now().mono_ms) == Some(Tell::Start)
                {
                    self.send_unacknowledged(&Command::TypingStart(TypingStart(room_id)));
                }
                self.done(id);
            }
            Command::TypingStop(TypingStop(room_id)) => {
                self.stop_typing(&room_id);
                self.done(id);
            }
            Command::RefreshToken(_) => {
                self.fail(id, ErrorCode::Unsupported, "unable to swap the token; the client asks its provider itself");
            }
            command if self.connection.is_hopeful() => self.push(Purpose::User(id), command),
            _ => self.fail(id, ErrorCode::Unavailable, "unable to ask the server; the client is not connected"),
        }
    }

    fn post(&mut self, id: CommandId, mut send: SendMessage) {
        let wall_ms = self.clock.now().wall_ms;
        let client_id = send.client_id.get_or_insert_with(|| self.ids.next(wall_ms)).clone();
        if self.outbox.contains(&client_id) {
            return match self.outbox.adopt(&send, id) {
                Ok(()) => {}
                Err(error) => self.effects.resolve(id, Err(error)),
            };
        }
        let room_id = send.room_id.clone();
        self.stop_typing(&room_id);
        let author = self.author();
        let work = Work::Send(send.into());
        self.outbox.add(client_id, room_id.clone(), work, author, wall_ms, id, &mut self.effects);
        self.effects.room_changed(&room_id);
    }

    fn retried(&mut self, id: CommandId, room_id: Result<RoomId, ErrorBody>) {
        match room_id {
            Ok(room_id) => self.effects.room_changed(&room_id),
            Err(error) => self.effects.resolve(id, Err(error)),
        }
    }

    /// Moves the cursor here at once; the server is told as soon as it can be.
    fn mark_read(&mut self, id: CommandId, room_id: &RoomId, seq: Seq) {
        let me = self.me.as_ref().map(|me| &me.id);
        let (Some(room), Some(me)) = (self.rooms.get_mut(room_id), me) else {
            return self.fail(id, ErrorCode::NotFound, "unable to mark as read; the user is not in such a room");
        };
        let seq = seq.min(room.info.seq);
        if room.mark(me, seq) {
            self.marks.want(room_id, seq);
            self.effects.room_changed(room_id);
        }
        self.count_unread(room_id);
        self.done(id);
    }

    pub(super) fn stop_typing(&mut self, room_id: &RoomId) {
        if self.typing.stopped(room_id) == Some(Tell::Stop) {
            self.tell_stopped_typing(room_id);
        }
    }

    pub(super) fn tell_stopped_typing(&mut self, room_id: &RoomId) {
        self.send_unacknowledged(&Command::TypingStop(TypingStop(room_id.clone())));
    }
}
