//! What the server answers, by what was asked for.

use std::sync::Arc;

use roomcast_protocol::{
    ClientId, Command, ErrorBody, ErrorCode, Reply, RoomId,
    ack::Ack,
    command::{JoinRoom, ListRooms, MarkRead, RoomScope},
    error::Retry,
    event::RemovalReason,
    model::RoomState,
    reply::{MessageStored, RoomEntered},
};

use super::{Client, Purpose};
use crate::{
    effect::{Answer, Key, TokenReason},
    notice::Notice,
    outbox::{Departed, Verdict, Work},
    requests::Request,
    rooms::{Change, Mine},
    time::Millis,
};

/// The ceilings of the pauses before a refused command is sent again, where the server names none.
const PAUSE_MS: (Millis, Millis) = (500, 10_000);

impl Client {
    pub(super) fn answered(&mut self, request: Request<Purpose>, answer: Ack) {
        if let Err(error) = &answer
            && error.code == ErrorCode::TokenExpired
        {
            let now = self.now();
            self.auth.fetch(TokenReason::Expiring, now, &mut self.effects);
        }
        if let Ok(reply) = &answer {
            self.meet_in_reply(reply);
        }
        let Request { purpose, command, .. } = request;
        match (purpose, answer) {
            (Purpose::User(id), answer) => {
                if let Ok(reply) = &answer {
                    self.took_effect(&command, reply);
                }
                self.effects.resolve(id, answer.map(|reply| Answer::Reply(Box::new(reply))));
            }
            (Purpose::Late, Ok(reply)) => self.took_effect(&command, &reply),
            (Purpose::Late, Err(_)) => {}
            (Purpose::Page(page), answer) => self.page_answered(*page, command, answer),
            (Purpose::Post(client_id), Ok(Reply::SendMessage(stored))) => self.posted(&client_id, stored),
            (
                Purpose::Post(client_id),
                Ok(
                    reply @ (Reply::EditMessage(_)
                    | Reply::DeleteMessage(_)
                    | Reply::AddReaction(_)
                    | Reply::RemoveReaction(_)
                    | Reply::CreateRoom(_)),
                ),
            ) => {
                // The item leaves first: what it showed is true from here on.
                let departed = self.outbox.acknowledged(&client_id, None, &mut self.effects);
                self.took_effect(&command, &reply);
                if let Some(departed) = departed {
                    self.effects.room_changed(&departed.room_id);
                    self.resolve(departed.waiter, Ok(Answer::Reply(Box::new(reply))));
                }
            }
            (Purpose::Post(client_id), answer) => self.not_posted(&client_id, &or_unexpected(answer)),
            (Purpose::Sync(room_id), Ok(Reply::Sync(synced))) => {
                self.gaps.close(&room_id);
                self.synced(&command, synced);
            }
            (Purpose::Alive, Ok(Reply::Sync(synced))) => self.synced(&command, synced),
            // An error is a sign of life, too, and brings nothing.
            (Purpose::Alive, _) => {}
            (Purpose::Sync(room_id), answer) => {
                let until = self.now() + self.pause_ms(&or_unexpected(answer), 1);
                self.gaps.postpone(&room_id, until);
            }
            (Purpose::ListMine, Ok(Reply::ListRooms(page))) => {
                for room in page.rooms.into_iter().filter(|room| self.rooms.get(&room.id).is_none()).collect::<Vec<_>>()
                {
                    let join = Command::JoinRoom(JoinRoom { room_id: room.id.clone() });
                    self.push(Purpose::Enter(room.id), join);
                }
                if let Some(next) = page.next {
                    self.push_list_mine(next);
                }
            }
            (Purpose::Enter(_), Ok(Reply::JoinRoom(entered))) => self.enter(entered.room),
            (Purpose::Mark(room_id, seq), answer) => match answer {
                Err(error) if error.code.retry() != Retry::Never => {
                    let until = self.now() + self.pause_ms(&error, 1);
                    self.marks.deferred(&room_id, until);
                }
                Err(error) => {
                    self.marks.forget(&room_id);
                    self.take_back_mark(&room_id, error);
                }
                Ok(_) => {
                    self.marks.settled(&room_id, seq);
                    if let Some(room) = self.rooms.get_mut(&room_id) {
                        room.confirm_mark(seq);
                    }
                }
            },
            (Purpose::Refresh, Ok(Reply::RefreshToken(refreshed))) => self.auth.runs_out(refreshed.expires_at),
            (Purpose::Refresh, Err(error)) if error.code.retry() == Retry::Never => {
                self.auth.drop_token();
                let now = self.now();
                self.auth.fetch(TokenReason::Refused, now, &mut self.effects);
            }
            (purpose @ (Purpose::ListMine | Purpose::Enter(_) | Purpose::Refresh | Purpose::Announce), Err(error)) => {
                if error.code.retry() != Retry::Never && self.connection.live().is_some() {
                    let pause_ms = self.pause_ms(&error, 1);
                    self.push_later(purpose, command, pause_ms);
                }
            }
            (Purpose::ListMine | Purpose::Enter(_) | Purpose::Refresh | Purpose::Announce, Ok(_)) => {}
        }
    }

    /// A message of ours is stored: whichever of acknowledgement and event comes first says so.
    pub(super) fn confirm(&mut self, client_id: &ClientId, stored: &MessageStored) {
        let id = Some(&stored.message.id);
        let Some(departed) = self.outbox.acknowledged(client_id, id, &mut self.effects) else { return };
        self.effects.room_changed(&departed.room_id);
        let reply = Reply::SendMessage(stored.clone());
        self.resolve(departed.waiter, Ok(Answer::Reply(Box::new(reply))));
    }

    /// The user is in a room that they wanted to make: it is made, whatever became of the acknowledgement.
    pub(super) fn confirm_created(&mut self, state: &RoomState) {
        if let Some(departed) = self.outbox.created(&state.room.id, &mut self.effects) {
            let reply = Reply::CreateRoom(RoomEntered { room: state.clone() });
            self.resolve(departed.waiter, Ok(Answer::Reply(Box::new(reply))));
        }
    }

    /// Something of the outbox waits for the user, or is dropped, because it was refused for good.
    pub(super) fn given_up(&mut self, departed: Departed, error: &ErrorBody) {
        let Departed { client_id, room_id, waiter, work } = departed;
        self.effects.room_changed(&room_id);
        self.resolve(waiter, Err(error.clone()));
        // What waits for it is told, too: it goes on only where the user acts.
        for waiter in self.outbox.take_waiters(&client_id) {
            self.resolve(Some(waiter), Err(error.clone()));
        }
        self.effects.notice(match work {
            Work::Send(_) => Notice::SendFailed(client_id, error.clone()),
            Work::Edit { target, .. } | Work::Delete { target } | Work::React { target, .. } => {
                Notice::ChangeRefused(room_id, target, error.clone())
            }
            Work::Create(_) => Notice::RoomRefused(room_id, error.clone()),
        });
    }

    pub(super) fn push_list_mine(&mut self, cursor: String) {
        let list = ListRooms { scope: RoomScope::Mine, query: None, cursor: Some(cursor), limit: None };
        self.push(Purpose::ListMine, Command::ListRooms(list));
    }

    fn take_back_mark(&mut self, room_id: &RoomId, error: ErrorBody) {
        let (Some(me), Some(room)) = (self.me.clone(), self.rooms.get_mut(room_id)) else { return };
        if room.take_back_mark(&me.id) {
            self.effects.room_changed(room_id);
            self.effects.notice(Notice::ReadRefused(room_id.clone(), error));
        }
    }

    /// How long to wait before the n-th repetition.
    pub(super) fn pause_ms(&mut self, error: &ErrorBody, repetition: u32) -> Millis {
        let ceiling = (PAUSE_MS.0 << repetition.min(10)).min(PAUSE_MS.1);
        error.retry_after_ms.unwrap_or_else(|| ceiling / 2 + self.random.up_to(ceiling / 2)).clamp(1, 600_000)
    }

    fn posted(&mut self, client_id: &ClientId, stored: MessageStored) {
        self.confirm(client_id, &stored);
        let MessageStored { message, rev } = stored;
        let room_id = message.room_id.clone();
        self.change(&room_id, rev, Change::Posted(Arc::new(message), None));
    }

    fn not_posted(&mut self, client_id: &ClientId, error: &ErrorBody) {
        let pause_ms = self.pause_ms(error, self.outbox.tries(client_id));
        match self.outbox.refused(client_id, error, self.clock.now().mono_ms, pause_ms, &mut self.effects) {
            Some(Verdict::Parked(departed)) => self.given_up(departed, error),
            Some(Verdict::Dropped(departed, stuck)) => {
                for departed in std::iter::once(departed).chain(stuck) {
                    self.given_up(departed, error);
                }
            }
            Some(Verdict::Again(room_id)) => self.effects.room_changed(&room_id),
            None => {}
        }
    }

    /// A user's command succeeded: what it changed is known before any event tells, or without one.
    fn took_effect(&mut self, command: &Command, reply: &Reply) {
        match (command, reply) {
            (_, Reply::JoinRoom(entered) | Reply::CreateRoom(entered)) => self.enter(entered.room.clone()),
            (_, Reply::UpdateRoom(changed)) => {
                if let Some(rev) = changed.rev {
                    let room = changed.room.clone();
                    self.change(&room.id.clone(), rev, Change::Settings(room));
                }
            }
            (Command::DeleteRoom(delete), _) => self.leave(&delete.room_id, RemovalReason::Deleted),
            (Command::LeaveRoom(leave), _) => self.leave(&leave.room_id, RemovalReason::Left),
            (
                _,
                Reply::EditMessage(stored)
                | Reply::DeleteMessage(stored)
                | Reply::AddReaction(stored)
                | Reply::RemoveReaction(stored)
                | Reply::PinMessage(stored)
                | Reply::UnpinMessage(stored),
            ) => {
                let MessageStored { message, rev } = stored.clone();
                let room_id = message.room_id.clone();
                self.change(&room_id, rev, Change::Edited(Arc::new(message), Mine::Told));
            }
            (Command::MarkRead(MarkRead::Messages(ids)), _) => {
                let places: Vec<_> = ids.iter().filter_map(|id| self.rooms.place_of(id)).collect();
                let places: Vec<_> = places.into_iter().map(|(room_id, seq)| (room_id.clone(), seq)).collect();
                for (room_id, seq) in places {
                    self.read_by_me(&room_id, seq);
                }
            }
            (Command::BlockUser(block), _) => {
                Arc::make_mut(&mut self.blocked).insert(block.user_id.clone());
                self.effects.changed(Key::People);
            }
            (Command::UnblockUser(block), _) => {
                Arc::make_mut(&mut self.blocked).remove(&block.user_id);
                self.effects.changed(Key::People);
            }
            (Command::UpdatePresence(presence), _) => self.presence.chosen = Some(presence.clone()),
            (Command::GetRoomUsers(users), Reply::GetRoomUsers(page)) => {
                if let Some(room) = self.rooms.get_mut(&users.room_id) {
                    room.members.merge(&page.users);
                    self.effects.room_changed(&users.room_id);
                }
            }
            (Command::GetReceipts(receipts), Reply::GetReceipts(page)) => {
                if let Some(room) = self.rooms.get_mut(&receipts.room_id) {
                    room.receipts.merge(&page.receipts);
                    self.effects.room_changed(&receipts.room_id);
                }
            }
            _ => {}
        }
    }
}

/// The error of an answer; one that fits no question is the server's fault.
fn or_unexpected(answer: Ack) -> ErrorBody {
    answer.err().unwrap_or_else(unexpected)
}

pub(super) fn unexpected() -> ErrorBody {
    ErrorBody::new(ErrorCode::Internal, "unable to use the answer; it fits no question")
}
