//! Who is known by name. A message carries its author's id only; whatever carries a name fills this directory.

use std::sync::Arc;

use roomcast_protocol::{UserId, collections::BTreeMap, model::User};

/// A new name copies one shard of the directory, not all of it.
const SHARDS: usize = 64;

type Shard = BTreeMap<UserId, Arc<User>>;

/// The users known by name. Cheap to clone: what did not change is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People(Arc<[Arc<Shard>]>);

impl Default for People {
    fn default() -> Self {
        Self(std::iter::repeat_n(Arc::default(), SHARDS).collect())
    }
}

impl People {
    /// A user, if known.
    #[must_use]
    pub fn get(&self, id: &UserId) -> Option<&Arc<User>> {
        self.0[shard(id)].get(id)
    }

    /// A user's shown name; their id where none is known.
    #[must_use]
    pub fn name<'a>(&'a self, id: &'a UserId) -> &'a str {
        self.get(id).map_or(id.as_str(), |user| &user.name)
    }

    /// How many are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.len()).sum()
    }

    /// Whether nobody is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|shard| shard.is_empty())
    }

    /// All who are known, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<User>> {
        self.0.iter().flat_map(|shard| shard.values())
    }

    /// Who is new or called otherwise since `before`: what is shared is passed over.
    pub(crate) fn since(&self, before: &Self) -> impl Iterator<Item = &Arc<User>> {
        let shards = self.0.iter().zip(before.0.iter()).filter(|(now, before)| !Arc::ptr_eq(now, before));
        shards.flat_map(|(now, before)| now.values().filter(|user| before.get(&user.id) != Some(user)))
    }

    /// Takes a user as the server describes them; tells whether that is news.
    pub(crate) fn meet(&mut self, user: &User) -> bool {
        if self.get(&user.id).is_some_and(|known| **known == *user) {
            return false;
        }
        self.put(user.clone());
        true
    }

    /// Takes a name that comes without a picture: a known picture stays. Tells whether that is news.
    pub(crate) fn meet_name(&mut self, id: &UserId, name: &str) -> bool {
        let known = self.get(id);
        if known.is_some_and(|known| known.name == name) {
            return false;
        }
        let avatar_url = known.and_then(|known| known.avatar_url.clone());
        self.put(User { id: id.clone(), name: name.to_owned(), avatar_url });
        true
    }

    fn put(&mut self, user: User) {
        let shard = &mut Arc::make_mut(&mut self.0)[shard(&user.id)];
        Arc::make_mut(shard).insert(user.id.clone(), Arc::new(user));
    }
}

/// FNV-1a: the same place on every machine and in every run.
fn shard(id: &UserId) -> usize {
    let hash = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    id.as_str().bytes().fold(0x811c_9dc5, hash) as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str, name: &str, avatar_url: Option<&str>) -> User {
        User { id: UserId::parse(id).unwrap(), name: name.to_owned(), avatar_url: avatar_url.map(str::to_owned) }
    }

    #[test]
    fn who_is_not_known_is_called_by_their_id() {
        let mut people = People::default();
        let id = UserId::parse("u1").unwrap();
        assert_eq!(people.name(&id), "u1");
        assert!(people.meet(&user("u1", "Uma", None)));
        assert!(!people.meet(&user("u1", "Uma", None)), "no news");
        assert_eq!((people.name(&id), people.len()), ("Uma", 1));
    }

    #[test]
    fn a_name_without_a_picture_keeps_the_picture() {
        let mut people = People::default();
        let id = UserId::parse("u1").unwrap();
        people.meet(&user("u1", "Uma", Some("https://x/u")));
        assert!(people.meet_name(&id, "Uma T."));
        assert!(!people.meet_name(&id, "Uma T."));
        assert_eq!(people.get(&id).unwrap().as_ref(), &user("u1", "Uma T.", Some("https://x/u")));
    }

    #[test]
    fn a_new_name_shares_the_other_shards() {
        let mut people = People::default();
        for n in 0..1_000 {
            people.meet(&user(&format!("u{n}"), "name", None));
        }
        let before = people.clone();
        people.meet(&user("another", "name", None));
        let same = before.0.iter().zip(people.0.iter()).filter(|(a, b)| Arc::ptr_eq(a, b)).count();
        assert_eq!(same, SHARDS - 1);
        assert!(before.0.iter().all(|shard| shard.len() < 1_000 / SHARDS * 4), "the shards are even");
        assert_eq!((before.len(), people.iter().count()), (1_000, 1_001));
    }
}
