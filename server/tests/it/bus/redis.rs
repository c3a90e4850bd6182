//! The bus over Redis, on servers of the tests' own.

use std::time::{Duration, Instant};

use roomcast_server::{
    hub::{
        Heard, Link, NodeId,
        redis::{BusKey, Prefix, RedisSettings, Target, start},
    },
    metrics::{BusMetrics, Dropped},
};
use roomcast_test_services::Redis;

use super::suite::{SOON, Subject, listen, listening, next, payload, room, until, whole_suite};

const SECRET: &str = "the secret that all nodes have, and nobody else";

fn settings(url: &str, secret: &str) -> RedisSettings {
    RedisSettings {
        target: Target::parse(url, None).expect("a good URL"),
        key: BusKey::derived_from(secret.as_bytes()),
        prefix: Prefix::parse("roomcast:").expect("a good prefix"),
    }
}

pub(super) fn link(url: &str, name: &str) -> Link {
    start(settings(url, SECRET), NodeId::new(name.to_owned()), BusMetrics::default())
}

impl Subject for Redis {
    fn link(&self, name: &str) -> Link {
        link(&self.url(), name)
    }

    async fn take_down(&mut self) {
        self.kill();
    }

    async fn bring_up(&mut self) {
        self.restart();
    }
}

async fn redis() -> Redis {
    Redis::start()
}

whole_suite!(redis);

/// Frozen, connections stay open and nothing is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g6_a_frozen_redis_is_noticed_and_holds_nobody_up() {
    let redis = Redis::start();
    let mut one = listening(&redis, "one", &[room("a")]).await;
    let mut two = listening(&redis, "two", &[room("a")]).await;
    redis.freeze();
    let frozen = Instant::now();
    let mut took = Vec::new();
    let down = loop {
        let began = Instant::now();
        one.bus.publish(&room("a"), payload("into the void"));
        took.push(began.elapsed());
        match one.heard.try_recv() {
            Ok(heard) => break heard,
            Err(_) => tokio::task::yield_now().await,
        }
        assert!(frozen.elapsed() < SOON, "it was never noticed");
    };
    let noticed = frozen.elapsed();
    assert_eq!(down, Heard::Down);
    assert!(noticed < Duration::from_secs(3), "it took {noticed:?}");
    // Of the slowest, the scheduler has stopped some in the middle.
    took.sort_unstable();
    let p99 = took[took.len() * 99 / 100];
    assert!(p99 < Duration::from_millis(5), "a publish took {p99:?}");
    println!("noticed after {noticed:?}; {} publishes, p99 {p99:?}, slowest {:?}", took.len(), took[took.len() - 1]);
    until(&mut two, &Heard::Down).await;
    redis.thaw();
    for link in [&mut one, &mut two] {
        until(link, &Heard::Up).await;
        until(link, &Heard::Subscribed(room("a"))).await;
    }
    assert!(one.bus.publish(&room("a"), payload("back")));
    loop {
        // What was on its way when it froze may come first.
        if let Heard::Frame { payload: heard, .. } = next(&mut two).await
            && *heard == *payload("back")
        {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_another_key_is_not_heard() {
    let redis = Redis::start();
    let metrics = BusMetrics::default();
    let mut two = start(settings(&redis.url(), SECRET), NodeId::new("two".to_owned()), metrics.clone());
    until(&mut two, &Heard::Up).await;
    listen(&mut two, &[room("a")]).await;
    let mut stranger = start(settings(&redis.url(), "guessed"), NodeId::new("one".to_owned()), BusMetrics::default());
    until(&mut stranger, &Heard::Up).await;
    assert!(stranger.bus.publish(&room("a"), payload("forged")));
    let one = listening(&redis, "one", &[]).await;
    for _ in 0..2 {
        assert_eq!(redis.command("PUBLISH roomcast:room:a nonsense").expect("answered"), ":1");
    }
    let end = Instant::now() + SOON;
    while metrics.refused("mac") + metrics.refused("version") < 3 {
        assert!(Instant::now() < end, "something of it was taken");
        tokio::task::yield_now().await;
    }
    assert_eq!(metrics.refused("mac"), 1);
    assert!(one.bus.publish(&room("a"), payload("true")));
    let heard = next(&mut two).await;
    assert_eq!(heard, Heard::Frame { from: one.node.clone(), topic: room("a"), payload: payload("true") });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_not_there_yet_is_waited_for() {
    let mut redis = Redis::start();
    redis.kill();
    let metrics = BusMetrics::default();
    let mut one = start(settings(&redis.url(), SECRET), NodeId::new("one".to_owned()), metrics.clone());
    one.bus.subscribe(room("a"));
    assert!(!one.bus.publish(&room("a"), payload("lost")));
    assert_eq!((metrics.degraded(), metrics.dropped(Dropped::Down)), (vec!["redis"], 1));
    redis.restart();
    assert_eq!(next(&mut one).await, Heard::Up);
    assert_eq!(next(&mut one).await, Heard::Subscribed(room("a")));
    assert!(metrics.degraded().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_topics_are_asked_for_at_once_and_again() {
    const MANY: usize = 5_000;
    let mut redis = Redis::start();
    let mut one = link(&redis.url(), "one");
    for n in 0..MANY {
        one.bus.subscribe(room(&format!("r{n}")));
    }
    for round in 0..2 {
        until(&mut one, &Heard::Up).await;
        let began = Instant::now();
        for _ in 0..MANY {
            assert!(matches!(next(&mut one).await, Heard::Subscribed(_)));
        }
        println!("round {round}: {MANY} topics in {:?}", began.elapsed());
        if round == 0 {
            redis.restart();
            until(&mut one, &Heard::Down).await;
        }
    }
}

/// The link is dropped: its connection goes, and nothing of it is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_is_dropped_leaves() {
    let redis = Redis::start();
    let one = listening(&redis, "one", &[room("a")]).await;
    assert_eq!(redis.command("PUBLISH roomcast:room:a x").expect("answered"), ":1");
    drop(one);
    let end = Instant::now() + SOON;
    while redis.command("PUBLISH roomcast:room:a x").expect("answered") != ":0" {
        assert!(Instant::now() < end, "it is still there");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_only_the_right_authority_is_trusted() {
    let redis = Redis::start_with_tls();
    let authority = std::fs::read(redis.certificate().expect("it has one").authority()).expect("it can be read");
    let link = |name: &str, authority: Option<Vec<u8>>| {
        let target = Target::parse(&redis.url(), authority).expect("a good URL");
        let metrics = BusMetrics::default();
        let settings = RedisSettings { target, ..settings(&redis.url(), SECRET) };
        (start(settings, NodeId::new(name.to_owned()), metrics.clone()), metrics)
    };
    let (mut one, _) = link("one", Some(authority.clone()));
    let (mut two, _) = link("two", Some(authority));
    until(&mut one, &Heard::Up).await;
    until(&mut two, &Heard::Up).await;
    listen(&mut two, &[room("a")]).await;
    assert!(one.bus.publish(&room("a"), payload("hidden")));
    let heard = next(&mut two).await;
    assert_eq!(heard, Heard::Frame { from: one.node.clone(), topic: room("a"), payload: payload("hidden") });
    let other = std::fs::read(roomcast_test_services::Certificate::for_loopback().authority()).expect("it can be read");
    for authority in [None, Some(other)] {
        let (mut three, metrics) = link("three", authority);
        let refused = tokio::time::timeout(Duration::from_secs(2), three.heard.recv()).await;
        assert!(refused.is_err() && metrics.degraded() == ["redis"], "{refused:?}");
    }
}
