//! Waiting for what must come true.

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// How long a thing may take that should take milliseconds: a loaded machine is no failure.
pub const SOON: Duration = Duration::from_secs(10);

/// Waits until the condition holds, and says whether it did before the deadline.
pub async fn eventually<F: Future<Output = bool>>(deadline: Duration, mut condition: impl FnMut() -> F) -> bool {
    let end = Instant::now() + deadline;
    loop {
        if condition().await {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
