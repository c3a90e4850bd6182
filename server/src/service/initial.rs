//! The first thing that a client is told.

use std::collections::BTreeMap;

use roomcast_protocol::{
    Epoch, ErrorBody, ErrorCode, Event, Rev, RoomId,
    event::InitialState,
    handshake::Resume,
    model::{RoomState, Status, UserPresence},
};

use super::{Inner, Service, Session};
use crate::{
    hub::{LocalUser, Look, Packet},
    planted::{self, Bug},
};

/// Most rooms that come with their whole state; `list-rooms` goes on from there.
const ROOMS: usize = 200;

impl Service {
    /// Tells a session everything that it needs to begin, and behind it what happened meanwhile (G-10).
    ///
    /// # Errors
    /// Told to the client by closing the connection: it comes again.
    pub async fn begin_session(&self, session: &Session, resume: Option<&Resume>) -> Result<(), ErrorBody> {
        let inner = &self.inner;
        let user = &session.user.id;
        let heads = inner.memberships(user).await.map_err(|error| error.told())?;
        let blocked = inner.store.blocked(user).await.map_err(|error| error.told())?;
        let nothing = BTreeMap::new();
        let (epoch, has): (&Epoch, _) =
            resume.map_or((&inner.epoch, &nothing), |resume| (&resume.epoch, &resume.rooms));
        let deltas = inner.deltas(user, epoch, has, &heads).await.map_err(|error| error.told())?;
        let mut fresh: Vec<RoomId> =
            heads.iter().map(|head| &head.room).filter(|room| !has.contains_key(*room)).cloned().collect();
        // The rooms beyond are listed by the client.
        let is_long = fresh.len() > ROOMS;
        let next = is_long.then(|| "[\"\",\"\"]".to_owned());
        fresh.truncate(ROOMS);
        let mut entering = inner.entering(user, &fresh).await.map_err(|error| error.told())?;
        let member_revs: BTreeMap<_, _> = heads.iter().map(|head| (&head.room, head.member_rev)).collect();
        if resume.is_some() {
            inner.metrics.reconnects.inc();
        }

        // From here on everything is as of one moment, behind which the rest is told.
        let mut arriving = inner.arriving();
        let deltas = inner.told_deltas(user, deltas);
        let rooms: Vec<RoomState> = {
            let roster = inner.roster();
            entering.retain(|entering| !roster.is_out(user, entering.head().0, member_revs[entering.head().0]));
            entering.into_iter().map(|entering| entering.state(&roster)).collect()
        };
        let said = rooms.iter().map(|state| (state.room.id.clone(), state.room.rev));
        let said: BTreeMap<RoomId, Rev> = said.chain(deltas.iter().map(|d| (d.room_id.clone(), d.rev))).collect();
        let held = arriving
            .release(session.conn, &said)
            .map_err(|error| ErrorBody::new(ErrorCode::Overloaded, error.to_string()).retry_after(1_000))?;
        inner.subscribe_all(session);
        let state = InitialState {
            epoch: inner.epoch.clone(),
            user: session.user.clone(),
            rooms,
            deltas,
            // Read after the subscription: whoever comes or goes from here on is told by an event.
            presence: inner.presence_of_others(session),
            blocked,
            limits: inner.settings.limits.clone(),
            server_time: inner.env.now(),
            next,
        };
        inner.transport.emit(session.conn, &Packet::from(&Event::InitialState(Box::new(state))));
        for packet in held.into_iter().filter(|_| !planted::has(Bug::ArrivingDropped)) {
            inner.transport.emit(session.conn, &packet);
        }
        if let Some(packet) = inner.degraded_packet() {
            inner.transport.emit(session.conn, &packet);
        }
        drop(arriving);
        if !is_long {
            inner.welcome_behind(session, &said);
        }
        Ok(())
    }
}

impl Inner {
    /// Rooms that the user came into while the initial state was read are told behind it.
    fn welcome_behind(&self, session: &Session, said: &BTreeMap<RoomId, Rev>) {
        let behind: Vec<RoomId> = {
            let roster = self.roster();
            let rooms = roster.users.get(&session.user.id).into_iter().flat_map(LocalUser::active_rooms);
            // One that is gone is said without a rev.
            rooms.filter(|room| said.get(*room).is_none_or(|rev| *rev == Rev::default())).cloned().collect()
        };
        for room in behind {
            self.welcome(session.user.id.clone(), room, vec![session.conn]);
        }
    }

    /// Under the lock that a removal would take.
    fn subscribe_all(&self, session: &Session) {
        let roster = self.roster();
        if !roster.conns.contains_key(&session.conn) {
            return;
        }
        for room in roster.users.get(&session.user.id).into_iter().flat_map(LocalUser::active_rooms) {
            self.transport.subscribe(session.conn, room);
        }
    }

    /// Those who are seen as online in the session's rooms, as far as these are small enough for names.
    fn presence_of_others(&self, session: &Session) -> Vec<UserPresence> {
        let roster = self.roster();
        let rooms = roster.presence_rooms(&session.user.id, self.settings.limits.presence_members);
        let mut seen = BTreeMap::new();
        for room in rooms {
            for id in roster.present(&room) {
                let Look { status, text } = roster.look(id);
                if status != Status::Offline {
                    seen.insert(id.clone(), UserPresence { user_id: id.clone(), status, text, last_seen_at: None });
                }
            }
        }
        seen.into_values().collect()
    }
}
