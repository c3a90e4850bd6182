//! Who is in a room, as far as it is known.

use std::sync::Arc;

use roomcast_protocol::{
    Timestamp, UserId,
    collections::{BTreeMap, BTreeSet},
    model::{Member, Role, RoomUser, Status, User},
};

/// Most users who left that are remembered.
const GONE: usize = 1_000;

/// The known members of a room. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    by_id: Arc<BTreeMap<UserId, Arc<RoomUser>>>,
    /// Who left, by the log: a list that was on its way has no place in it, and does not bring them back.
    gone: Arc<BTreeSet<UserId>>,
    /// The moment of what is known of everybody's presence when the room was entered: whoever its state did not name
    /// was away by then.
    pub(crate) entered: u64,
    /// How many of them are online.
    online: u64,
    /// How many are online in a room too large for names.
    occupancy: Option<u64>,
}

impl Members {
    pub(crate) fn new(users: Vec<RoomUser>) -> Self {
        let mut members = Self::default();
        users.into_iter().for_each(|user| members.put(user));
        members
    }

    pub(crate) const fn by_id(&self) -> &Arc<BTreeMap<UserId, Arc<RoomUser>>> {
        &self.by_id
    }

    pub(crate) fn online(&self) -> u64 {
        self.occupancy.unwrap_or(self.online)
    }

    pub(crate) const fn set_occupancy(&mut self, online: u64) {
        self.occupancy = Some(online);
    }

    /// Takes what the server says about some of the members.
    pub(crate) fn merge(&mut self, users: &[RoomUser]) {
        let users: Vec<_> = users.iter().filter(|user| !self.gone.contains(&user.user_id)).cloned().collect();
        users.into_iter().for_each(|user| self.put(user));
    }

    /// Takes somebody in who became a member.
    pub(crate) fn joined(&mut self, user: &User, status: Status) {
        self.enter(&user.id);
        let role = self.by_id.get(&user.id).map_or(Role::Member, |known| known.role);
        let user = RoomUser { user_id: user.id.clone(), username: user.name.clone(), role, status, last_seen_at: None };
        self.put(user);
    }

    /// Takes a membership as the log has it; `status` is for somebody who was not known.
    pub(crate) fn updated(&mut self, member: &Member, status: Status) {
        if member.left_at.is_some() {
            self.left(&member.user_id);
            return;
        }
        self.enter(&member.user_id);
        let known = self.by_id.get(&member.user_id);
        let user = RoomUser {
            user_id: member.user_id.clone(),
            username: member.username.clone(),
            role: member.role,
            status: known.map_or(status, |known| known.status),
            last_seen_at: known.and_then(|known| known.last_seen_at),
        };
        self.put(user);
    }

    fn enter(&mut self, user_id: &UserId) {
        if self.gone.contains(user_id) {
            Arc::make_mut(&mut self.gone).remove(user_id);
        }
    }

    pub(crate) fn left(&mut self, user_id: &UserId) {
        if self.gone.len() < GONE {
            Arc::make_mut(&mut self.gone).insert(user_id.clone());
        }
        if self.by_id.contains_key(user_id)
            && let Some(user) = Arc::make_mut(&mut self.by_id).remove(user_id)
        {
            self.online -= u64::from(is_online(user.status));
        }
    }

    /// Notes somebody's presence; tells whether it shows here.
    pub(crate) fn seen(&mut self, user_id: &UserId, status: Status, last_seen_at: Option<Timestamp>) -> bool {
        let Some(known) = self.by_id.get(user_id) else { return false };
        if known.status == status && known.last_seen_at == last_seen_at {
            return false;
        }
        let user = RoomUser { status, last_seen_at, ..RoomUser::clone(known) };
        self.put(user);
        true
    }

    /// Nothing was said of somebody since the room was entered: where nothing is known, they are away.
    pub(crate) fn absent(&mut self, user_id: &UserId) {
        if self.by_id.get(user_id).is_some_and(|known| known.status == Status::Unknown) {
            self.seen(user_id, Status::Offline, None);
        }
    }

    fn put(&mut self, user: RoomUser) {
        self.online += u64::from(is_online(user.status));
        if let Some(before) = Arc::make_mut(&mut self.by_id).insert(user.user_id.clone(), Arc::new(user)) {
            self.online -= u64::from(is_online(before.status));
        }
    }
}

const fn is_online(status: Status) -> bool {
    matches!(status, Status::Online | Status::Away | Status::Busy)
}
