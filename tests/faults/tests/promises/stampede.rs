//! All clients of a node come back at once.

use std::{
    env, fs,
    process::Stdio,
    time::{Duration, Instant},
};

use roomcast_faults::house::House;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{ChildStdout, Command},
    time::timeout,
};

use crate::stage::TURN;

const BACK: Duration = Duration::from_secs(30);
/// What an unoptimised server on a loaded machine may take to see everybody for the first time.
const AT_FIRST: Duration = Duration::from_secs(300);
const OF_A_ROOM: usize = 100;

/// A line of `/proc/…/status`, in KiB.
fn memory_kib(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel says so");
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("a number")
}

async fn says(lines: &mut Lines<BufReader<ChildStdout>>, deadline: Duration) -> String {
    timeout(deadline, lines.next_line()).await.expect("in time").expect("it can be read").expect("it runs")
}

/// The value after a word.
fn value(line: &str, word: &str) -> u64 {
    let mut words = line.split(' ').skip_while(|it| *it != word);
    words.nth(1).and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {word} in {line}"))
}

/// `ROOMCAST_CROWD=10000` with an optimised server in `ROOMCAST_BIN` is the promise's own measure.
#[tokio::test(flavor = "multi_thread")]
async fn all_clients_of_a_killed_node_resume_within_thirty_seconds() {
    let _turn = TURN.lock().await;
    let count: usize = env::var("ROOMCAST_CROWD").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000);
    let mut house = House::start(1, &[], 1).await;
    let owner = house.nodes[0].server.client("owner").await;
    // Only who was there once can be brought into a room.
    house.sql(&format!(
        "INSERT INTO users (id, name) SELECT 'crowd-' || n, 'crowd ' || n FROM generate_series(0, {count}) n"
    ));
    for room in 0..count.div_ceil(OF_A_ROOM) {
        let members = (room * OF_A_ROOM..count.min((room + 1) * OF_A_ROOM)).map(|n| format!("crowd-{n}"));
        let members: Vec<String> = members.collect();
        let id = format!("room-{room}");
        let create = json!({ "roomId": id, "name": id, "visibility": "private", "members": members });
        owner.ok("create-room", create).await;
        for n in 0..5 {
            owner.ok("send-message", json!({ "roomId": id, "content": format!("text {n}"), "type": "text" })).await;
        }
    }
    drop(owner);
    let address = house.nodes[0].server.address();
    let mut crowd = Command::new(env!("CARGO_BIN_EXE_crowd"));
    crowd.args([address.to_string(), count.to_string()]).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut crowd = crowd.spawn().expect("it can be started");
    let mut lines = BufReader::new(crowd.stdout.take().expect("it is piped")).lines();
    println!("{}", says(&mut lines, AT_FIRST).await);
    let steady = memory_kib(house.nodes[0].server.pid(), "VmRSS:");

    let killed = Instant::now();
    house.nodes[0].server.kill9();
    house.nodes[0].server.restart().await;
    let up = killed.elapsed();
    let line = says(&mut lines, 2 * BACK).await;
    let back = killed.elapsed();
    let most = memory_kib(house.nodes[0].server.pid(), "VmHWM:");
    println!("{line}");
    println!(
        "{count} clients: up after {up:.1?}, all back after {back:.1?}; {} MiB before, at most {} MiB after",
        steady / 1_024,
        most / 1_024
    );
    assert_eq!(value(&line, "resumed"), count as u64, "each has a room to resume");
    assert_eq!(value(&line, "new"), 0);
    assert!(back <= BACK, "it took {back:?}");
    assert!(most * 2 <= steady * 3, "{most} KiB are more than one and a half times {steady}");
}
