//! The way of a change to the writer and of its outcome back.

use std::future::Future;

use futures_util::future::{self, Either};
use roomcast_protocol::{
    ErrorBody, ErrorCode,
    ack::Ack,
    registry::Reply,
    reply::{Changed, Done as DoneReply, MessageStored, RoomChanged},
};

use super::{Plan, Service, Session};
use crate::{
    domain::{Act, Author, Change, Done},
    planted::{self, Bug},
};

impl Service {
    /// Hands a change in at once, and gives a future of its outcome.
    pub(super) fn write(
        &self,
        author: Author,
        act: Act,
    ) -> impl Future<Output = Result<Done, ErrorBody>> + Send + 'static {
        let fresh_id = self.inner.env.fresh_id();
        let hasty = planted::has(Bug::AckBeforeCommit) && matches!(act, Act::Read(_) | Act::AddMembers(_));
        let submitted = self.writer.submit(Change { author, act, fresh_id });
        let deadline = self.inner.env.sleep_ms(self.inner.settings.write_deadline_ms);
        async move {
            let Ok(outcome) = submitted else {
                let why = "unable to queue the command; the server has too much to do";
                return Err(ErrorBody::new(ErrorCode::Overloaded, why).retry_after(1_000));
            };
            if hasty {
                return Ok(Done::Changed(None));
            }
            match future::select(outcome, deadline).await {
                Either::Left((Ok(outcome), _)) => outcome,
                Either::Left((Err(_), _)) | Either::Right(_) => {
                    let why = "unable to tell the outcome in time; the same command again will";
                    Err(ErrorBody::new(ErrorCode::Unavailable, why).retry_after(500))
                }
            }
        }
    }

    /// A change whose ack is ready as soon as it is durable.
    pub(super) fn plan_write(&self, session: &Session, act: Act, reply: fn(Done) -> Reply) -> Plan {
        let outcome = self.write(session.author(), act);
        Plan::Write(Box::pin(async move { outcome.await.map(reply) }))
    }
}

/// What a message's change is answered with.
pub(super) fn message_stored(done: Done) -> MessageStored {
    match done {
        Done::Message(message, rev) => MessageStored { message: *message, rev },
        other => unreachable!("messages are decided as messages, not {other:?}"),
    }
}

/// What a change of memberships is answered with.
pub(super) fn changed(done: Done) -> Changed {
    match done {
        Done::Changed(rev) => Changed { rev },
        other => unreachable!("memberships are decided as changes, not {other:?}"),
    }
}

/// What a change of a room's settings is answered with.
pub(super) fn room_changed(done: Done) -> RoomChanged {
    match done {
        Done::Room(room, rev) => RoomChanged { room: *room, rev },
        other => unreachable!("settings are decided as rooms, not {other:?}"),
    }
}

/// What is answered where there is nothing to say.
pub(super) fn done() -> DoneReply {
    DoneReply::default()
}

/// An ack that needs no writer.
pub(super) fn ready(ack: Ack) -> Plan {
    Plan::Done(Box::new(ack))
}
