//! Whose reactions: a message at rest says how many, and is read by one who wants to know which are their own.

use std::collections::BTreeSet;

use roomcast_protocol::{UserId, model::Message};

use super::Inner;
use crate::store::StoreError;

impl Inner {
    /// Marks the reader's own reactions in these messages. Messages without any cost no query.
    pub(super) async fn mark_mine<'a>(
        &self,
        reader: &UserId,
        messages: impl IntoIterator<Item = &'a mut Message>,
    ) -> Result<(), StoreError> {
        let reacted = messages.into_iter().filter(|message| !message.reactions.is_empty());
        let mut reacted: Vec<&mut Message> = reacted.collect();
        if reacted.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = reacted.iter().map(|message| message.id.clone()).collect();
        let own: BTreeSet<_> = self.store.own_reactions(reader, &ids).await?.into_iter().collect();
        for message in &mut reacted {
            for reaction in &mut message.reactions {
                reaction.mine = own.contains(&(message.id.clone(), reaction.emoji.clone()));
            }
        }
        Ok(())
    }
}
