//! The door: who comes in is registered and subscribed before the engine tells them that they are in, because
//! events that arrive before handlers exist are dropped silently.

use std::{
    future::Future,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use roomcast_protocol::handshake::{Auth, ClientInfo, Refusal, Resume};
use serde::Deserialize;
use socketioxide::{
    extract::{SocketRef, TryData},
    socket::DisconnectReason,
};
use tokio::sync::Notify;

use super::{connection::Connection, engine::Engine, intake::Intake, mailbox::Mailbox};
use crate::{
    domain::ConnId,
    metrics::ReasonLabel,
    serve::Peer,
    service::{ConnectError, Departure, Service},
};

#[derive(Clone)]
pub(super) struct Door {
    service: Service,
    engine: Arc<Engine>,
    draining: Arc<AtomicBool>,
}

/// Set when the engine has told the client that it is in.
#[derive(Clone)]
struct Began(Arc<Notify>, ConnId, Arc<Engine>);

/// Runs after the middleware: the client has its CONNECT, the connection's task may speak.
pub(super) async fn begin(socket: SocketRef) {
    if let Some(Began(notify, conn, engine)) = socket.extensions.remove::<Began>() {
        engine.connected(conn);
        notify.notify_one();
    }
}

impl Door {
    pub(super) fn new(service: Service, engine: Arc<Engine>, draining: Arc<AtomicBool>) -> Self {
        Self { service, engine, draining }
    }

    pub(super) fn middleware(
        self,
    ) -> impl Fn(SocketRef, TryData<serde_json::Value>) -> BoxedAdmission + Clone + Send + Sync + 'static {
        move |socket, TryData(auth)| {
            let door = self.clone();
            Box::pin(async move {
                let admitted = match auth.ok().and_then(parse_auth) {
                    Some(auth) => door.admit(socket, auth).await,
                    None => Err(Refusal::AuthenticationFailed),
                };
                admitted.inspect_err(|refusal| {
                    let reason = match refusal {
                        Refusal::AuthenticationFailed => "authentication",
                        Refusal::AccessRevoked => "revoked",
                        Refusal::TooManyConnections => "too_many",
                        Refusal::ServerDraining => "draining",
                    };
                    door.service.metrics().refusals.get_or_create(&ReasonLabel { reason }).inc();
                })
            })
        }
    }

    async fn admit(&self, socket: SocketRef, auth: Auth) -> Result<(), Refusal> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(Refusal::ServerDraining);
        }
        if let Some(address) = address(&socket) {
            self.service.quotas().handshake(address).map_err(|_| Refusal::TooManyConnections)?;
        }
        let identity = self.service.authenticate(&auth.token).await?;

        let conn = self.engine.register(socket.clone());
        let entry = Entry { service: &self.service, engine: &self.engine, conn, kept: false };
        let (mailbox, arrivals) = Mailbox::new(self.service.quotas().inbound());
        let mailbox = Arc::new(mailbox);
        self.listen(&socket, conn, &mailbox);
        let session = self.service.connect(conn, identity).await.map_err(|error| {
            tracing::warn!(%error, "unable to take a connection");
            match error {
                ConnectError::Refused(refusal) => refusal,
                // The closed set has no word for a database that is away; this one makes clients come again.
                ConnectError::Failed(_) => Refusal::ServerDraining,
            }
        })?;
        entry.keep();

        let began = Arc::new(Notify::new());
        socket.extensions.insert(Began(began.clone(), conn, self.engine.clone()));
        let connection = Connection {
            service: self.service.clone(),
            engine: self.engine.clone(),
            session,
            resume: auth.resume,
            client: auth.client,
            mailbox,
        };
        self.service.env().spawn(Box::pin(connection.run(began, arrivals)));
        Ok(())
    }

    fn listen(&self, socket: &SocketRef, conn: ConnId, mailbox: &Arc<Mailbox>) {
        socket.on_fallback(Intake { service: self.service.clone(), mailbox: mailbox.clone() });
        let (door, letters) = (self.clone(), mailbox.clone());
        // All of it inside the future: the engine may disconnect a socket in the midst of a send, under our locks.
        socket.on_disconnect(async move |reason: DisconnectReason| {
            let (how, label) = departure(reason);
            door.service.metrics().disconnects.get_or_create(&ReasonLabel { reason: label }).inc();
            door.service.disconnect(conn, how);
            door.engine.unregister(conn);
            letters.close();
        });
    }
}

type BoxedAdmission = std::pin::Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send>>;

/// A connection that is being taken; unless it is kept, nothing of it stays.
struct Entry<'a> {
    service: &'a Service,
    engine: &'a Engine,
    conn: ConnId,
    kept: bool,
}

impl Entry<'_> {
    fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.service.disconnect(self.conn, Departure::Lost);
            self.engine.unregister(self.conn);
        }
    }
}

/// Only the token decides over coming in: of the rest, what cannot be read is as if it had not been sent.
fn parse_auth(auth: serde_json::Value) -> Option<Auth> {
    #[derive(Deserialize)]
    struct Loose {
        token: String,
        #[serde(default)]
        resume: serde_json::Value,
        #[serde(default)]
        client: serde_json::Value,
    }
    let loose: Loose = serde_json::from_value(auth).ok()?;
    let resume = serde_json::from_value::<Resume>(loose.resume).ok();
    let client = serde_json::from_value::<ClientInfo>(loose.client).ok();
    Some(Auth { token: loose.token, resume, client })
}

fn address(socket: &SocketRef) -> Option<IpAddr> {
    socket.req_parts().extensions.get::<Peer>().map(Peer::client)
}

fn departure(reason: DisconnectReason) -> (Departure, &'static str) {
    match reason {
        DisconnectReason::ClientNSDisconnect => (Departure::Asked, "client"),
        DisconnectReason::ServerNSDisconnect => (Departure::Lost, "server"),
        DisconnectReason::ClosingServer => (Departure::Lost, "closing"),
        DisconnectReason::HeartbeatTimeout => (Departure::Lost, "heartbeat"),
        DisconnectReason::TransportClose => (Departure::Lost, "transport_close"),
        DisconnectReason::TransportError => (Departure::Lost, "transport_error"),
        DisconnectReason::PacketParsingError => (Departure::Lost, "bad_packet"),
        DisconnectReason::MultipleHttpPollingError => (Departure::Lost, "double_poll"),
    }
}
