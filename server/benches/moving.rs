//! Moving a large house: `cargo bench -p roomcast-server --bench moving`, with `MESSAGES=n` for another size.
//!
//! Makes a SQLite file, moves it with the real command, kills that in the middle (SIGKILL), moves on, and prints how
//! long each took. The command itself compares both sides, and so does the last run, which finds nothing left to do.

use std::{
    env,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use roomcast_protocol::{
    Epoch, Limits, RoomId, Timestamp, UserId,
    command::{CreateRoom, SendMessage},
    model::{User, Visibility},
};
use roomcast_server::{
    domain::{Act, Author, Change},
    store::{WriteStore as _, sqlite::SqliteStore},
};
use roomcast_test_services::Postgres;
use tempfile::TempDir;

const ROOMS: u64 = 100;
const BATCH: u64 = 1_000;

fn main() {
    let messages = env::var("MESSAGES").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000_000_u64);
    let dir = TempDir::new().expect("a directory");
    let old = format!("sqlite://{}?mode=rwc", dir.path().join("old.db").display());
    let cluster = Postgres::start();
    let new = cluster.database();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let made = took(|| runtime.block_on(fill(&old, messages)));
    println!("made     {messages} messages in {ROOMS} rooms in {made:.1?}");

    let database = new.rsplit('/').next().expect("a name");
    let mut first = migrate(&old, &new).spawn().expect("it starts");
    let begun = Instant::now();
    let over = loop {
        assert!(first.try_wait().expect("a child").is_none(), "it ended before it was killed");
        let over = if cluster.sql(database, "SELECT to_regclass('messages')").is_empty() {
            0
        } else {
            count(&cluster, database)
        };
        if over > messages / 2 {
            break over;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    first.kill().expect("it runs");
    first.wait().expect("a child");
    println!("killed   after {:.1?} with {over} messages over", begun.elapsed());

    let mut output = None;
    let rest = took(|| output = Some(migrate(&old, &new).output().expect("it runs")));
    let output = output.expect("it ran");
    assert!(output.status.success(), "{}", told(&output));
    println!("finished in {rest:.1?}, both sides compared:");
    print!("{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(count(&cluster, database), messages);

    let compared = took(|| {
        let again = migrate(&old, &new).output().expect("it runs");
        assert!(again.status.success(), "{}", told(&again));
    });
    println!("compared once more in {compared:.1?}");
}

fn count(cluster: &Postgres, database: &str) -> u64 {
    cluster.sql(database, "SELECT count(*) FROM messages").parse().expect("a number")
}

fn migrate(old: &str, new: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roomcast"));
    command.args(["migrate", "--from", old, "--to", new]).stderr(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn took(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

async fn fill(url: &str, messages: u64) {
    let store = SqliteStore::open(url, &Epoch::parse("home").expect("an epoch")).await.expect("opened");
    let limits = Limits::default();
    let rooms: Vec<Change> = (0..ROOMS).map(|n| change(create(n))).collect();
    store.commit(&rooms.iter().collect::<Vec<_>>(), Timestamp::new(1), &limits).await.expect("made");
    for start in (0..messages).step_by(usize::try_from(BATCH).expect("small")) {
        let sends: Vec<Change> = (start..messages.min(start + BATCH)).map(|n| change(send(n))).collect();
        let outcomes = store.commit(&sends.iter().collect::<Vec<_>>(), Timestamp::new(start), &limits).await;
        assert!(outcomes.expect("committed").iter().all(Result::is_ok));
    }
    store.close().await;
}

fn room(n: u64) -> RoomId {
    RoomId::parse(&format!("room-{n}")).expect("an id")
}

fn change(act: Act) -> Change {
    let user = User { id: UserId::parse("alice").expect("an id"), name: "Alice".to_owned(), avatar_url: None };
    let fresh_id = uuid::Uuid::now_v7().to_string();
    Change { author: Author { user, admin: false, conn: None }, act, fresh_id }
}

fn create(n: u64) -> Act {
    Act::CreateRoom(CreateRoom {
        room_id: Some(room(n)),
        name: format!("Room {n}"),
        visibility: Visibility::Public,
        members: Vec::new(),
        topic: None,
        policy: None,
    })
}

fn send(n: u64) -> Act {
    Act::Send(SendMessage::text(
        room(n % ROOMS),
        format!("Message {n}: the quick brown fox jumps over the lazy dog, and says so"),
    ))
}
