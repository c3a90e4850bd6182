//! How many connections may begin at once.
//!
//! Each asks the database several times. Ten thousand that lost their node come back within a second, and would wait
//! for each other inside the database's patience: all would be told that it is away, and come again. So a few at a time
//! are let through and the rest waits here, in order, and not for longer than a client does.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::env::Env;

/// So many at a time: as many as there are connections to read by.
const AT_ONCE: usize = 8;

/// The gate.
#[derive(Debug)]
pub(super) struct Gate {
    places: Arc<Semaphore>,
    patience_ms: u64,
}

/// A place behind the gate, until it is dropped.
#[derive(Debug)]
pub(super) struct Place(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

/// Too many wait before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unable to begin the session now; too many do")]
pub(super) struct Crowded;

impl Gate {
    /// A gate that whoever has waited so long leaves again.
    pub(super) fn new(patience_ms: u64) -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), patience_ms }
    }

    /// Whether somebody may be waiting before it.
    pub(super) fn is_crowded(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// Goes through; the next one may once the place is given back.
    pub(super) async fn pass(&self, env: &dyn Env) -> Result<Place, Crowded> {
        let places = || Arc::clone(&self.places);
        if let Ok(permit) = places().try_acquire_owned() {
            return Ok(Place(permit));
        }
        tokio::select! {
            permit = places().acquire_owned() => permit.map(Place).map_err(|_| Crowded),
            () = env.sleep_ms(self.patience_ms) => Err(Crowded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::RealEnv;

    #[tokio::test]
    async fn a_few_go_through_and_the_rest_waits_in_order_and_not_for_ever() {
        let (env, gate) = (RealEnv::shared(), Gate::new(50));
        let mut inside = Vec::new();
        for _ in 0..AT_ONCE {
            inside.push(gate.pass(&*env).await.expect("there is a place"));
        }
        assert_eq!(gate.pass(&*env).await.expect_err("there is none"), Crowded);
        let (next, ()) = tokio::join!(gate.pass(&*env), async { drop(inside.pop()) });
        assert!(next.is_ok(), "a place was given back");
    }
}
