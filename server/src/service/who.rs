//! Who is on this node, for its operators.

use serde::Serialize;

use super::Service;

/// A user with connections to this node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Here {
    /// The user's id.
    pub id: String,
    /// The user's shown name.
    pub name: String,
    /// How many connections they have here.
    pub connections: usize,
}

impl Service {
    /// Everybody who is connected here, by id.
    #[must_use]
    pub fn who(&self) -> Vec<Here> {
        let roster = self.inner.roster();
        let connected = roster.users.values().filter(|local| !local.conns.is_empty());
        connected
            .map(|local| Here {
                id: local.user.id.to_string(),
                name: local.user.name.clone(),
                connections: local.conns.len(),
            })
            .collect()
    }
}
