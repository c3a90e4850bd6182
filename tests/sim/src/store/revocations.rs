//! Nobody is revoked in the model: what is asked at the door costs what it costs, and there is never any news.

use async_trait::async_trait;
use roomcast_protocol::{Timestamp, UserId};
use roomcast_server::store::{Revocation, RevocationStore, StoreError, Visitor};

use super::ModelStore;

#[async_trait]
impl<E: Send + 'static> RevocationStore for ModelStore<E> {
    async fn revoke(&self, _: &UserId, _: Timestamp) -> Result<Revocation, StoreError> {
        Err(StoreError::Statement("the model revokes nobody".to_owned()))
    }

    async fn revoked_since(&self, _: u64, _: u64) -> Result<Vec<Revocation>, StoreError> {
        Ok(Vec::new())
    }

    async fn visitor(&self, id: &UserId) -> Result<Visitor, StoreError> {
        self.snapshot(|db| Visitor { user: db.users.get(id).cloned(), not_before: None }).await
    }
}
