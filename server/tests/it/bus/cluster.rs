//! The bus over a Redis Cluster, with sharded channels.

use roomcast_server::hub::{Heard, Link, Topic};
use roomcast_test_services::RedisCluster;

use super::{
    redis::link,
    suite::{Subject, heard_again, listening, room, until, whole_suite},
};

impl Subject for RedisCluster {
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

async fn cluster() -> RedisCluster {
    RedisCluster::start()
}

whole_suite!(cluster);

/// Rooms enough that each master has some.
fn rooms() -> Vec<Topic> {
    (0..24).map(|n| room(&format!("room-{n}"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_master_carries_its_share() {
    let mut cluster = RedisCluster::start();
    let one = listening(&cluster, "one", &[]).await;
    let mut two = listening(&cluster, "two", &rooms()).await;
    heard_again(&one, &mut two, &rooms(), "hi").await;
    for master in cluster.masters() {
        let channels = master.cli(&["PUBSUB", "SHARDCHANNELS"]);
        assert!(channels.lines().count() >= 2, "one master has only {channels:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fail_over_is_gone_through() {
    let mut cluster = RedisCluster::start();
    let mut one = listening(&cluster, "one", &[]).await;
    let mut two = listening(&cluster, "two", &rooms()).await;
    let (mut cluster, began) = tokio::task::spawn_blocking(move || {
        let began = std::time::Instant::now();
        cluster.fail_over();
        println!("the replica took over after {:?}", began.elapsed());
        (cluster, began)
    })
    .await
    .expect("it fails over");
    for link in [&mut one, &mut two] {
        until(link, &Heard::Down).await;
        until(link, &Heard::Up).await;
    }
    println!("up again after {:?}", began.elapsed());
    heard_again(&one, &mut two, &rooms(), "after").await;
    cluster.masters()[0].restart();
}

/// Resharding: the slot of a room that is listened to goes to another master.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_moves_is_followed() {
    let cluster = RedisCluster::start();
    let one = listening(&cluster, "one", &[]).await;
    let mut two = listening(&cluster, "two", &rooms()).await;
    heard_again(&one, &mut two, &rooms(), "before").await;
    let channel = "roomcast:room:room-7";
    let from = cluster.master_of(channel);
    cluster.move_slot(channel, from, (from + 1) % 3);
    heard_again(&one, &mut two, &rooms(), "after").await;
}
