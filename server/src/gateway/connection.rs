//! The one task of a connection: it waits for the engine to let the client in, then holds the conversation.

use std::sync::Arc;

use roomcast_protocol::{
    ack::{self, Ack},
    handshake::{ClientInfo, Resume},
};
use socketioxide::extract::AckSender;
use tokio::sync::{Notify, mpsc};

use super::{engine::Engine, mailbox::Mailbox};
use crate::{
    env::SharedEnv,
    hub::{CloseReason, Transport as _},
    service::{Answers, Arrival, Conversation, Departure, Service, Session},
};

/// How long the engine may take between letting a connection in and telling its client.
const BEGIN_MS: u64 = 10_000;

pub(super) struct Connection {
    pub(super) service: Service,
    pub(super) engine: Arc<Engine>,
    pub(super) session: Session,
    pub(super) resume: Option<Resume>,
    pub(super) client: Option<ClientInfo>,
    pub(super) mailbox: Arc<Mailbox>,
}

/// The engine's own way to answer.
struct Acks(SharedEnv);

impl Answers for Acks {
    type To = AckSender;

    fn answer(&self, to: AckSender, ack: &Ack) -> bool {
        answer(to, ack, &self.0)
    }
}

impl Connection {
    pub(super) async fn run(self, began: Arc<Notify>, mut arrivals: mpsc::Receiver<Arrival<AckSender>>) {
        let Self { service, engine, session, resume, client, mailbox } = self;
        let conn = session.conn;
        let late = service.env().sleep_ms(BEGIN_MS);
        let in_time = tokio::select! {
            () = began.notified() => true,
            () = late => false,
        };
        let metrics = service.metrics().clone();
        if in_time {
            metrics.connects.inc();
            metrics.connections.inc();
            let span = tracing::debug_span!("connection", %conn, user = ?session.user.id, ?client);
            let conversation = Conversation::new(service.clone(), session, Acks(service.env().clone()));
            tracing::Instrument::instrument(serve(&service, &engine, conversation, resume, &mut arrivals), span).await;
            metrics.connections.dec();
        }
        // Where the engine never told us that the socket is gone, nothing of it may stay.
        service.disconnect(conn, Departure::Lost);
        engine.unregister(conn);
        mailbox.close();
    }
}

async fn serve(
    service: &Service,
    engine: &Engine,
    mut conversation: Conversation<Acks>,
    resume: Option<Resume>,
    arrivals: &mut mpsc::Receiver<Arrival<AckSender>>,
) {
    if let Err(error) = conversation.begin(resume.as_ref()).await {
        tracing::warn!(%error, "unable to tell a connection its initial state; closing it");
        engine.close(conversation.session().conn, CloseReason::Draining);
        return;
    }
    tell_debug(service, engine, conversation.session());
    conversation.run(arrivals).await;
}

fn tell_debug(service: &Service, engine: &Engine, session: &Session) {
    let Some(socket) = engine.socket(session.conn) else { return };
    let transport = format!("{:?}", socket.transport_type()).to_lowercase();
    if let Some(packet) = service.debug_packet(session, socket.id.to_string(), &transport) {
        engine.emit(session.conn, &packet);
    }
}

/// Sends an ack; false where the client's queue is full. A command that asked for none gets none.
pub(super) fn answer(to: AckSender, ack: &Ack, env: &SharedEnv) -> bool {
    let sent = match ack {
        Ok(_) => to.send(&ack::encode(ack)),
        Err(error) => {
            let mut error = error.clone();
            error.request_id = format!("{:016x}", env.random());
            tracing::debug!(code = error.code.as_str(), request_id = error.request_id, "refused a command");
            to.send(&ack::encode(&Err(error)))
        }
    };
    !matches!(sent, Err(socketioxide::SendError::Socket(socketioxide::SocketError::InternalChannelFull)))
}
