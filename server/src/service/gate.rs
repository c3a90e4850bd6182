//! How many connections may begin at once.
//!
//! Each asks the database several times. Ten thousand that lost their node come back within a second, and would wait
//! for each other inside the database's patience: all would be told that it is away, and come again. So a few at a time
//! are let through and the rest waits here, in order, and not for longer than a client does.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::env::Env;

/// So many at a time: together with the other gate's no more than there are connections to read by.
const AT_ONCE: usize = 4;

/// A gate.
#[derive(Debug)]
pub(super) struct Gate {
    places: Semaphore,
    patience_ms: u64,
}

/// Too many wait before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unable to begin the session now; too many do")]
pub(super) struct Crowded;

impl Gate {
    /// A gate that whoever has waited so long leaves again.
    pub(super) fn new(patience_ms: u64) -> Self {
        Self { places: Semaphore::new(AT_ONCE), patience_ms }
    }

    /// Goes through; the next one may once the permit is dropped.
    pub(super) async fn pass(&self, env: &dyn Env) -> Result<SemaphorePermit<'_>, Crowded> {
        if let Ok(permit) = self.places.try_acquire() {
            return Ok(permit);
        }
        tokio::select! {
            permit = self.places.acquire() => permit.map_err(|_| Crowded),
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
