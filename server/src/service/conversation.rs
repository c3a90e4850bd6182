//! What one connection says and is answered: it takes commands in their order, keeps writes pipelined and acks in
//! order, and minds the clock (digests, tokens). It knows no engine: the gateway and the simulator both run it.

use std::{future::Future, pin::Pin, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesOrdered};
use roomcast_protocol::{ErrorBody, Event, ack::Ack, event::TokenExpiring, handshake::Resume};
use tokio::sync::mpsc;

use super::{Plan, RawPacket, Service, Session, Telling};
use crate::{
    auth::Identity,
    hub::{CloseReason, Packet},
    planted::{self, Bug},
};

/// Where the acks of a connection go.
pub trait Answers: Send + Sync {
    /// What tells one ack from another.
    type To: Send + 'static;

    /// Sends an ack; false where the client's queue is full. A command that asked for none gets none.
    fn answer(&self, to: Self::To, ack: &Ack) -> bool;
}

/// A command on its way, with the means to answer it.
pub struct Arrival<To> {
    /// The command, as it came.
    pub packet: RawPacket,
    /// Where its ack goes.
    pub to: To,
    /// When it came, on the monotonic clock, in milliseconds.
    pub at_ms: u64,
}

/// A connection's commands and their acks, from its initial state to its end.
pub struct Conversation<A: Answers> {
    service: Service,
    session: Session,
    answers: A,
}

/// A command that is under way.
struct Answer<To> {
    outcome: Outcome,
    to: To,
    event: &'static str,
    at_ms: u64,
}

/// What comes of a command.
enum Outcome {
    /// Its ack.
    Ack(Box<Ack>),
    /// An ack that is made as it goes out.
    Telling(Telling),
    /// The session goes on with another token.
    Fresh(Identity),
}

impl Outcome {
    fn told(told: Result<Telling, ErrorBody>) -> Self {
        told.map_or_else(|error| Self::Ack(Box::new(Err(error))), Self::Telling)
    }
}

type UnderWay<To> = FuturesOrdered<BoxFuture<'static, Answer<To>>>;

/// A command that waits for all before it, and that all after it wait for.
type Alone<To> = Option<BoxFuture<'static, Answer<To>>>;

impl<A: Answers> Conversation<A> {
    /// The conversation of a session that the service has taken.
    #[must_use]
    pub const fn new(service: Service, session: Session, answers: A) -> Self {
        Self { service, session, answers }
    }

    /// Whose it is.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Tells the client its initial state.
    ///
    /// # Errors
    /// The connection is to be closed: the client comes again.
    pub async fn begin(&self, resume: Option<&Resume>) -> Result<(), ErrorBody> {
        self.service.begin_session(&self.session, resume).await
    }

    /// Runs until no more commands come; what had come before takes effect all the same.
    pub async fn run(&mut self, arrivals: &mut mpsc::Receiver<Arrival<A::To>>) {
        let most = usize::try_from(self.service.settings().limits.in_flight).unwrap_or(usize::MAX);
        let mut under_way = UnderWay::new();
        let mut alone: Alone<A::To> = None;
        let heads_ms = self.service.settings().heads_ms;
        let mut heads_at_ms = self.service.env().mono_ms() + heads_ms;
        let mut wake = self.next_wake(heads_at_ms);
        loop {
            let expires_at = self.session.expires_at;
            tokio::select! {
                biased;
                // First: neither a slow database nor a client that never pauses keeps a connection beyond its token.
                () = &mut wake => {
                    let now_ms = self.service.env().mono_ms();
                    if now_ms >= heads_at_ms {
                        heads_at_ms = now_ms + heads_ms;
                        if let Some(packet) = self.service.heads(&mut self.session) {
                            self.service.transport().emit(self.session.conn, &packet);
                        }
                    }
                    self.mind_token();
                    wake = self.next_wake(heads_at_ms);
                }
                Some(answer) = under_way.next() => self.finish(answer),
                answer = until_done(&mut alone), if under_way.is_empty() && alone.is_some() => {
                    alone = None;
                    self.finish(answer);
                }
                arrival = arrivals.recv(), if alone.is_none() && under_way.len() < most => match arrival {
                    Some(arrival) => self.take(arrival, &mut under_way, &mut alone),
                    None => break,
                },
            }
            // A fresh token may run out sooner than the one before.
            if self.session.expires_at != expires_at {
                wake = self.next_wake(heads_at_ms);
            }
        }
        while let Some(answer) = under_way.next().await {
            self.finish(answer);
        }
    }

    fn take(&mut self, arrival: Arrival<A::To>, under_way: &mut UnderWay<A::To>, alone: &mut Alone<A::To>) {
        let Arrival { packet, to, at_ms } = arrival;
        let parsed = packet.parse();
        let event = parsed.event;
        let plan = match parsed.command {
            Ok(command) => self.service.begin(&mut self.session, command),
            Err(error) => Plan::Done(Box::new(Err(error))),
        };
        let answer = move |outcome| Answer { outcome, to, event, at_ms };
        match plan {
            Plan::Done(ack) => under_way.push_back(std::future::ready(answer(Outcome::Ack(ack))).boxed()),
            Plan::Write(ack) => under_way.push_back(ack.map(Box::new).map(Outcome::Ack).map(answer).boxed()),
            Plan::Enter(told) => under_way.push_back(told.map(Outcome::told).map(answer).boxed()),
            // A read sees all that the same connection wrote before it.
            Plan::Read(ack) => *alone = Some(ack.map(Box::new).map(Outcome::Ack).map(answer).boxed()),
            Plan::CatchUp(told) => *alone = Some(told.map(Outcome::told).map(answer).boxed()),
            Plan::Refresh(identity) => {
                let outcome = identity.map(|identity| match identity {
                    Ok(identity) => Outcome::Fresh(identity),
                    Err(error) => Outcome::Ack(Box::new(Err(error))),
                });
                *alone = Some(outcome.map(answer).boxed());
            }
        }
    }

    fn finish(&mut self, answered: Answer<A::To>) {
        let Answer { outcome, to, event, at_ms } = answered;
        match outcome {
            Outcome::Ack(ack) => self.answer(to, &ack, event, at_ms),
            Outcome::Fresh(identity) => {
                let ack = Ok(self.session.renew(&identity));
                self.answer(to, &ack, event, at_ms);
            }
            Outcome::Telling(telling) => {
                // Nobody is told anything between the look at who is there and the answer.
                let _told = self.service.inner.arriving();
                let ack = telling(&self.service);
                self.answer(to, &ack, event, at_ms);
            }
        }
    }

    fn answer(&self, to: A::To, ack: &Ack, event: &'static str, at_ms: u64) {
        let metrics = self.service.metrics();
        if let Err(error) = ack {
            metrics.count_error(error.code, event);
        }
        let ms = u32::try_from(self.service.env().mono_ms().saturating_sub(at_ms)).unwrap_or(u32::MAX);
        metrics.ack_seconds.observe(Duration::from_millis(ms.into()).as_secs_f64());
        if planted::has(Bug::NoAnswer) && ack.is_err() {
            return;
        }
        if !self.answers.answer(to, ack) {
            self.service.transport().close(self.session.conn, CloseReason::Slow);
        }
    }

    fn mind_token(&mut self) {
        let settings = self.service.settings();
        let now = self.service.env().now();
        let expires_at = self.session.expires_at;
        if self.session.token_notice_due(now, settings.token_notice_ms) {
            let event = Event::TokenExpiring(Box::new(TokenExpiring { expires_at }));
            self.service.transport().emit(self.session.conn, &Packet::from(&event));
        }
        if now >= expires_at.plus_ms(settings.token_grace_ms) && !planted::has(Bug::TokenNeverExpires) {
            tracing::info!("closing a connection whose token ran out");
            self.service.transport().close(self.session.conn, CloseReason::TokenExpired);
        }
    }

    /// Sleeps until something falls due; at least once a minute, so that a wall clock that was set is noticed.
    fn next_wake(&self, heads_at_ms: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
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

/// What comes of the command that is alone; there is one.
async fn until_done<To>(alone: &mut Alone<To>) -> Answer<To> {
    match alone {
        Some(answer) => answer.await,
        None => std::future::pending().await,
    }
}
