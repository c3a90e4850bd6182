//! What several nodes bring and cost: `cargo xtask bench`.
//!
//! 120 native clients in twelve rooms of ten. In each room one posts as fast as ever, with eight messages under way.
//! With the members of each room on all nodes every message crosses the bus; with each room on a node of its own none
//! does. Clients, nodes, Postgres and Redis share the machine, so what counts is how the rows compare.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use roomcast_client::{Client, Notice};
use roomcast_protocol::RoomId;
use roomcast_test_services::{Postgres, Redis};
use roomcast_tests::{Server, Token, http, public_room};
use tokio::{
    task::{JoinSet, block_in_place},
    time::sleep,
};

const ROOMS: usize = 12;
const MEMBERS: usize = 10;
const UNDER_WAY: usize = 8;
const WARM_UP: Duration = Duration::from_secs(2);
const RUN: Duration = Duration::from_secs(10);

/// Where the members of a room are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Spread,
    Together,
}

#[tokio::main]
async fn main() {
    println!("{} clients, {ROOMS} rooms of {MEMBERS}, {UNDER_WAY} messages of each room under way", ROOMS * MEMBERS);
    println!(
        "{:<6}{:<10}{:>9}{:>14}{:>16}{:>15}{:>15}{:>14}{:>12}",
        "nodes",
        "members",
        "sends/s",
        "deliveries/s",
        "ms CPU / 1,000",
        "told/s a node",
        "heard/s a node",
        "Redis kB/s",
        "topics"
    );
    for (nodes, layout) in
        [(1, Layout::Together), (2, Layout::Spread), (2, Layout::Together), (3, Layout::Spread), (3, Layout::Together)]
    {
        measure(nodes, layout).await;
    }
}

async fn measure(count: usize, layout: Layout) {
    let (postgres, redis) = block_in_place(|| (Postgres::start(), Redis::start()));
    let database = block_in_place(|| postgres.database());
    let mut nodes = Vec::new();
    for n in 0..count {
        nodes.push(Server::node(n, &database, &redis.url()).start().await);
    }
    let people = gather(&nodes, layout).await;
    let (deliveries, sends, over) =
        (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
    let mut tasks = JoinSet::new();
    for (n, (client, room)) in people.iter().enumerate() {
        tasks.spawn(listen(client.clone(), Arc::clone(&deliveries)));
        if n < ROOMS {
            for _ in 0..UNDER_WAY {
                tasks.spawn(post(client.clone(), room.clone(), Arc::clone(&sends), Arc::clone(&over)));
            }
        }
    }
    sleep(WARM_UP).await;
    let before = Figures::read(&nodes, &redis, &deliveries, &sends).await;
    sleep(RUN).await;
    let after = Figures::read(&nodes, &redis, &deliveries, &sends).await;
    over.store(true, Ordering::Relaxed);
    after.print(&before, count, layout);
    tasks.shutdown().await;
}

/// The first of each room first, so that they make the rooms.
async fn gather(nodes: &[Server], layout: Layout) -> Vec<(Client, RoomId)> {
    let mut people = Vec::new();
    for n in 0..ROOMS * MEMBERS {
        let (room, place) = (n % ROOMS, n / ROOMS);
        let node = &nodes[if layout == Layout::Spread { place } else { room } % nodes.len()];
        let token = Token::of(&format!("user-{n}")).sign();
        let client = Client::builder(node.url()).token(token).connect().await.expect("connected");
        let id = RoomId::parse(&format!("room-{room}")).expect("a good id");
        if place == 0 {
            client.request(public_room(&id)).await.expect("created");
        } else {
            client.join(&id).await.expect("joined");
        }
        people.push((client, id));
    }
    people
}

async fn listen(client: Client, deliveries: Arc<AtomicU64>) {
    let mut events = client.events();
    // A listener that is behind is told how far: what it missed was delivered, too, and is not counted.
    while let Some(event) = events.next().await {
        if matches!(event, Ok(Notice::NewMessage(_))) {
            deliveries.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn post(client: Client, room: RoomId, sends: Arc<AtomicU64>, over: Arc<AtomicBool>) {
    let room = client.room(&room);
    while !over.load(Ordering::Relaxed) {
        room.send("a message as people write them, of some sixty characters").await.expect("acknowledged");
        sends.fetch_add(1, Ordering::Relaxed);
    }
}

/// What was counted up to a moment.
struct Figures {
    at: Instant,
    sends: u64,
    deliveries: u64,
    /// Milliseconds of all nodes.
    cpu_ms: u64,
    told: u64,
    heard: u64,
    topics: u64,
    redis_bytes: u64,
}

impl Figures {
    async fn read(nodes: &[Server], redis: &Redis, deliveries: &AtomicU64, sends: &AtomicU64) -> Self {
        let (mut cpu_ms, mut told, mut heard, mut topics) = (0, 0, 0, 0);
        for node in nodes {
            cpu_ms += processor_ms(node.pid());
            let (_, metrics) = http::get(node.admin(), "/metrics").await.expect("metrics");
            let count = |name| http::metric::<u64>(&metrics, name).unwrap_or_else(|| panic!("no {name}"));
            told += count("roomcast_bus_published_total");
            heard += count("roomcast_bus_heard_total");
            topics += count("roomcast_bus_topics");
        }
        let stats = block_in_place(|| redis.cli(&["INFO", "stats"]));
        let bytes = |name: &str| {
            let line = stats.lines().find_map(|line| line.strip_prefix(name)).expect("Redis counts bytes");
            line.trim().parse::<u64>().expect("a number")
        };
        Self {
            at: Instant::now(),
            sends: sends.load(Ordering::Relaxed),
            deliveries: deliveries.load(Ordering::Relaxed),
            cpu_ms,
            told,
            heard,
            topics,
            redis_bytes: bytes("total_net_input_bytes:") + bytes("total_net_output_bytes:"),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn print(&self, before: &Self, nodes: usize, layout: Layout) {
        let seconds = (self.at - before.at).as_secs_f64();
        let rate = |after: u64, before: u64| (after - before) as f64 / seconds;
        let deliveries = (self.deliveries - before.deliveries) as f64;
        println!(
            "{nodes:<6}{:<10}{:>9.0}{:>14.0}{:>16.0}{:>15.0}{:>15.0}{:>14.0}{:>12.1}",
            if layout == Layout::Spread { "spread" } else { "together" },
            rate(self.sends, before.sends),
            rate(self.deliveries, before.deliveries),
            (self.cpu_ms - before.cpu_ms) as f64 * 1_000.0 / deliveries,
            rate(self.told, before.told) / nodes as f64,
            rate(self.heard, before.heard) / nodes as f64,
            rate(self.redis_bytes, before.redis_bytes) / 1_000.0,
            self.topics as f64 / nodes as f64,
        );
    }
}

/// Processor time that a process has taken. The kernel counts it in hundredths of a second.
fn processor_ms(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    let fields = stat.rsplit(')').next().expect("its name ends").split_whitespace();
    let times: Vec<u64> = fields.skip(11).take(2).map(|ticks| ticks.parse().expect("a number")).collect();
    times.iter().sum::<u64>() * 10
}
