//! The model gateway: the same dance as the real one's, on the model network, around the real services.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use roomcast_protocol::{
    Event as ServerEvent, Reply, Timestamp, UserId,
    ack::{self, Ack},
    event::ServerDraining,
    handshake::{Auth, Refusal},
    model::User,
    wire::{
        EnginePacket, Handshake, Header, Heartbeat, Namespace, PacketKind, WsFrame, encode_ack, encode_connect,
        encode_connect_error,
    },
};
use roomcast_server::{
    auth::{Authenticator, Identity, TokenError},
    hub::{CloseReason, Link as BusLink, Packet, Transport as _},
    limits::Quotas,
    metrics::Metrics,
    service::{Answers, Arrival, ConnectError, Conversation, Departure, Parts, RawPacket, Service, ServiceSettings},
};
use tokio::sync::mpsc;

use crate::{
    event::Event,
    kernel::{Group, Kernel},
    net::{Frame, Gateway, LinkId, Net},
    store::{CrashPoint, Disk, ModelStore},
};

/// How often the server pings.
pub(crate) const PING_MS: u64 = 4_000;
/// How long it waits for the pong.
pub(crate) const PONG_MS: u64 = 3_000;
/// Most commands of one connection that wait.
const WAITING: usize = 512;
/// How often the services look at the time.
pub(crate) const TICK_MS: u64 = 100;

/// Tokens of the model: `user exp`, checked against virtual time.
struct ModelTokens(Arc<Kernel<Event>>, Group);

/// A model token.
#[must_use]
pub(crate) fn token(user: &UserId, exp_ms: u64, serial: u64) -> String {
    format!("{user} {exp_ms} {serial}")
}

/// When a model token runs out.
#[must_use]
pub(crate) fn token_expiry(token: &str) -> u64 {
    token.split(' ').nth(1).and_then(|exp| exp.parse().ok()).unwrap_or(0)
}

impl Authenticator for ModelTokens {
    fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        let id = token.split(' ').next().and_then(|id| UserId::parse(id).ok()).ok_or(TokenError::Subject)?;
        let exp = token_expiry(token);
        if exp <= self.0.wall(self.1) {
            return Err(TokenError::Refused("it ran out"));
        }
        let name = id.as_str().to_uppercase();
        Ok(Identity {
            user: User { id, name, avatar_url: None },
            admin: false,
            expires_at: Timestamp::new(exp),
            issued_at: Timestamp::new(0),
        })
    }
}

/// A running node.
#[derive(Clone)]
pub(crate) struct Node {
    /// Which of them.
    pub place: usize,
    /// Its process.
    pub group: Group,
    /// The real services.
    pub service: Service,
    kernel: Arc<Kernel<Event>>,
    net: Arc<Net>,
    gateway: Arc<Gateway>,
    disk: Arc<Disk<Event>>,
    draining: Arc<AtomicBool>,
}

/// What nodes are started in.
#[derive(Clone)]
pub(crate) struct Around {
    /// The clock.
    pub kernel: Arc<Kernel<Event>>,
    /// The way to clients.
    pub net: Arc<Net>,
    /// What they share.
    pub disk: Arc<Disk<Event>>,
    /// How they are set.
    pub settings: ServiceSettings,
}

/// Where a connection's acks go.
struct Acks {
    node: Node,
    link: LinkId,
}

impl Answers for Acks {
    type To = Option<u64>;

    fn answer(&self, to: Option<u64>, ack: &Ack) -> bool {
        let Some(id) = to else { return true };
        let mut ack = ack.clone();
        if let Err(error) = &mut ack {
            error.request_id = format!("{:016x}", self.node.service.env().random());
        }
        let frame = encode_ack(id, &ack::encode(&ack)).expect("the id came off the wire").into_frame();
        self.node.net.send_down(self.link, Frame::Text(frame));
        let mut disk = self.node.disk.state();
        if disk.crash == Some(CrashPoint::AfterAck) && matches!(ack, Ok(Reply::SendMessage(_))) {
            disk.crash = None;
            disk.counts.killed_after_ack += 1;
            self.node.kernel.kill(self.node.group);
        }
        true
    }
}

impl Node {
    /// Starts a node on what is on the disk.
    #[must_use]
    pub(crate) fn start(around: &Around, place: usize, group: Group, link: BusLink) -> Self {
        let Around { kernel, net, disk, settings } = around;
        let gateway = net.gateway(place, group);
        let parts = Parts {
            env: kernel.env(group),
            store: Arc::new(ModelStore::new(disk.clone(), group)),
            transport: gateway.clone(),
            tokens: Arc::new(ModelTokens(kernel.clone(), group)),
            quotas: Quotas::new(None),
            metrics: Arc::new(Metrics::default()),
            settings: settings.clone(),
            link,
        };
        let epoch = disk.state().db.epoch.clone();
        let service = Service::start(parts, epoch);
        kernel.after(TICK_MS, Event::Tick(group.0));
        let draining = Arc::new(AtomicBool::new(false));
        let (kernel, net, disk) = (kernel.clone(), net.clone(), disk.clone());
        Self { place, group, service, kernel, net, gateway, disk, draining }
    }

    /// A socket is open: the server speaks first.
    pub(crate) fn accept(&self, link: LinkId) {
        let handshake = Handshake {
            sid: format!("s{}", link.0),
            upgrades: Vec::new(),
            ping_interval_ms: PING_MS,
            ping_timeout_ms: PONG_MS,
            max_payload_bytes: Some(128 * 1024),
        };
        let packet = EnginePacket::Open(handshake);
        let WsFrame::Text(open) = packet.encode() else { return };
        self.net.send_down(link, Frame::Text(open.into_owned()));
        self.kernel.after(PING_MS, Event::Ping(link));
    }

    /// The heartbeat: asks for a sign of life, or hangs up on who gave none.
    pub(crate) fn ping(&self, link: LinkId) {
        let heard_at = match self.net.state().links.get(&link) {
            Some(link) if link.server_open => link.heard_at,
            _ => return,
        };
        if self.kernel.now() > heard_at + PING_MS + PONG_MS {
            self.net.send_down(link, Frame::End);
            self.gone(link, Departure::Lost);
            return;
        }
        self.net.send_down(link, Frame::Text("2".to_owned()));
        self.kernel.after(PING_MS, Event::Ping(link));
    }

    /// A frame came.
    pub(crate) fn take(&self, link: LinkId, frame: &str) {
        let now = self.kernel.now();
        if let Some(link) = self.net.state().links.get_mut(&link) {
            link.heard_at = now;
        }
        let Ok(packet) = EnginePacket::decode_text(frame) else { return };
        let packet = match packet {
            EnginePacket::Message(packet) => packet,
            EnginePacket::Pong(Heartbeat::Beat) => return,
            _ => return,
        };
        let Ok(header) = Header::decode(packet) else { return };
        match header.kind {
            PacketKind::Connect => self.join(link, header.payload),
            PacketKind::Disconnect => self.gone(link, Departure::Asked),
            PacketKind::Event => {
                let packet = RawPacket { text: header.payload.to_owned(), binary: false };
                let mailbox = self.net.state().links.get(&link).and_then(|link| link.mailbox.clone());
                if let Some(mailbox) = mailbox {
                    // A full queue is the real mailbox's to answer for; no seed fills it.
                    let _ = mailbox.try_send(Arrival { packet, to: header.id, at_ms: now });
                }
            }
            _ => {}
        }
    }

    /// A socket is gone, as far as the server knows.
    pub(crate) fn gone(&self, link: LinkId, how: Departure) {
        let conn = {
            let mut net = self.net.state();
            let Some(link) = net.links.get_mut(&link) else { return };
            link.server_open = false;
            link.mailbox = None;
            link.conn.take()
        };
        if let Some(conn) = conn {
            self.net.note_left(link, how);
            self.service.disconnect(conn, how);
            self.net.unregister(self.place, conn);
        }
    }

    fn join(&self, link: LinkId, auth: &str) {
        let node = self.clone();
        let auth: Option<Auth> = serde_json::from_str(auth).ok();
        self.service.env().spawn(Box::pin(async move { node.serve(link, auth).await }));
    }

    async fn serve(&self, link: LinkId, auth: Option<Auth>) {
        let refuse = |refusal: Refusal| {
            let frame = encode_connect_error(&refusal.to_string()).into_frame();
            self.net.send_down(link, Frame::Text(frame));
        };
        let Some(auth) = auth else { return refuse(Refusal::AuthenticationFailed) };
        if self.draining.load(Ordering::Relaxed) {
            return refuse(Refusal::ServerDraining);
        }
        let identity = match self.service.authenticate(&auth.token).await {
            Ok(identity) => identity,
            Err(refusal) => return refuse(refusal),
        };
        let Some(conn) = self.net.register(link) else { return };
        let (mailbox, mut arrivals) = mpsc::channel(WAITING);
        if let Some(link) = self.net.state().links.get_mut(&link) {
            link.mailbox = Some(mailbox);
        }
        let session = match self.service.connect(conn, identity).await {
            Ok(session) => session,
            Err(error) => {
                self.service.disconnect(conn, Departure::Lost);
                self.net.unregister(self.place, conn);
                return refuse(match error {
                    ConnectError::Refused(refusal) => refusal,
                    _ => Refusal::ServerDraining,
                });
            }
        };
        self.net.note_here(link);
        let sid = serde_json::json!({ "sid": format!("c{conn}") });
        let connected = encode_connect(Namespace::ROOT, &sid).expect("an object").into_frame();
        self.net.send_down(link, Frame::Text(connected));
        let acks = Acks { node: self.clone(), link };
        let mut conversation = Conversation::new(self.service.clone(), session, acks);
        if conversation.begin(auth.resume.as_ref()).await.is_ok() {
            conversation.run(&mut arrivals).await;
        } else {
            self.net.note_left(link, Departure::Lost);
            self.gateway.close(conn, CloseReason::Draining);
        }
        self.service.disconnect(conn, Departure::Lost);
        self.net.unregister(self.place, conn);
    }

    /// Goes down as the real gateway does, then the process ends.
    pub(crate) fn drain(&self) {
        let node = self.clone();
        self.service.env().spawn(Box::pin(async move {
            node.draining.store(true, Ordering::Relaxed);
            let env = node.service.env();
            let started_ms = env.mono_ms();
            let mut leaving: Vec<_> = Vec::new();
            for conn in node.net.connections(node.place) {
                let reconnect_in_ms = env.random() % 200;
                let deadline = env.now().plus_ms(1_200);
                let event = ServerEvent::ServerDraining(Box::new(ServerDraining { reconnect_in_ms, deadline }));
                node.gateway.emit(conn, &Packet::from(&event));
                leaving.push((reconnect_in_ms, conn));
            }
            leaving.sort_unstable();
            for (leaves_ms, conn) in leaving {
                let due_ms = started_ms + leaves_ms + 500;
                env.sleep_ms(due_ms.saturating_sub(env.mono_ms())).await;
                node.gateway.close(conn, CloseReason::Draining);
            }
            while node.service.writer_depth() > 0 && env.mono_ms() < started_ms + 20_000 {
                env.sleep_ms(10).await;
            }
            env.sleep_ms(100).await;
            node.kernel.kill(node.group);
            std::future::pending::<()>().await;
        }));
    }
}
