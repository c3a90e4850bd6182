//! Up and down: connects, keeps the subscriptions as they are wanted, carries frames, notices when it is over, and
//! begins again.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::{
    frame::Codec,
    inbox::Inbox,
    layout::{Finder, Layout, LayoutError},
    outbox::{Drain, Outbox},
    session::{Fault, Session},
    target::{Kind, Target},
    wanted::{Asked, Wanted},
};
use crate::{
    hub::Topic,
    metrics::{BusMetrics, Dropped},
};

/// How often Redis is asked whether it is there: with the deadline of an answer, a frozen one is noticed in 1.5 s.
const PING: Duration = Duration::from_millis(500);
/// How often it is looked whether the masters are still the masters.
const WATCH: Duration = Duration::from_secs(2);
/// Channels that are asked for together.
const CHUNK: usize = 512;
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_MOST: Duration = Duration::from_secs(1);
/// A time of being up that is shorter than this does not make the next pause short.
const STEADY: Duration = Duration::from_secs(1);

/// What the connections' task works with.
pub(super) struct Life {
    pub(super) target: Target,
    pub(super) codec: Codec,
    pub(super) queue: Outbox,
    pub(super) wanted: Arc<Wanted>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) metrics: BusMetrics,
}

impl Life {
    /// Lives until it is dropped.
    pub(super) async fn run(self, mut outgoing: Drain) {
        let mut finder = Finder::new(self.target.clone());
        let mut pause = PAUSE_FIRST;
        let mut told = false;
        for number in 1.. {
            match self.connect(&mut finder, number).await {
                Ok(session) => {
                    let since = Instant::now();
                    let why = self.be_up(&session, &mut finder, &mut outgoing, number).await;
                    tracing::warn!(%why, "the bus is down; other nodes are followed through the database");
                    told = true;
                    if since.elapsed() >= STEADY {
                        pause = PAUSE_FIRST;
                    }
                }
                Err(why) if told => tracing::debug!(%why, "the bus is still down"),
                Err(why) => {
                    tracing::warn!(%why, "unable to reach the bus; other nodes are followed through the database");
                    told = true;
                }
            }
            sleep(pause.mul_f64(rand::random_range(0.5..=1.0))).await;
            pause = (pause * 2).min(PAUSE_MOST);
        }
    }

    async fn connect(&self, finder: &mut Finder, number: u64) -> Result<Session, Fault> {
        let layout = finder.find().await?;
        Session::open(finder.target(), layout, &self.inbox, number).await
    }

    async fn be_up(&self, session: &Session, finder: &mut Finder, outgoing: &mut Drain, number: u64) -> Fault {
        self.inbox.open(number);
        self.queue.set_up(true);
        self.metrics.set_degraded(false);
        tracing::info!(masters = session.layout().masters.len(), "the bus is up");
        let why = tokio::select! {
            Err(why) = self.publish(session, outgoing) => why,
            Err(why) = self.follow(session) => why,
            why = ping(session) => why,
            why = watch(session, finder) => why,
            why = session.ended() => why,
        };
        self.queue.set_up(false);
        self.metrics.set_degraded(true);
        self.metrics.count_dropped(Dropped::Down, outgoing.clear());
        self.inbox.close();
        why
    }

    /// Carries what is said here.
    async fn publish(&self, session: &Session, outgoing: &mut Drain) -> Result<(), Fault> {
        loop {
            let batch = outgoing.batch().await;
            let count = batch.len();
            let sealed = batch.into_iter().map(|frame| {
                let channel = self.codec.prefix().channel(&frame.topic);
                let sealed = self.codec.seal(&channel, &frame.payload);
                (channel, sealed)
            });
            session.publish(sealed.collect()).await?;
            self.metrics.published.inc_by(count as u64);
        }
    }

    /// Keeps what is heard here in line with what is wanted.
    async fn follow(&self, session: &Session) -> Result<(), Fault> {
        let mut have: HashMap<Topic, Asked> = self.wanted.all().into_iter().collect();
        self.ask_for(session, have.keys().cloned().collect()).await?;
        loop {
            self.metrics.topics.set(i64::try_from(self.wanted.len()).unwrap_or(i64::MAX));
            let (mut join, mut leave) = (Vec::new(), Vec::new());
            for (topic, wanted) in self.wanted.changes().await {
                match (wanted, have.get(&topic).copied()) {
                    (Some(asked), before) => {
                        have.insert(topic.clone(), asked);
                        match before {
                            None => join.push(topic),
                            // Withdrawn and asked for again before anything was done about it.
                            Some(before) if before != asked => self.inbox.subscribed(topic),
                            Some(_) => {}
                        }
                    }
                    (None, Some(_)) => {
                        have.remove(&topic);
                        leave.push(topic);
                    }
                    (None, None) => {}
                }
            }
            for chunk in leave.chunks(CHUNK) {
                session.unsubscribe(self.channels(chunk)).await?;
            }
            self.ask_for(session, join).await?;
        }
    }

    async fn ask_for(&self, session: &Session, topics: Vec<Topic>) -> Result<(), Fault> {
        for chunk in topics.chunks(CHUNK) {
            session.subscribe(self.channels(chunk)).await?;
        }
        Ok(())
    }

    fn channels(&self, topics: &[Topic]) -> Vec<(String, ())> {
        topics.iter().map(|topic| (self.codec.prefix().channel(topic), ())).collect()
    }
}

/// Until a master does not answer in time: frozen, or cut off.
async fn ping(session: &Session) -> Fault {
    let mut ticks = interval(PING);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(fault) = session.ping().await {
            return fault;
        }
    }
}

/// Until the masters are others. A master that was replaced behind our back may still answer us, and us alone.
async fn watch(session: &Session, finder: &mut Finder) -> Fault {
    loop {
        sleep(WATCH).await;
        match look(session, finder).await {
            Ok(layout) if layout != *session.layout() => return Fault::Moved,
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "unable to look who the masters are"),
        }
    }
}

async fn look(session: &Session, finder: &mut Finder) -> Result<Layout, LayoutError> {
    match finder.target().kind {
        Kind::Single => Ok(session.layout().clone()),
        Kind::Sentinel { .. } => finder.find().await,
        Kind::Cluster => session.layout_now().await,
    }
}
