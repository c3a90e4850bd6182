//! Where the engine hands packets over: synchronously, or their order would be lost (G-5). socketioxide runs every
//! asynchronous handler as a task of its own.

use std::sync::Arc;

use socketioxide::{
    adapter::LocalAdapter,
    extract::AckSender,
    handler::{FromMessageParts as _, MessageHandler},
    socket::Socket,
};
use socketioxide_core::Value;

use super::{connection::answer, mailbox::Mailbox};
use crate::service::{Arrival, RawPacket, Service};

pub(super) struct Intake {
    pub(super) service: Service,
    pub(super) mailbox: Arc<Mailbox>,
}

/// Tells this implementation from the engine's own for closures.
pub(super) enum Synchronous {}

impl MessageHandler<LocalAdapter, Synchronous> for Intake {
    fn call(&self, socket: Arc<Socket<LocalAdapter>>, mut value: Value, ack_id: Option<i64>) {
        let Ok(to) = AckSender::from_message_parts(&socket, &mut value, &ack_id);
        let env = self.service.env();
        let arrival = Arrival { packet: RawPacket::from(value), to, at_ms: env.mono_ms() };
        if let Err((arrival, error)) = self.mailbox.put(arrival) {
            self.service.metrics().count_error(error.code, "any");
            answer(arrival.to, &Err(error), env);
        }
    }
}
