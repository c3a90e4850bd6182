//! Whether the connection is alive, where there is reason to doubt it: after a sleep, a change of the network, or a
//! long time in the background.
//!
//! Only the server pings in Engine.IO; the client's own question is a `sync` of all that it has. Its answer proves
//! life, and brings what was missed (G-8). Without one the connection is given up long before the heartbeat says so.

use roomcast_protocol::{Command, command::Sync};

use super::{Client, Purpose};
use crate::{
    connection::Role,
    input::Visibility,
    requests::Request,
    time::{Millis, Now},
};

/// How long the answer may take.
const ANSWER_MS: Millis = 5_000;
/// A wake-up that comes so late, or a wall clock that is so far ahead of the other, means that the machine slept.
const SLEPT_MS: Millis = 5_000;
/// Who was away for less than this has missed no digest.
const HIDDEN_MS: Millis = 15_000;

impl Client {
    /// Whether the machine slept between the last input and this one: either clock can show it, since some systems
    /// stop the monotonic one meanwhile.
    pub(super) fn has_slept(&self, before: Now, now: Now) -> bool {
        // Browsers wake what is in the background late on purpose, and whoever comes back asks anyway.
        if self.hidden_at.is_some() {
            return false;
        }
        let (mono_ms, wall_ms) = (now.mono_ms - before.mono_ms, now.wall_ms - before.wall_ms);
        if wall_ms > mono_ms.saturating_add(SLEPT_MS) {
            return true;
        }
        let late = |(due, _): (Millis, _)| now.mono_ms > due.saturating_add(SLEPT_MS);
        mono_ms > SLEPT_MS && self.poll_timeout().is_some_and(late)
    }

    /// Nothing could be heard in a sleep: silence begins to count anew, and the question decides.
    pub(super) fn woke(&mut self) {
        let now = self.now();
        self.connection.heard(Role::Primary, now);
        self.ask_alive();
    }

    pub(super) fn see(&mut self, visibility: Visibility) {
        let now = self.now();
        match visibility {
            Visibility::Hidden => _ = self.hidden_at.get_or_insert(now),
            Visibility::Visible => {
                if self.hidden_at.take().is_some_and(|at| now - at >= HIDDEN_MS) {
                    self.ask_alive();
                }
                if self.connection.hurry() {
                    self.attempt(Role::Primary);
                }
            }
        }
    }

    /// Asks, whatever else is in flight, unless it is being asked.
    pub(super) fn ask_alive(&mut self) {
        let (Some(conn), Some(epoch)) = (self.connection.live(), self.epoch.clone()) else { return };
        if self.requests.iter().any(|request| request.purpose == Purpose::Alive) {
            return;
        }
        let command = Command::Sync(Sync { epoch, rooms: self.known_revs() });
        let request = Request { purpose: Purpose::Alive, command, deadline: self.now() + ANSWER_MS };
        self.send(conn, request);
    }
}
