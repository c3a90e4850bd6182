//! What users wanted to become of messages, against the database: an attempt that comes late must not undo it (G-4).

use std::collections::{BTreeMap, btree_map::Entry};

use roomcast_client_core::{Target, UserCommand};
use roomcast_protocol::{Command, MessageId, UserId};

use crate::{device::Asked, store::Db, world::World};

/// What a wish is about: a text, or a user's reaction with one emoji.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Text(MessageId),
    Reaction(MessageId, UserId, String),
}

/// What it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Text(String),
    Given(bool),
}

/// The last wish of a thing, and how that went.
struct Wish {
    device: usize,
    wanted: Wanted,
    granted: bool,
}

impl World {
    /// The last wish holds where it was granted. Which of two devices came last, nobody can say.
    pub(crate) fn check_wishes(&mut self) {
        if self.rolled {
            return;
        }
        let mut bad = Vec::new();
        {
            let disk = self.disk.state();
            let db = &disk.db;
            let mut wishes: BTreeMap<Thing, Option<Wish>> = BTreeMap::new();
            for (device, it) in self.devices.iter().enumerate() {
                for asked in it.asked.values() {
                    let Some((thing, wanted)) = wish(db, &it.user, asked) else { continue };
                    let granted = matches!(asked.outcome, Some(Ok(_)));
                    let wish = wanted.map(|wanted| Wish { device, wanted, granted });
                    match wishes.entry(thing) {
                        Entry::Vacant(first) => {
                            first.insert(wish);
                        }
                        Entry::Occupied(mut last) => {
                            let of_one = last.get().as_ref().is_some_and(|last| last.device == device);
                            last.insert(wish.filter(|_| of_one));
                        }
                    }
                }
            }
            for (thing, wish) in wishes {
                let Some(Wish { device, wanted, granted: true }) = wish else { continue };
                if let Some(stored) = stored(db, &thing)
                    && stored != wanted
                {
                    bad.push(format!("d{device} wanted {thing:?} to be {wanted:?}, it is {stored:?}"));
                }
            }
        }
        for what in bad {
            self.violate("wishes", what);
        }
    }
}

/// What was wanted; of a command that says nothing of what it is made to, and may come whenever it likes, nobody can say.
fn wish(db: &Db, user: &UserId, asked: &Asked) -> Option<(Thing, Option<Wanted>)> {
    let id = |target: &Target| match target {
        Target::Message(id) => Some(id.clone()),
        Target::Pending(client_id) => {
            let own = |m: &&MessageId| {
                let message = &db.messages[*m].message;
                message.user_id == *user && message.client_id.as_ref() == Some(client_id)
            };
            db.messages.keys().find(own).cloned()
        }
    };
    Some(match &asked.command {
        UserCommand::Edit { target, content, .. } => (Thing::Text(id(target)?), Some(Wanted::Text(content.clone()))),
        UserCommand::Request(command) => match command.as_ref() {
            Command::EditMessage(edit) => (Thing::Text(edit.message_id.clone()), None),
            _ => return None,
        },
        UserCommand::React { target, emoji, .. } => {
            (Thing::Reaction(id(target)?, user.clone(), emoji.clone()), Some(Wanted::Given(true)))
        }
        UserCommand::Unreact { target, emoji, .. } => {
            (Thing::Reaction(id(target)?, user.clone(), emoji.clone()), Some(Wanted::Given(false)))
        }
        _ => return None,
    })
}

/// How things are; nothing is to be said of a message that is not there any more.
fn stored(db: &Db, thing: &Thing) -> Option<Wanted> {
    let (Thing::Text(id) | Thing::Reaction(id, ..)) = thing;
    let message = db.messages.get(id).map(|row| &row.message).filter(|message| message.deleted_at.is_none())?;
    Some(match thing {
        Thing::Text(_) => Wanted::Text(message.content.clone()),
        Thing::Reaction(id, user, emoji) => Wanted::Given(db.has_reacted(id, user, emoji)),
    })
}
