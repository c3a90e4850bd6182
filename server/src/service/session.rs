//! Coming and going of connections.

use roomcast_protocol::{
    Event, Timestamp, UserId,
    error::{ErrorBody, ErrorCode, Retry},
    event::{Debug, Heads},
    handshake::Refusal,
    model::User,
};

use super::{Inner, Service, gate::Crowded};
use crate::{
    auth::Identity,
    domain::{Act, Author, ConnId},
    hub::{Connected, Packet},
    planted::{self, Bug},
};

/// A connection, as its own task holds it.
#[derive(Debug)]
pub struct Session {
    /// The connection.
    pub conn: ConnId,
    /// The user.
    pub user: User,
    /// Administrator of the server.
    pub admin: bool,
    /// When the token in use runs out.
    pub expires_at: Timestamp,
    /// Whether its running out was told.
    pub(super) expiry_told: bool,
    /// The node's count of changes at the last digest.
    pub(super) heads_mark: u64,
}

/// Why a connection was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// To be told in these words.
    #[error("{0}")]
    Refused(Refusal),
    /// Something that a client can only try again after.
    #[error("unable to begin the session; {0}")]
    Failed(ErrorBody),
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// The client said goodbye: it counts at once.
    Asked,
    /// The transport was lost: the user has some seconds to come back (G-13).
    Lost,
}

impl Service {
    /// Checks a token at the door.
    ///
    /// # Errors
    /// [`Refusal`]
    pub async fn authenticate(&self, token: &str) -> Result<Identity, Refusal> {
        let identity = self.inner.verify(token).await.map_err(|error| {
            tracing::info!(%error, "refused a token");
            Refusal::AuthenticationFailed
        })?;
        let roster = self.inner.roster();
        let here = roster.users.get(&identity.user.id).map_or(0, |local| local.conns.len());
        let (_, elsewhere) = roster.elsewhere(&identity.user.id);
        if !self.inner.quotas.may_connect(here, elsewhere) {
            return Err(Refusal::TooManyConnections);
        }
        Ok(identity)
    }

    /// Registers a connection: from now on, what its user's rooms are told is held for it, until
    /// [`Service::begin_session`].
    ///
    /// # Errors
    /// [`ConnectError`]; nothing is left behind.
    pub async fn connect(&self, conn: ConnId, identity: Identity) -> Result<Session, ConnectError> {
        let Identity { user, admin, expires_at, issued_at } = identity;
        let crowded = |error: Crowded| ErrorBody::new(ErrorCode::Overloaded, error.to_string());
        let place = self.inner.gate.pass(&*self.inner.env).await;
        let place = place.map_err(|error| ConnectError::Failed(crowded(error)))?;
        // Before the database is asked: from here on, what is revoked later reaches the connection.
        self.inner.revocations().begin(conn, &user.id, issued_at);
        if let Err(error) = self.remember(conn, &user).await {
            self.disconnect(conn, Departure::Lost);
            return Err(error);
        }
        // Registered before the rooms are read, so that a membership that changes meanwhile is not missed.
        self.inner.arriving().begin(conn, Some(place));
        let connected = self.inner.roster().connect(conn, &user);
        if let Err(error) = self.inner.learn(&user.id).await {
            self.disconnect(conn, Departure::Lost);
            return Err(ConnectError::Failed(error.told()));
        }
        if connected == Connected::First {
            tracing::debug!(user = ?user.id, "came online");
        }
        self.inner.announce_online(&user.id, conn);
        let heads_mark = self.inner.roster().changes;
        Ok(Session { conn, user, admin, expires_at, expiry_told: false, heads_mark })
    }

    /// Writes the user down as their token describes them, where that is new and the token counts.
    async fn remember(&self, conn: ConnId, user: &User) -> Result<(), ConnectError> {
        let visitor = self.inner.store.visitor(&user.id).await;
        let visitor = visitor.map_err(|error| ConnectError::Failed(error.told()))?;
        if self.inner.is_revoked(conn, visitor.not_before) {
            tracing::info!(user = ?user.id, "refused a token that was revoked");
            return Err(ConnectError::Refused(Refusal::AccessRevoked));
        }
        let known = visitor.user;
        if known.as_ref() == Some(user) {
            return Ok(());
        }
        let author = Author { user: user.clone(), admin: false, conn: None };
        // Before they count as seen: a newcomer whose way in breaks off here is a newcomer the next time.
        for room in self.inner.settings.welcome_rooms.iter().filter(|_| known.is_none()) {
            match self.write(author.clone(), Act::Join(room.clone())).await {
                Err(error) if error.code.retry() != Retry::Never => return Err(ConnectError::Failed(error)),
                Err(error) => tracing::warn!(%room, %error, "unable to bring a newcomer into a room"),
                Ok(_) => {}
            }
        }
        self.write(author, Act::SeeUser).await.map(drop).map_err(ConnectError::Failed)
    }

    /// Takes note that a connection is gone. A second time does nothing.
    pub fn disconnect(&self, conn: ConnId, how: Departure) {
        self.inner.revocations().forget(conn);
        self.inner.arriving().forget(conn);
        self.inner.depart(conn, how);
    }

    /// The rooms that changed since this session's last digest (G-8); `None` where there are none.
    pub fn heads(&self, session: &mut Session) -> Option<Packet> {
        if planted::has(Bug::NoHeads) {
            return None;
        }
        let roster = self.inner.roster();
        let mark = std::mem::replace(&mut session.heads_mark, roster.changes);
        let user = roster.users.get(&session.user.id)?;
        let rooms: std::collections::BTreeMap<_, _> = user
            .active_rooms()
            .filter_map(|id| roster.rooms.get(id).map(|room| (id, room)))
            .filter(|(_, room)| room.changed > mark)
            .map(|(id, room)| (id.clone(), room.tail.head()))
            .collect();
        (!rooms.is_empty()).then(|| Packet::from(&Event::Heads(Box::new(Heads { rooms }))))
    }

    /// What a client in debug mode is told of itself.
    #[must_use]
    pub fn debug_packet(&self, session: &Session, socket_id: String, transport: &str) -> Option<Packet> {
        if !self.inner.settings.debug_events {
            return None;
        }
        let roster = self.inner.roster();
        let rooms = roster.users.get(&session.user.id)?.active_rooms().cloned().collect();
        Some(Packet::from(&Event::Debug(Box::new(Debug {
            socket_id,
            user_id: session.user.id.clone(),
            rooms,
            transport: transport.to_owned(),
            expires_at: session.expires_at,
        }))))
    }
}

impl Session {
    /// Who asks, when this session asks.
    #[must_use]
    pub fn author(&self) -> Author {
        Author { user: self.user.clone(), admin: self.admin, conn: Some(self.conn) }
    }

    /// Whether the client was told that its token runs out.
    #[must_use]
    pub fn is_expiry_told(&self) -> bool {
        self.expiry_told
    }

    /// Whether it is time to say that the token runs out; true once a token.
    pub fn token_notice_due(&mut self, now: Timestamp, notice_ms: u64) -> bool {
        let due = !self.expiry_told && now.plus_ms(notice_ms) >= self.expires_at;
        self.expiry_told |= due;
        due
    }
}

impl Inner {
    /// The connections of a user.
    pub(super) fn conns_of(&self, user: &UserId) -> Vec<ConnId> {
        self.roster().users.get(user).map(|local| local.conns.iter().copied().collect()).unwrap_or_default()
    }
}
