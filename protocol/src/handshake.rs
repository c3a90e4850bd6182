//! The handshake: what a client says with CONNECT, and how it can be refused.

use crate::json::{FromJson, ToJson};
use serde::{Deserialize, Serialize};

use crate::{Epoch, Rev, RoomId, collections::BTreeMap};

/// The `auth` of a connect. Fields of others are ignored: stock clients put their own there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Auth {
    /// A JSON Web Token.
    pub token: String,
    /// What the client already has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
    /// Which program it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientInfo>,
}

/// A token never shows, wherever the value is printed.
impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("resume", &self.resume).field("client", &self.client).finish_non_exhaustive()
    }
}

/// The state that a client resumes from (G-10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Resume {
    /// The database's life that the revs belong to.
    pub epoch: Epoch,
    /// The newest change of each room that the client has applied.
    pub rooms: BTreeMap<RoomId, Rev>,
}

/// Which program connects; for logs and metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToJson, FromJson)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ClientInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
}

/// Why a connect was refused: the closed set of `connect_error` messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToJson, FromJson, thiserror::Error)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub enum Refusal {
    /// No, a bad, or an expired token.
    #[error("Authentication failed")]
    AuthenticationFailed,
    /// The user's access was withdrawn.
    #[error("Access revoked")]
    AccessRevoked,
    /// The user, or the address, has too many.
    #[error("Too many connections")]
    TooManyConnections,
    /// The node is about to stop; another will take it.
    #[error("Server draining")]
    ServerDraining,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::AuthenticationFailed, Self::AccessRevoked, Self::TooManyConnections, Self::ServerDraining];

    /// The refusal behind a `connect_error` message, if it is one of ours.
    #[must_use]
    pub fn parse(message: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.to_string() == message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_known_by_their_message() {
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::parse(&refusal.to_string()), Some(refusal));
        }
        assert_eq!(Refusal::parse("authentication failed"), None);
    }

    #[test]
    fn a_token_never_prints() {
        let auth = Auth { token: "s3cret".to_owned(), resume: None, client: None };
        assert!(!format!("{auth:?}").contains("s3cret"));
    }
}
