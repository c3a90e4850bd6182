//! Revocation (G-16): a user's tokens count from a moment on, and connections that an earlier one let in are ended.
//!
//! The database says what holds. It is asked at the door and at each fresh token; for the connections that live, every
//! node asks it every two seconds for what is new, and at once where another node hints at it. So no node needs the
//! bus for it, and none keeps more in mind than when the tokens of its own connections were issued.

use std::collections::{BTreeMap, BTreeSet};

use roomcast_protocol::{
    ErrorBody, ErrorCode, Event, Timestamp, UserId, command::RefreshToken, registry::Reply, reply::TokenRefreshed,
};

use super::{Inner, Plan, Service, Session};
use crate::{
    auth::{Identity, TokenError},
    domain::ConnId,
    hub::{CloseReason, Frame, Packet, Topic},
    store::{Revocation, StoreError},
};

/// How often the database is asked for news.
const LOOK_MS: u64 = 2_000;

/// How soon a user is looked up again whose connection could not be told yet.
const AGAIN_MS: u64 = 200;

/// Most revocations of one reading.
const PAGE: u64 = 1_000;

/// What this node has in mind.
#[derive(Debug, Default)]
pub(super) struct Revocations {
    /// When the token of each connection was issued, and whose it is; since before the database was asked about it.
    issued: BTreeMap<ConnId, (UserId, Timestamp)>,
    /// The newest revocation that was read.
    read_to: u64,
    /// Users who are to be looked up at the next occasion, however old their revocation is.
    doubted: BTreeSet<UserId>,
    pub(super) look_at: u64,
    looking: bool,
}

/// Whether a token does not count. One that does not say when it was issued was issued before everything.
fn revokes(not_before: Option<Timestamp>, issued_at: Timestamp) -> bool {
    not_before.is_some_and(|not_before| issued_at < not_before)
}

/// What a revocation asks a look for.
struct Look {
    since: u64,
    users: Vec<UserId>,
}

impl Revocations {
    /// A connection wants to come in by a token of this age.
    pub(super) fn begin(&mut self, conn: ConnId, user: &UserId, issued_at: Timestamp) {
        self.issued.insert(conn, (user.clone(), issued_at));
    }

    pub(super) fn forget(&mut self, conn: ConnId) {
        self.issued.remove(&conn);
    }

    /// A fresh token is being looked up: what strikes either of the two strikes the connection.
    fn renewing(&mut self, conn: ConnId, issued_at: Timestamp) -> Option<Timestamp> {
        let (_, known) = self.issued.get_mut(&conn)?;
        let before = *known;
        *known = before.min(issued_at);
        Some(before)
    }

    fn renewed(&mut self, conn: ConnId, issued_at: Timestamp) {
        if let Some((_, known)) = self.issued.get_mut(&conn) {
            *known = issued_at;
        }
    }

    /// The connections that these revocations end.
    fn struck_by(&self, revoked: &[Revocation]) -> Vec<(ConnId, UserId)> {
        let from: BTreeMap<&UserId, Timestamp> = revoked.iter().map(|it| (&it.user, it.not_before)).collect();
        let struck = self.issued.iter().filter(|(_, (user, issued))| revokes(from.get(user).copied(), *issued));
        struck.map(|(conn, (user, _))| (*conn, user.clone())).collect()
    }

    fn doubt(&mut self, user: UserId, at: u64) {
        self.doubted.insert(user);
        self.look_at = self.look_at.min(at);
    }

    fn due(&mut self, now: u64) -> Option<Look> {
        if self.looking || now < self.look_at {
            return None;
        }
        self.looking = true;
        self.look_at = now + LOOK_MS;
        Some(Look { since: self.read_to, users: std::mem::take(&mut self.doubted).into_iter().collect() })
    }
}

impl Service {
    /// Takes a user's tokens only from `not_before` on, on every node; gives what holds now.
    ///
    /// # Errors
    /// [`StoreError`]: it may hold all the same, and may be asked for again.
    pub async fn revoke(&self, user: &UserId, not_before: Timestamp) -> Result<Revocation, StoreError> {
        let revocation = self.inner.store.revoke(user, not_before).await?;
        tracing::info!(?user, not_before = revocation.not_before.value(), "revoked a user's tokens");
        self.inner.enforce(std::slice::from_ref(&revocation));
        self.inner.spread(&Topic::User(user.clone()), &Frame::Revoked);
        Ok(revocation)
    }

    /// Swaps the token of a session, once the database says that the fresh one counts.
    pub(super) fn refresh_token(&self, session: &Session, refresh: RefreshToken) -> Plan {
        let (inner, conn, user) = (self.inner.clone(), session.conn, session.user.id.clone());
        Plan::Refresh(Box::pin(async move {
            let refused =
                |why: &str| ErrorBody::new(ErrorCode::Unauthenticated, format!("unable to refresh the token; {why}"));
            let identity = inner.verify(&refresh.token).await.map_err(|error| {
                tracing::info!(%error, "refused a fresh token");
                refused("it is not valid")
            })?;
            if identity.user.id != user {
                return Err(refused("it is another user's"));
            }
            inner.look_up(conn, identity).await
        }))
    }
}

impl Session {
    /// Goes on with a fresh token; gives what the client is answered.
    pub(super) fn renew(&mut self, identity: &Identity) -> Reply {
        self.expires_at = identity.expires_at;
        self.admin = identity.admin;
        self.expiry_told = false;
        Reply::RefreshToken(TokenRefreshed { expires_at: identity.expires_at })
    }
}

impl Inner {
    /// Who a token stands for. A key that it names and that is not known yet is looked for first: providers change theirs
    /// without telling.
    pub(super) async fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        match self.tokens.verify(token) {
            Err(TokenError::UnknownKey) => {
                self.tokens.learn().await;
                self.tokens.verify(token)
            }
            known => known,
        }
    }

    async fn look_up(&self, conn: ConnId, fresh: Identity) -> Result<Identity, ErrorBody> {
        let before = self.revocations().renewing(conn, fresh.issued_at);
        match self.store.visitor(&fresh.user.id).await {
            Ok(visitor) if revokes(visitor.not_before, fresh.issued_at) => {
                if let Some(before) = before {
                    self.revocations().renewed(conn, before);
                }
                return Err(ErrorBody::new(ErrorCode::Revoked, "unable to refresh the token; it was revoked"));
            }
            Ok(_) => {}
            // Connections outlive a database that is away, and so must their tokens.
            Err(error) => {
                tracing::warn!(%error, "unable to look a fresh token up; it counts until that is made good");
                let soon = self.env.mono_ms() + LOOK_MS;
                self.revocations().doubt(fresh.user.id.clone(), soon);
            }
        }
        self.revocations().renewed(conn, fresh.issued_at);
        Ok(fresh)
    }

    /// Ends the connections that these revocations strike. Who is not wholly in yet is looked up again.
    fn enforce(&self, revoked: &[Revocation]) {
        let struck = self.revocations().struck_by(revoked);
        if struck.is_empty() {
            return;
        }
        let packet = Packet::from(&Event::TokenRevoked(Box::default()));
        let arriving = self.arriving();
        for (conn, user) in struck {
            if arriving.contains(conn) || !self.roster().conns.contains_key(&conn) {
                let soon = self.env.mono_ms() + AGAIN_MS;
                self.revocations().doubt(user, soon);
                continue;
            }
            self.revocations().forget(conn);
            self.transport.emit(conn, &packet);
            self.transport.close(conn, CloseReason::Revoked);
        }
    }

    /// Another node revoked something of a user who is here.
    pub(super) fn hear_revoked(&self) {
        self.revocations().look_at = 0;
    }

    /// Asks the database for news, when it is time to.
    pub(super) fn mind_revocations(&self) {
        let now = self.env.mono_ms();
        let Some(inner) = self.this.upgrade() else { return };
        let Some(look) = self.revocations().due(now) else { return };
        self.env.spawn(Box::pin(async move {
            if let Err(error) = inner.read_revocations(look.since).await {
                tracing::warn!(%error, "unable to look for revocations; trying again");
            }
            for user in look.users {
                match inner.store.visitor(&user).await {
                    Ok(visitor) => {
                        let revocation =
                            visitor.not_before.map(|not_before| Revocation { user, not_before, number: 0 });
                        inner.enforce(revocation.as_slice());
                    }
                    Err(_) => inner.revocations().doubt(user, now + LOOK_MS),
                }
            }
            inner.revocations().looking = false;
        }));
    }

    async fn read_revocations(&self, mut since: u64) -> Result<(), StoreError> {
        loop {
            let revoked = self.store.revoked_since(since, PAGE).await?;
            let Some(last) = revoked.last() else { return Ok(()) };
            since = last.number;
            self.enforce(&revoked);
            self.revocations().read_to = since;
        }
    }

    /// Whether the token that a connection comes with does not count, now that the database was asked.
    pub(super) fn is_revoked(&self, conn: ConnId, not_before: Option<Timestamp>) -> bool {
        self.revocations().issued.get(&conn).is_none_or(|(_, issued_at)| revokes(not_before, *issued_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Timestamp {
        Timestamp::new(ms)
    }

    fn user(name: &str) -> UserId {
        UserId::parse(name).expect("a good id")
    }

    fn revoked(name: &str, ms: u64) -> Revocation {
        Revocation { user: user(name), not_before: at(ms), number: 1 }
    }

    #[test]
    fn g16_a_revocation_strikes_what_was_issued_before_it_and_of_its_user() {
        let mut it = Revocations::default();
        for (conn, name, ms) in [(1, "alice", 1_000), (2, "alice", 2_000), (3, "bob", 0)] {
            it.begin(ConnId(conn), &user(name), at(ms));
        }
        let struck = |it: &Revocations, name: &str, ms| {
            it.struck_by(&[revoked(name, ms)]).into_iter().map(|(conn, _)| conn.0).collect::<Vec<_>>()
        };
        assert_eq!(struck(&it, "alice", 1_000), Vec::<u64>::new());
        assert_eq!(struck(&it, "alice", 1_001), [1]);
        assert_eq!(struck(&it, "alice", 2_001), [1, 2]);
        assert_eq!(struck(&it, "bob", 1), [3]);
        it.forget(ConnId(1));
        assert_eq!(struck(&it, "alice", 2_001), [2]);
    }

    #[test]
    fn g16_while_a_fresh_token_is_looked_up_both_can_be_struck() {
        let mut it = Revocations::default();
        it.begin(ConnId(1), &user("alice"), at(2_000));
        let before = it.renewing(ConnId(1), at(1_000)).expect("it is there");
        assert_eq!(it.struck_by(&[revoked("alice", 1_500)]).len(), 1, "the older of the two");
        it.renewed(ConnId(1), before);
        assert!(it.struck_by(&[revoked("alice", 1_500)]).is_empty(), "it was not taken");
        it.renewing(ConnId(1), at(3_000));
        assert_eq!(it.struck_by(&[revoked("alice", 2_500)]).len(), 1);
        it.renewed(ConnId(1), at(3_000));
        assert!(it.struck_by(&[revoked("alice", 2_500)]).is_empty());
    }

    #[test]
    fn g16_news_is_asked_for_every_two_seconds_and_at_once_where_it_is_hinted_at() {
        let mut it = Revocations::default();
        assert!(it.due(100).is_some());
        assert!(it.due(2_100).is_none(), "one look at a time");
        it.looking = false;
        assert!(it.due(2_099).is_none());
        assert!(it.due(2_100).is_some());
        it.looking = false;
        it.doubt(user("alice"), 2_300);
        assert_eq!(it.due(2_300).expect("due").users, [user("alice")]);
        it.looking = false;
        it.look_at = 0;
        assert!(it.due(2_301).expect("due").users.is_empty());
    }
}
