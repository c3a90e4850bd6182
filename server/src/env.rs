//! Time, randomness and tasks, given from outside, so that the simulator can run the same code on one thread
//! under virtual time.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use roomcast_protocol::Timestamp;
use uuid::Uuid;

/// A boxed future that a task can run.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where the server runs.
pub trait Env: Send + Sync + 'static {
    /// The wall clock, for what users see.
    fn now(&self) -> Timestamp;

    /// A clock that never steps back, in milliseconds since some start, for what is measured.
    fn mono_ms(&self) -> u64;

    /// 64 random bits.
    fn random(&self) -> u64;

    /// Completes after so many milliseconds.
    fn sleep_ms(&self, ms: u64) -> Task;

    /// Runs a task to its end.
    fn spawn(&self, task: Task);

    /// A fresh UUIDv7.
    fn fresh_id(&self) -> String {
        let random = u128::from(self.random()) << 64 | u128::from(self.random());
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&random.to_be_bytes()[..10]);
        uuid::Builder::from_unix_timestamp_millis(self.now().value(), &bytes).into_uuid().to_string()
    }
}

/// The handle that everything holds.
pub type SharedEnv = Arc<dyn Env>;

/// The real world: the system's clocks, the thread's generator, tokio.
#[derive(Debug)]
pub struct RealEnv {
    start: Instant,
}

impl RealEnv {
    /// The environment of a process.
    #[must_use]
    pub fn shared() -> SharedEnv {
        Arc::new(Self { start: Instant::now() })
    }
}

impl Env for RealEnv {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn mono_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn random(&self) -> u64 {
        rand::random()
    }

    fn sleep_ms(&self, ms: u64) -> Task {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }

    fn spawn(&self, task: Task) {
        tokio::spawn(task);
    }

    /// Monotonic within the process, so that ids made in one millisecond sort as they were made.
    fn fresh_id(&self) -> String {
        Uuid::now_v7().to_string()
    }
}
