//! A few people in a room, on nodes that are known.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use roomcast_client::{Client, Notice, Pending, Room};
use roomcast_faults::house::House;
use roomcast_protocol::model::Visibility;
use roomcast_tests::{Token, http};
use serde_json::Value;
use tokio::{
    sync::{Mutex, watch},
    time::timeout,
};

/// One at a time: they share the cores, and measure.
pub(crate) static TURN: Mutex<()> = Mutex::const_new(());

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Somebody in the room.
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) room: Room,
    heard: watch::Receiver<Arc<BTreeMap<String, Instant>>>,
}

impl Person {
    /// Connects to this address.
    pub(crate) async fn at(url: &str, name: &str) -> Self {
        let token = Token::of(name).ttl(Duration::from_secs(24 * 3_600)).sign();
        let builder = Client::builder(url).token(token);
        let builder = builder.reconnect_pauses(Duration::from_millis(200), Duration::from_secs(2));
        let client = builder.connect().await.expect("connected");
        let mut events = client.events();
        let (hears, heard) = watch::channel(Arc::default());
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if let Ok(Notice::NewMessage(message)) = event {
                    let now = Instant::now();
                    hears.send_modify(|heard: &mut Arc<BTreeMap<String, Instant>>| {
                        Arc::make_mut(heard).entry(message.content.clone()).or_insert(now);
                    });
                }
            }
        });
        let room = client.room("r");
        Self { client, room, heard }
    }

    /// Makes the room that all are in.
    pub(crate) async fn makes_the_room(&self) {
        let create = roomcast_protocol::command::CreateRoom {
            room_id: Some(self.room.id().expect("a good id")),
            name: "R".to_owned(),
            visibility: Visibility::Public,
            members: Vec::new(),
            topic: None,
            policy: None,
        };
        self.client.request(create).await.expect("made");
    }

    /// Says something new; gives the text, when it was said, and what comes of it.
    pub(crate) fn says(&self) -> (String, Instant, Pending) {
        let text = format!("text {}", NEXT.fetch_add(1, Ordering::Relaxed));
        let now = Instant::now();
        let pending = self.room.post(text.clone()).expect("taken");
        (text, now, pending)
    }

    /// When this was heard.
    pub(crate) async fn hears(&self, text: &str, deadline: Duration) -> Option<Instant> {
        let mut heard = self.heard.clone();
        let heard = timeout(deadline, heard.wait_for(|heard| heard.contains_key(text))).await.ok()?.ok()?;
        heard.get(text).copied()
    }
}

/// How long things took.
#[derive(Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn note(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub(crate) fn at(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted[(sorted.len() - 1) * percent / 100]
    }

    pub(crate) fn show(&self, what: &str) {
        println!(
            "{what}: {} texts, p50 {:.1?}, p99 {:.1?}, max {:.1?}",
            self.0.len(),
            self.at(50),
            self.at(99),
            self.at(100)
        );
    }
}

/// What a node says of itself.
pub(crate) async fn ready(house: &House, node: usize) -> (u16, Value) {
    let (status, body) = http::get(house.nodes[node].server.address(), "/readyz").await.expect("it answers");
    (status, serde_json::from_str(&body).expect("JSON"))
}
