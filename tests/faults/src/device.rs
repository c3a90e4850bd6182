//! A device: a real client behind a link of its own, which can be killed and starts again from its outbox.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use roomcast_client::{Client, Transports, view::SendStatus};
use roomcast_protocol::{ClientId, RoomId, UserId};
use roomcast_tests::{Dice, Token, faulty::Link};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use crate::{
    act::Actor,
    balancer::Balancer,
    book::{Book, Outcome},
    listen::listen,
    wiretap::Wiretap,
};

/// A connection as it stands.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    /// Since when.
    pub since: Instant,
    /// With which node.
    pub node: usize,
}

/// What all devices do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// They wait.
    Quiet,
    /// They talk.
    Talking,
}

/// What all devices do.
#[derive(Debug)]
pub struct Habits {
    /// Between two actions of a device, about.
    pub pause: Duration,
    /// The rooms that they join.
    pub public: Vec<RoomId>,
}

/// A device.
#[derive(Debug)]
pub struct Device {
    /// Its number.
    pub number: usize,
    /// Whose it is.
    pub user: UserId,
    /// Its way to the house.
    pub link: Link,
    /// Whether its link misbehaves, or did a moment ago.
    pub disturbed: AtomicBool,
    /// How many messages it has posted.
    pub order: AtomicU64,
    /// The book that it writes into.
    pub book: Arc<Book>,
    node: Arc<AtomicUsize>,
    key: Arc<AtomicUsize>,
    outbox: crate::outbox::Outbox,
    session: Mutex<Option<Session>>,
    client: Mutex<Option<Client>>,
    life: Mutex<Option<JoinHandle<()>>>,
    mood: watch::Receiver<Mood>,
    habits: Arc<Habits>,
}

impl Device {
    /// A device that is off.
    pub async fn new(
        number: usize,
        user: UserId,
        balancer: &Balancer,
        book: Arc<Book>,
        mood: watch::Receiver<Mood>,
        habits: Arc<Habits>,
        seed: u64,
    ) -> Self {
        let (node, key) = (Arc::<AtomicUsize>::default(), Arc::new(AtomicUsize::new(number)));
        let (led, by, route) = (Arc::clone(&node), Arc::clone(&key), balancer.route());
        let upstream = move || {
            let (n, address) = route(by.load(Ordering::Relaxed));
            led.store(n, Ordering::Relaxed);
            Some(address)
        };
        let listens = Arc::clone(&book);
        let ears = move || {
            let mut tap = Wiretap::new(number, Arc::clone(&listens));
            move |bytes: &[u8]| tap.hear(bytes)
        };
        let link = Link::tapped(upstream, ears, seed ^ (number as u64) << 20).await;
        Self {
            number,
            user,
            link,
            disturbed: AtomicBool::new(false),
            order: AtomicU64::new(0),
            book,
            node,
            key,
            outbox: crate::outbox::Outbox::default(),
            session: Mutex::new(None),
            client: Mutex::new(None),
            life: Mutex::new(None),
            mood,
            habits,
        }
    }

    /// Starts its client, which connects in its own time.
    ///
    /// # Panics
    /// If it runs already, or cannot be built.
    pub async fn start(self: &Arc<Self>, dice: Dice) {
        let token = Token::of(self.user.as_str()).ttl(Duration::from_secs(24 * 3_600)).sign();
        let builder = Client::builder(self.link.url())
            .token(token)
            .storage(self.outbox.open())
            .transports(if self.number % 8 == 7 { Transports::Polling } else { Transports::WebSocket })
            .reconnect_pauses(Duration::from_millis(200), Duration::from_secs(3));
        let client = builder.build().await.expect("the client can be built");
        // Before anything can have happened.
        let events = client.events();
        let before = lock(&self.client).replace(client.clone());
        assert!(before.is_none(), "it runs already");
        let (device, mut mood) = (Arc::clone(self), self.mood.clone());
        let life = tokio::spawn(async move {
            // Dropped with this task, these end with it.
            let mut tasks = JoinSet::new();
            tasks.spawn(listen(Arc::clone(&device), events));
            let mut actor = Actor::new(Arc::clone(&device), client, dice);
            loop {
                if mood.wait_for(|mood| *mood == Mood::Talking).await.is_err() {
                    return;
                }
                sleep(device.habits.pause.mul_f64(0.25 + actor.chance() * 1.5)).await;
                if *mood.borrow() == Mood::Talking {
                    actor.act(&mut tasks);
                }
                while tasks.try_join_next().is_some() {}
            }
        });
        *lock(&self.life) = Some(life);
    }

    /// Kills the program. What it had stored is there for the next.
    pub async fn kill(&self) {
        let life = lock(&self.life).take();
        if let Some(life) = life {
            life.abort();
            // Cancelled, as was asked for.
            let _ = life.await;
        }
        drop(lock(&self.client).take());
        *lock(&self.session) = None;
        let mut pages = self.book.open();
        let own = pages.sends.values_mut().filter(|send| send.device == self.number);
        own.filter(|send| send.outcome == Outcome::Open).for_each(|send| send.outcome = Outcome::Lost);
    }

    /// Its client, while it runs.
    #[must_use]
    pub fn client(&self) -> Option<Client> {
        lock(&self.client).clone()
    }

    /// The rooms that anybody may join.
    #[must_use]
    pub fn public(&self) -> &[RoomId] {
        &self.habits.public
    }

    /// Which of what it posted to a room it shows as failed.
    pub async fn failed(&self, room: &RoomId) -> Vec<ClientId> {
        let Some(client) = self.client() else { return Vec::new() };
        let pending = client.pending(room.as_str()).await.unwrap_or_default();
        let failed = pending.into_iter().filter(|item| matches!(item.status, SendStatus::Failed(_)));
        failed.map(|item| item.client_id).collect()
    }

    /// The connection, if there is one.
    #[must_use]
    pub fn session(&self) -> Option<Session> {
        *lock(&self.session)
    }

    /// Notes that a connection was made, or ended.
    pub fn set_connected(&self, connected: bool) {
        let node = self.node.load(Ordering::Relaxed);
        *lock(&self.session) = connected.then(|| Session { since: Instant::now(), node });
    }

    /// Leads its next connections to another node.
    pub fn move_on(&self) {
        self.key.fetch_add(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
