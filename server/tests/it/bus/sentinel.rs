//! The bus over a Redis that Sentinels watch.

use roomcast_server::hub::{Heard, Link};
use roomcast_test_services::RedisSentinel;

use super::{
    redis::link,
    suite::{heard_again, listen, room, until},
};

async fn up(redis: &RedisSentinel, name: &str) -> Link {
    let mut link = link(&redis.url(), name);
    until(&mut link, &Heard::Up).await;
    listen(&mut link, &[room("a")]).await;
    link
}

async fn back(one: &mut Link, two: &mut Link) {
    for link in [&mut *one, &mut *two] {
        until(link, &Heard::Up).await;
        until(link, &Heard::Subscribed(room("a"))).await;
    }
    heard_again(one, two, &[room("a")], "back").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_takes_over_is_found() {
    let mut redis = RedisSentinel::start();
    let (mut one, mut two) = (up(&redis, "one").await, up(&redis, "two").await);
    let (first, second) = (redis.first().port(), redis.second().port());
    redis.first().kill();
    until(&mut one, &Heard::Down).await;
    until(&mut two, &Heard::Down).await;
    back(&mut one, &mut two).await;
    assert_eq!(redis.master_port(), Some(second));
    assert_ne!(first, second);
}

/// Frozen long enough, the master is replaced; when it thaws, it still takes itself for the master for a while, and
/// nobody must stay with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_was_replaced_is_left() {
    let mut redis = RedisSentinel::start();
    let (mut one, mut two) = (up(&redis, "one").await, up(&redis, "two").await);
    let second = redis.second().port();
    redis.first().freeze();
    let redis = tokio::task::spawn_blocking(move || {
        redis.wait_until_master_is(second);
        redis
    });
    let mut redis = redis.await.expect("it is replaced");
    redis.first().thaw();
    until(&mut one, &Heard::Down).await;
    until(&mut two, &Heard::Down).await;
    back(&mut one, &mut two).await;
}
