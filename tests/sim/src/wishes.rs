//! What users wanted of reactions, against the database: an attempt that comes late must not undo it (G-4).

use std::collections::BTreeMap;

use roomcast_client_core::{Target, UserCommand};
use roomcast_protocol::{MessageId, UserId};

use crate::{device::Asked, world::World};

/// A reaction: whose, to what, with what.
type Reaction = (UserId, MessageId, String);

/// The last that was wanted of it, and how that went.
struct Wish {
    device: usize,
    given: bool,
    granted: bool,
}

impl World {
    /// The last wish of a reaction holds where it was granted. Which of two devices came last, nobody can say.
    pub(crate) fn check_wishes(&mut self) {
        if self.rolled {
            return;
        }
        let mut wishes: BTreeMap<Reaction, Option<Wish>> = BTreeMap::new();
        for (device, it) in self.devices.iter().enumerate() {
            for asked in it.asked.values() {
                let Some((message, emoji, given)) = wanted(asked) else { continue };
                let granted = matches!(asked.outcome, Some(Ok(_)));
                let key = (it.user.clone(), message.clone(), emoji.to_owned());
                let wish = wishes.entry(key).or_insert(Some(Wish { device, given, granted }));
                *wish = wish.take().filter(|wish| wish.device == device).map(|wish| Wish { given, granted, ..wish });
            }
        }
        let mut bad = Vec::new();
        {
            let disk = self.disk.state();
            for ((user, message, emoji), wish) in wishes {
                let Some(Wish { device, given, granted: true }) = wish else { continue };
                let stored = disk.db.messages.get(&message).filter(|row| row.message.deleted_at.is_none());
                let own = disk.db.reactions.get(&(message.clone(), user));
                let is_given = own.and_then(|own| own.get(&emoji)).is_some_and(|row| row.given);
                if stored.is_some() && is_given != given {
                    bad.push(format!("d{device} wanted {emoji} of {message} to be {given}, it is {is_given}"));
                }
            }
        }
        for what in bad {
            self.violate("reactions", what);
        }
    }
}

fn wanted(asked: &Asked) -> Option<(&MessageId, &str, bool)> {
    match &asked.command {
        UserCommand::React { target: Target::Message(id), emoji, .. } => Some((id, emoji, true)),
        UserCommand::Unreact { target: Target::Message(id), emoji, .. } => Some((id, emoji, false)),
        _ => None,
    }
}
