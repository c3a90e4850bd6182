//! Sends what is ready, as long as the server lets so much be in flight.

use roomcast_protocol::{
    Command, ErrorBody, ErrorCode, Rev, RoomId,
    collections::BTreeMap,
    command::{MarkRead, ReadUpTo, RefreshToken, Sync},
    wire::encode_event,
};

use super::{Client, Purpose};
use crate::{
    input::{ConnId, Token},
    requests::Request,
    time::Millis,
};

impl Client {
    /// Users' questions first, then what heals, then marks, then the outbox.
    pub(super) fn send_ready(&mut self) {
        let Some(conn) = self.connection.live() else { return };
        let now = self.now();
        while let Some(room_id) = self.gaps.ask_next(now) {
            self.push_sync(&room_id);
        }
        let most = self.limits.in_flight.max(1);
        while let Some(request) = self.requests.take_next(most) {
            self.send(conn, request);
        }
        while self.requests.room_for(most) > 0
            && let Some((room_id, up_to_seq)) = self.marks.start_next(now)
        {
            let read = MarkRead::UpTo(ReadUpTo { room_id: room_id.clone(), up_to_seq });
            let request = self.request(Purpose::Mark(room_id, up_to_seq), Command::MarkRead(read));
            self.send(conn, request);
        }
        while self.requests.room_for(most) > 0
            && self.outbox.is_ready(now)
            && self.pace.allows(now)
            && let Some((client_id, room_id, mut command)) = self.outbox.start_next(now)
        {
            self.pace.spend();
            self.effects.room_changed(&room_id);
            self.fix_version(&room_id, &mut command);
            let request = self.request(Purpose::Post(client_id), command);
            self.send(conn, request);
        }
    }

    /// A change names what it is made to: an attempt that is still under way on a connection that is gone must not take
    /// back what was wanted after it.
    fn fix_version(&self, room_id: &RoomId, command: &mut Command) {
        let room = self.rooms.get(room_id);
        match command {
            Command::EditMessage(edit) => edit.if_version = room.and_then(|room| room.version_of(&edit.message_id)),
            Command::AddReaction(react) | Command::RemoveReaction(react) => {
                react.if_rev = room.map(|room| room.rev_with(&react.message_id));
            }
            _ => {}
        }
    }

    /// Sends a command that nobody waits for. What is so fleeting is not kept for a later connection.
    pub(super) fn send_unacknowledged(&mut self, command: &Command) {
        if let Some(conn) = self.connection.live()
            && let Ok(frame) = encode_event(command.kind().name(), command, None)
        {
            self.transmit(conn, frame.into_frame());
        }
    }

    pub(super) fn request(&self, purpose: Purpose, command: Command) -> Request<Purpose> {
        Request { purpose, command, deadline: self.now() + self.config.request_timeout_ms.max(1) }
    }

    pub(super) fn push(&mut self, purpose: Purpose, command: Command) {
        let request = self.request(purpose, command);
        self.requests.push(request);
    }

    /// Asks again after a pause. The time to answer begins anew then, or a question that timed out would never be
    /// asked again.
    pub(super) fn push_later(&mut self, purpose: Purpose, command: Command, pause_ms: Millis) {
        let request = self.request(purpose, command);
        let until = self.now() + pause_ms;
        self.requests.defer(Request { deadline: request.deadline + pause_ms, ..request }, until);
    }

    pub(super) fn push_refresh(&mut self) {
        if let Some(Token(token)) = self.auth.token().cloned() {
            self.push(Purpose::Refresh, Command::RefreshToken(RefreshToken { token }));
        }
    }

    fn push_sync(&mut self, room_id: &RoomId) {
        // A room that we have not heard of yet is asked for from its beginning.
        let since = self.rooms.get(room_id).map_or(Some(Rev::default()), |room| room.is_behind().then(|| room.rev()));
        let (Some(since), Some(epoch)) = (since, self.epoch.clone()) else {
            // It closed by itself while the question was put off.
            self.gaps.close(room_id);
            self.effects.room_changed(room_id);
            return;
        };
        let sync = Sync { epoch, rooms: BTreeMap::from([(room_id.clone(), since)]) };
        self.push(Purpose::Sync(room_id.clone()), Command::Sync(sync));
    }

    pub(super) fn send(&mut self, conn: ConnId, request: Request<Purpose>) {
        let limit = self.packet_bytes(conn);
        let (id, request) = self.requests.start(request);
        let frame = encode_event(request.command.kind().name(), &request.command, Some(id));
        match frame {
            Ok(frame) if frame.as_frame().len() as u64 <= limit => {
                self.transmit(conn, frame.into_frame());
            }
            _ => {
                let error = ErrorBody::new(ErrorCode::TooLarge, "unable to send; the packet is too long").limit(limit);
                if let Some(request) = self.requests.acknowledged(id) {
                    self.answered(request, Err(error));
                }
            }
        }
    }
}
