//! The first thing that a client is told.

use std::collections::BTreeMap;

use roomcast_protocol::{
    Epoch, ErrorBody, Event, RoomId,
    event::InitialState,
    handshake::Resume,
    model::{Status, UserPresence},
};

use super::{Inner, Service, Session};
use crate::hub::Packet;

/// Most rooms that come with their whole state; `list-rooms` goes on from there.
const ROOMS: usize = 200;

impl Service {
    /// Everything that a session needs to begin. It is subscribed already, so nothing falls between.
    ///
    /// # Errors
    /// Told to the client by closing the connection: it comes again.
    pub async fn initial_state(&self, session: &Session, resume: Option<&Resume>) -> Result<Packet, ErrorBody> {
        let inner = &self.inner;
        let user = &session.user.id;
        let heads = inner.store.memberships(user).await.map_err(|error| error.told())?;
        let nothing = BTreeMap::new();
        let (epoch, has): (&Epoch, _) =
            resume.map_or((&inner.epoch, &nothing), |resume| (&resume.epoch, &resume.rooms));
        let deltas = inner.deltas(user, epoch, has, &heads).await.map_err(|error| error.told())?;
        let mut fresh: Vec<RoomId> =
            heads.iter().map(|head| &head.room).filter(|room| !has.contains_key(*room)).cloned().collect();
        let next = (fresh.len() > ROOMS).then(|| "[\"\",\"\"]".to_owned());
        fresh.truncate(ROOMS);
        let rooms = inner.room_states(user, &fresh).await.map_err(|error| error.told())?;
        if resume.is_some() {
            inner.metrics.reconnects.inc();
        }
        let state = InitialState {
            epoch: inner.epoch.clone(),
            user: session.user.clone(),
            rooms,
            deltas,
            presence: inner.presence_of_others(session),
            limits: inner.settings.limits.clone(),
            server_time: inner.env.now(),
            next,
        };
        Ok(Packet::from(&Event::InitialState(Box::new(state))))
    }
}

impl Inner {
    /// Those who are seen as online in the session's rooms, as far as these are small enough for names.
    fn presence_of_others(&self, session: &Session) -> Vec<UserPresence> {
        let roster = self.roster();
        let rooms = roster.presence_rooms(&session.user.id, self.settings.limits.presence_members);
        let mut seen = BTreeMap::new();
        for room in rooms {
            for id in roster.rooms.get(&room).into_iter().flat_map(|room| &room.users) {
                let status = roster.status(id);
                if status == Status::Offline {
                    continue;
                }
                let text = roster.users.get(id).and_then(|local| local.text.clone());
                seen.insert(id.clone(), UserPresence { user_id: id.clone(), status, text, last_seen_at: None });
            }
        }
        seen.into_values().collect()
    }
}
