//! A connection for several statements, which goes back to its pool only when nothing is under way on it.
//!
//! sqlx rolls back a transaction that is dropped, but not one whose `BEGIN` was still on its way: the connection would
//! go back to the pool inside of it, and whoever reads by it next is shown the past.

use std::ops::{Deref, DerefMut};

use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};

use crate::store::StoreError;

/// A connection that is closed when it is dropped before [`Lease::give_back`], by whatever fails, takes too long or
/// is not waited for any more.
#[derive(Debug)]
pub(super) struct Lease {
    connection: PoolConnection<Postgres>,
    is_clean: bool,
}

impl Lease {
    pub(super) async fn of(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self { connection: pool.acquire().await?, is_clean: false })
    }

    /// All that was begun on it is over.
    pub(super) fn give_back(mut self) {
        self.is_clean = true;
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.is_clean {
            self.connection.close_on_drop();
        }
    }
}
