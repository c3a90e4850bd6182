//! When to wake up. Each feature knows its next deadline; nothing is stored here, so nothing can be stale.

use roomcast_protocol::{ErrorBody, ErrorCode};

use super::{Client, Purpose, session::is_read};
use crate::{
    connection::{Due, Need, Role},
    notice::Notice,
    requests::Request,
    time::Millis,
};

/// Why the core wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TimerKind {
    /// A handshake or a request takes too long, the server is silent or drains, a pause between attempts is over.
    Connection,
    /// A token takes too long, or is asked for again.
    Token,
    /// A command's deadline.
    Request,
    /// A room's sends, or a read mark, may go on.
    Outbox,
    /// A gap did not close by itself.
    Gap,
    /// Somebody's typing is over.
    Typing,
}

impl Client {
    /// When [`Input::Timeout`](crate::Input::Timeout) is due, on the monotonic clock, and what for.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Millis, TimerKind)> {
        let now = self.now();
        let deadlines = [
            (self.connection.next().map(|(at, _)| at), TimerKind::Connection),
            (self.auth.deadline(), TimerKind::Token),
            (self.requests.deadline(), TimerKind::Request),
            (self.outbox.deadline(now), TimerKind::Outbox),
            (self.pace.deadline(now), TimerKind::Outbox),
            (self.marks.deadline(now), TimerKind::Outbox),
            (self.gaps.deadline(now), TimerKind::Gap),
            (self.typing.deadline(), TimerKind::Typing),
        ];
        deadlines.into_iter().filter_map(|(at, kind)| Some((at?, kind))).min()
    }

    pub(super) fn timeout(&mut self) {
        let now = self.now();
        self.follow_connection(now);
        self.auth.handle_timeout(now, &mut self.random, &mut self.effects);
        self.requests.release(now);
        // The server says to others, and not to us, what an answer says.
        let late = |request: &Request<Purpose>| {
            (matches!(request.purpose, Purpose::User(_)) && !is_read(request)).then_some(Purpose::Late)
        };
        for request in self.requests.expired(now, late) {
            self.expired(request);
        }
        // A question that nobody answered may have ended the connection.
        self.follow_connection(now);
        while let Some(room_id) = self.typing.idle_next(now) {
            self.tell_stopped_typing(&room_id);
        }
        while let Some((room_id, user_id)) = self.typing.expire_next(now) {
            self.effects.room_changed(&room_id);
            self.effects.notice(Notice::TypingStopped(room_id, user_id));
        }
    }

    /// Does what is due of the connection.
    fn follow_connection(&mut self, now: Millis) {
        while let Some(due) = self.connection.due(now) {
            match due {
                Due::Link(role, Need::Handshake) => self.drop_link(role, "the handshake took too long"),
                Due::Link(role, Need::Silence) => self.drop_link(role, "the server fell silent"),
                Due::Link(role, Need::Polling(overdue)) => self.overdue(role, overdue),
                Due::Successor if self.connection.may_attempt() => self.attempt(Role::Successor),
                Due::Successor => self.drop_link(Role::Successor, "there is no network"),
                Due::Drain => self.drop_connection("the server is draining"),
                Due::Attempt => self.attempt(Role::Primary),
            }
        }
    }

    fn expired(&mut self, request: Request<Purpose>) {
        if request.purpose == Purpose::Alive {
            return self.drop_connection("the server did not answer");
        }
        let why = "unable to finish in time; the server did not answer";
        self.answered(request, Err(ErrorBody::new(ErrorCode::Timeout, why)));
    }
}
