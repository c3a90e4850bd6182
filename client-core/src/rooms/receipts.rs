//! How far the members of a room have read. Cursors only move forward (G-12).

use std::sync::Arc;

use roomcast_protocol::{Seq, UserId, collections::BTreeMap, model::Receipt};

use crate::planted::{self, Bug};

/// The known cursors of a room. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Receipts(Arc<BTreeMap<UserId, Seq>>);

impl Receipts {
    pub(crate) const fn by_user(&self) -> &Arc<BTreeMap<UserId, Seq>> {
        &self.0
    }

    /// Moves a cursor; tells whether it moved.
    pub(crate) fn advance(&mut self, user_id: &UserId, seq: Seq) -> bool {
        if self.0.get(user_id).is_some_and(|known| *known >= seq) && !planted::has(Bug::CursorBack) {
            return false;
        }
        Arc::make_mut(&mut self.0).insert(user_id.clone(), seq);
        true
    }

    /// Takes cursors that are further.
    pub(crate) fn take_newer(&mut self, others: &Self) {
        for (user_id, seq) in others.0.iter() {
            self.advance(user_id, *seq);
        }
    }

    /// Takes back a cursor that was never the server's.
    pub(crate) fn take_back(&mut self, user_id: &UserId, seq: Seq) {
        Arc::make_mut(&mut self.0).insert(user_id.clone(), seq);
    }

    pub(crate) fn merge(&mut self, receipts: &[Receipt]) {
        for receipt in receipts {
            self.advance(&receipt.user_id, receipt.read_seq);
        }
    }
}
