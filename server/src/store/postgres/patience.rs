//! How long a database may take: one that is frozen keeps its connections open and says nothing.

use std::{future::Future, time::Duration};

use crate::store::StoreError;

/// Below the 2 s within which a client is told `unavailable`.
pub(super) const PATIENCE: Duration = Duration::from_millis(1_700);

/// Gives up after [`PATIENCE`].
pub(super) async fn within<T>(work: impl Future<Output = Result<T, StoreError>> + Send) -> Result<T, StoreError> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Unavailable(format!("it did not answer within {} ms", PATIENCE.as_millis()))),
    }
}
