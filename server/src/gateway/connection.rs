//! The one task of a connection: it takes commands in their order, keeps writes pipelined and acks in order, and
//! minds the clock (digests, tokens).

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesOrdered};
use roomcast_protocol::{
    Event,
    ack::{self, Ack},
    event::TokenExpiring,
    handshake::{ClientInfo, Resume},
};
use socketioxide::extract::AckSender;
use tokio::sync::{Notify, mpsc};

use super::{engine::Engine, incoming::Arrival, mailbox::Mailbox};
use crate::{
    env::SharedEnv,
    hub::{CloseReason, Packet, Transport as _},
    service::{Departure, Plan, Service, Session},
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

/// A command that is under way.
struct Answer {
    ack: Ack,
    to: AckSender,
    event: &'static str,
    at_ms: u64,
}

type UnderWay = FuturesOrdered<BoxFuture<'static, Answer>>;

impl Connection {
    pub(super) async fn run(mut self, began: Arc<Notify>, mut arrivals: mpsc::Receiver<Arrival>) {
        let conn = self.session.conn;
        let late = self.service.env().sleep_ms(BEGIN_MS);
        let in_time = tokio::select! {
            () = began.notified() => true,
            () = late => false,
        };
        let metrics = self.service.metrics().clone();
        if in_time {
            metrics.connects.inc();
            metrics.connections.inc();
            let span = tracing::debug_span!("connection", %conn, user = ?self.session.user.id, client = ?self.client);
            tracing::Instrument::instrument(self.serve(&mut arrivals), span).await;
            metrics.connections.dec();
        }
        // Where the engine never told us that the socket is gone, nothing of it may stay.
        self.service.disconnect(conn, Departure::Lost);
        self.engine.unregister(conn);
        self.mailbox.close();
    }

    async fn serve(&mut self, arrivals: &mut mpsc::Receiver<Arrival>) {
        let conn = self.session.conn;
        let resume = self.resume.take();
        if let Err(error) = self.service.begin_session(&self.session, resume.as_ref()).await {
            tracing::warn!(%error, "unable to tell a connection its initial state; closing it");
            self.engine.close(conn, CloseReason::Draining);
            return;
        }
        self.tell_debug();
        let most = usize::try_from(self.service.settings().limits.in_flight).unwrap_or(usize::MAX);
        let mut under_way = UnderWay::new();
        let heads_ms = self.service.settings().heads_ms;
        let mut heads_at_ms = self.service.env().mono_ms() + heads_ms;
        let mut wake = self.next_wake(heads_at_ms);
        loop {
            tokio::select! {
                biased;
                Some(answer) = under_way.next() => self.finish(answer),
                arrival = arrivals.recv(), if under_way.len() < most => match arrival {
                    Some(arrival) => self.take(arrival, &mut under_way).await,
                    None => break,
                },
                () = &mut wake => {
                    let now_ms = self.service.env().mono_ms();
                    if now_ms >= heads_at_ms {
                        heads_at_ms = now_ms + heads_ms;
                        if let Some(packet) = self.service.heads(&mut self.session) {
                            self.engine.emit(conn, &packet);
                        }
                    }
                    self.mind_token();
                    wake = self.next_wake(heads_at_ms);
                }
            }
        }
        // The client is gone; what it had sent before takes effect all the same.
        while let Some(answer) = under_way.next().await {
            self.finish(answer);
        }
    }

    async fn take(&mut self, arrival: Arrival, under_way: &mut UnderWay) {
        let Arrival { packet, ack: to, at_ms } = arrival;
        let parsed = packet.parse();
        let event = parsed.event;
        let plan = match parsed.command {
            Ok(command) => self.service.begin(&mut self.session, command),
            Err(error) => Plan::Done(Box::new(Err(error))),
        };
        match plan {
            Plan::Done(ack) => {
                let answer = Answer { ack: *ack, to, event, at_ms };
                under_way.push_back(std::future::ready(answer).boxed());
            }
            Plan::Write(outcome) => {
                under_way.push_back(outcome.map(move |ack| Answer { ack, to, event, at_ms }).boxed());
            }
            Plan::Read(outcome) => {
                // A read sees all that the same connection wrote before it.
                while let Some(answer) = under_way.next().await {
                    self.finish(answer);
                }
                let ack = outcome.await;
                self.finish(Answer { ack, to, event, at_ms });
            }
        }
    }

    fn finish(&self, answered: Answer) {
        let Answer { ack, to, event, at_ms } = answered;
        let env = self.service.env();
        let metrics = self.service.metrics();
        if let Err(error) = &ack {
            metrics.count_error(error.code, event);
        }
        let ms = u32::try_from(env.mono_ms().saturating_sub(at_ms)).unwrap_or(u32::MAX);
        metrics.ack_seconds.observe(Duration::from_millis(ms.into()).as_secs_f64());
        if !answer(to, &ack, env) {
            self.engine.close(self.session.conn, CloseReason::Slow);
        }
    }

    fn tell_debug(&self) {
        let conn = self.session.conn;
        let Some(socket) = self.engine.socket(conn) else { return };
        let transport = format!("{:?}", socket.transport_type()).to_lowercase();
        if let Some(packet) = self.service.debug_packet(&self.session, socket.id.to_string(), &transport) {
            self.engine.emit(conn, &packet);
        }
    }

    fn mind_token(&mut self) {
        let settings = self.service.settings();
        let now = self.service.env().now();
        let expires_at = self.session.expires_at;
        if self.session.token_notice_due(now, settings.token_notice_ms) {
            let event = Event::TokenExpiring(Box::new(TokenExpiring { expires_at }));
            self.engine.emit(self.session.conn, &Packet::from(&event));
        }
        if now >= expires_at.plus_ms(settings.token_grace_ms) {
            tracing::info!("closing a connection whose token ran out");
            self.engine.close(self.session.conn, CloseReason::TokenExpired);
        }
    }

    /// Sleeps until something falls due; at least once a minute, so that a wall clock that was set is noticed.
    fn next_wake(&mut self, heads_at_ms: u64) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        let settings = self.service.settings();
        let env = self.service.env();
        let (now, expires_at) = (env.now(), self.session.expires_at);
        let token_ms = if self.session.is_expiry_told() {
            expires_at.plus_ms(settings.token_grace_ms).ms_since(now)
        } else {
            expires_at.ms_since(now).saturating_sub(settings.token_notice_ms)
        };
        let heads_ms = heads_at_ms.saturating_sub(env.mono_ms());
        env.sleep_ms(token_ms.min(heads_ms).clamp(10, 60_000))
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
