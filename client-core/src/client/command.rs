//! What the user wants. Checked here first, so that they know before the network does.

use roomcast_protocol::{
    Command, ErrorCode, Reply, RoomId, Seq,
    command::{GetMessages, MarkRead, SendMessage, TypingStart, TypingStop},
    reply, validate,
};

use super::{Client, Purpose};
use crate::{
    effect::Answer,
    input::{CommandId, UserCommand},
    typing::Tell,
};

impl Client {
    pub(super) fn command(&mut self, id: CommandId, command: UserCommand) {
        match command {
            UserCommand::Request(command) => self.user_request(id, *command),
            UserCommand::LoadOlder { room_id, limit } => self.load_older(id, room_id, limit),
            UserCommand::Retry(client_id) => {
                let room_id = self.outbox.retry(&client_id, None, id, &mut self.effects);
                self.retried(id, room_id);
            }
            UserCommand::Revise { client_id, content } => {
                let checked = self
                    .outbox
                    .revised(&client_id, &content)
                    .and_then(|send| validate::command(&Command::SendMessage(send), &self.limits));
                let room_id =
                    checked.and_then(|()| self.outbox.retry(&client_id, Some(content), id, &mut self.effects));
                self.retried(id, room_id);
            }
            UserCommand::Discard(client_id) => match self.outbox.acknowledged(&client_id, &mut self.effects) {
                None => self.fail(id, ErrorCode::NotFound, "unable to discard; the message is not in the outbox"),
                Some(departed) => {
                    self.effects.room_changed(&departed.room_id);
                    if let Some(waiter) = departed.waiter {
                        self.fail(waiter, ErrorCode::Gone, "unable to send; the message was discarded");
                    }
                    self.done(id);
                }
            },
        }
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
            return self.fail(id, ErrorCode::Conflict, "unable to send; the id is in the outbox already");
        }
        let room_id = send.room_id.clone();
        self.stop_typing(&room_id);
        let author = self.me.as_ref().map(|me| me.id.clone());
        self.outbox.add(client_id, send, author, wall_ms, id, &mut self.effects);
        self.effects.room_changed(&room_id);
    }

    fn retried(&mut self, id: CommandId, room_id: Result<RoomId, roomcast_protocol::ErrorBody>) {
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
        if room.read(me, seq, Some(me)) {
            self.marks.want(room_id, seq);
            self.effects.room_changed(room_id);
        }
        self.done(id);
    }

    fn load_older(&mut self, id: CommandId, room_id: RoomId, limit: u64) {
        let Some(room) = self.rooms.get(&room_id) else {
            return self.fail(id, ErrorCode::NotFound, "unable to load; the user is not in such a room");
        };
        if !room.has_older {
            let nothing = reply::Messages { messages: Vec::new(), has_more: false, authors: Vec::new() };
            return self.effects.resolve(id, Ok(Answer::Reply(Box::new(Reply::GetMessages(nothing)))));
        }
        let before = room.timeline.first().map(|message| message.seq);
        let limit = Some(limit.clamp(1, self.limits.page.max(1)));
        let page = GetMessages { room_id: room_id.clone(), before, after: None, around: None, thread_id: None, limit };
        if !self.connection.is_hopeful() {
            return self.fail(id, ErrorCode::Unavailable, "unable to load; the client is not connected");
        }
        self.effects.room_changed(&room_id);
        self.push(Purpose::Older(id, room_id), Command::GetMessages(page));
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
