//! The one door for commands. Exhaustive: a new command does not compile until it has a service.

use roomcast_protocol::{
    Command, ErrorBody, ErrorCode,
    command::{MarkRead, SendMessage},
    registry::Reply,
    validate,
};

use super::{
    Plan, Service, Session,
    shed::Feature,
    write::{changed, done, message_stored, ready, room_changed},
};
use crate::{domain::Act, limits::TooFast};

impl Service {
    /// Begins a command. What must happen in the order of the commands has happened when this returns (G-5).
    pub fn begin(&self, session: &mut Session, command: Command) -> Plan {
        if let Err(error) = validate::command(&command, &self.inner.settings.limits) {
            return ready(Err(error));
        }
        match command {
            Command::SendMessage(send) => self.send(session, send),
            Command::EditMessage(edit) => {
                self.plan_write(session, Act::Edit(edit), |done| Reply::EditMessage(message_stored(done)))
            }
            Command::DeleteMessage(delete) => {
                self.plan_write(session, Act::Delete(delete), |done| Reply::DeleteMessage(message_stored(done)))
            }
            Command::AddReaction(react) => {
                self.plan_write(session, Act::React(react), |done| Reply::AddReaction(message_stored(done)))
            }
            Command::RemoveReaction(react) => {
                self.plan_write(session, Act::Unreact(react), |done| Reply::RemoveReaction(message_stored(done)))
            }
            Command::PinMessage(pin) => {
                self.plan_write(session, Act::Pin(pin), |done| Reply::PinMessage(message_stored(done)))
            }
            Command::UnpinMessage(pin) => {
                self.plan_write(session, Act::Unpin(pin), |done| Reply::UnpinMessage(message_stored(done)))
            }
            Command::MarkRead(MarkRead::Messages(ids)) if ids.is_empty() => ready(Ok(Reply::MarkRead(done()))),
            Command::MarkRead(_) if self.sheds(Feature::Receipts) => Self::shed(Feature::Receipts),
            Command::MarkRead(mark) => self.plan_write(session, Act::Read(mark), |_| Reply::MarkRead(done())),
            Command::LeaveRoom(leave) => {
                self.plan_write(session, Act::Leave(leave.room_id), |done| Reply::LeaveRoom(changed(done)))
            }
            Command::UpdateRoom(update) => {
                self.plan_write(session, Act::UpdateRoom(update), |done| Reply::UpdateRoom(room_changed(done)))
            }
            Command::DeleteRoom(delete) => {
                self.plan_write(session, Act::DeleteRoom(delete.room_id), |done| Reply::DeleteRoom(changed(done)))
            }
            Command::SetRole(set) => self.plan_write(session, Act::SetRole(set), |done| Reply::SetRole(changed(done))),
            Command::BanMember(sanction) => {
                self.plan_write(session, Act::Ban(sanction), |done| Reply::BanMember(changed(done)))
            }
            Command::UnbanMember(sanction) => {
                self.plan_write(session, Act::Unban(sanction), |done| Reply::UnbanMember(changed(done)))
            }
            Command::MuteMember(sanction) => {
                self.plan_write(session, Act::Mute(sanction), |done| Reply::MuteMember(changed(done)))
            }
            Command::UnmuteMember(sanction) => {
                self.plan_write(session, Act::Unmute(sanction), |done| Reply::UnmuteMember(changed(done)))
            }
            Command::AddMembers(add) => {
                self.plan_write(session, Act::AddMembers(add), |done| Reply::AddMembers(changed(done)))
            }
            Command::RemoveMember(remove) => {
                self.plan_write(session, Act::RemoveMember(remove), |done| Reply::RemoveMember(changed(done)))
            }
            Command::JoinRoom(join) => self.enter(session, Act::Join(join.room_id), Reply::JoinRoom),
            Command::CreateRoom(create) => self.enter(session, Act::CreateRoom(create), Reply::CreateRoom),
            Command::TypingStart(start) => self.typing(session, start.0, true),
            Command::TypingStop(stop) => self.typing(session, stop.0, false),
            Command::UpdatePresence(_) if self.sheds(Feature::Presence) => Self::shed(Feature::Presence),
            Command::UpdatePresence(presence) => ready(self.update_presence(session, presence)),
            Command::RefreshToken(refresh) => self.refresh_token(session, refresh),
            Command::GetRoomUsers(query) => self.room_users(session, query),
            Command::ListRooms(query) => self.list_rooms(session, query),
            Command::GetMessages(query) => self.history(session, query),
            Command::SearchMessages(query) => self.search(session, query),
            Command::GetReceipts(query) => self.get_receipts(session, query.room_id),
            Command::Sync(query) => self.sync(session, query),
            Command::BlockUser(block) => {
                self.plan_write(session, Act::Block(block.user_id), |_| Reply::BlockUser(done()))
            }
            Command::UnblockUser(block) => {
                self.plan_write(session, Act::Unblock(block.user_id), |_| Reply::UnblockUser(done()))
            }
        }
    }

    fn send(&self, session: &Session, send: SendMessage) -> Plan {
        let (others, _) = self.inner.roster().elsewhere(&session.user.id);
        if let Err(too_fast) = self.inner.quotas.send(&session.user.id, &send.room_id, 1 + others) {
            return ready(Err(rate_limited(too_fast)));
        }
        self.inner.clear_typing(&session.user.id, &send.room_id, Some(session.conn));
        self.plan_write(session, Act::Send(send), |done| Reply::SendMessage(message_stored(done)))
    }
}

/// The answer to a command that is known and not offered.
#[must_use]
pub fn unsupported(event: &str) -> ErrorBody {
    ErrorBody::new(ErrorCode::Unsupported, format!("unable to run {event}; this server does not offer it"))
}

/// The answer to a command that came too soon.
#[must_use]
pub fn rate_limited(too_fast: TooFast) -> ErrorBody {
    ErrorBody::new(ErrorCode::RateLimited, "unable to take the command; too many in too short a time")
        .retry_after(too_fast.retry_after_ms)
}
