//! The names beside messages: a message says only by whose id it was written.

use std::collections::BTreeSet;

use roomcast_protocol::{
    UserId,
    model::{Message, User},
};

use super::Inner;
use crate::store::StoreError;

impl Inner {
    /// Who wrote these messages, each once, by id. Whoever is connected here is known without a query; one query
    /// finds all others. An author who was never seen is left out.
    pub(super) async fn authors<'a>(
        &self,
        messages: impl IntoIterator<Item = &'a Message>,
    ) -> Result<Vec<User>, StoreError> {
        let ids: BTreeSet<&UserId> = messages.into_iter().map(|message| &message.user_id).collect();
        let mut absent = Vec::new();
        let mut users = Vec::with_capacity(ids.len());
        {
            let roster = self.roster();
            for id in ids {
                match roster.users.get(id) {
                    Some(local) => users.push(local.user.clone()),
                    None => absent.push(id.clone()),
                }
            }
        }
        if !absent.is_empty() {
            users.extend(self.store.users(&absent).await?);
            users.sort_by(|one, other| one.id.cmp(&other.id));
        }
        Ok(users)
    }
}

/// Those of `users`, which are ordered by id, who wrote these messages.
pub(super) fn of<'a>(users: &[User], messages: impl IntoIterator<Item = &'a Message>) -> Vec<User> {
    let ids: BTreeSet<&UserId> = messages.into_iter().map(|message| &message.user_id).collect();
    let find = |id: &UserId| users.binary_search_by(|user| user.id.cmp(id)).ok();
    ids.into_iter().filter_map(find).map(|place| users[place].clone()).collect()
}
