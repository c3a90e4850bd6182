//! The façade: one way in, one way out, and the features in between, which know nothing of each other.
//!
//! `session` speaks the connection's language, `transport` carries it and `alive` doubts it, `event` and `answer` take
//! what the server says, `command` takes what the user wants, `outgoing` sends what is ready, `room` keeps the rooms,
//! `pages` loads what was before, `people` learns names, `views` shows it all.

use std::sync::Arc;

use roomcast_protocol::{
    ClientId, Epoch, ErrorBody, ErrorCode, Limits, RoomId, Seq, Timestamp, UserId, collections::BTreeSet, model::User,
};

use crate::{
    auth::Auth,
    config::{Config, Saved},
    connection::{Connection, Role},
    effect::{Answer, Effect, Effects, Key, Outcome},
    gaps::Gaps,
    input::{CommandId, Input, Network},
    marks::Marks,
    notice::Notice,
    outbox::Outbox,
    pace::Pace,
    people::People,
    planted::{self, Bug},
    presence::Presence,
    random::{ClientIds, Random},
    requests::Requests,
    rooms::Rooms,
    time::{Clock, Millis, Now},
    trace::Recorder,
    typing::Typing,
    view::{ConnectionView, Phase},
};

mod alive;
mod answer;
mod command;
mod event;
mod outgoing;
mod pages;
mod people;
mod room;
mod session;
#[cfg(test)]
mod tests;
mod timers;
mod transport;
mod views;

pub use timers::TimerKind;

/// What a command on its way is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Purpose {
    /// A user's command, to be resolved with the reply.
    User(CommandId),
    /// One whose user was told that its time is over: what it did is taken in all the same.
    Late,
    /// A page of a room's history, or of a thread.
    Page(Box<pages::Page>),
    /// A message of the outbox.
    Post(ClientId),
    /// What a room lacks.
    Sync(RoomId),
    /// More of the user's rooms than `initial-state` could hold.
    ListMine,
    /// One of those.
    Enter(RoomId),
    /// A read mark.
    Mark(RoomId, Seq),
    /// The next token.
    Refresh,
    /// The user's presence, after a reconnect.
    Announce,
    /// Whether the connection is alive, and what was missed.
    Alive,
}

/// A client.
#[derive(Debug, Clone)]
pub struct Client {
    config: Config,
    clock: Clock,
    random: Random,
    ids: ClientIds,
    effects: Effects,
    connection: Connection,
    shown: ConnectionView,
    auth: Auth,
    requests: Requests<Purpose>,
    outbox: Outbox,
    pace: Pace,
    marks: Marks,
    gaps: Gaps,
    rooms: Rooms,
    typing: Typing,
    presence: Presence,
    people: People,
    blocked: Arc<BTreeSet<UserId>>,
    me: Option<Arc<User>>,
    epoch: Option<Epoch>,
    limits: Arc<Limits>,
    degraded: Arc<[String]>,
    views: views::Views,
    /// What the server's clock said last, and when that was.
    server_time: (Timestamp, Millis),
    /// Since when nobody looks.
    hidden_at: Option<Millis>,
    recorder: Option<Recorder>,
}

impl Client {
    /// A client that is not connected. `seed` must differ from that of every other client of the same user: it
    /// decides the ids of their sends.
    #[must_use]
    pub fn new(config: Config, seed: u64, now: Now, saved: Saved) -> Self {
        let recorder = config.tracing.map(|tracing| Recorder::begin(tracing, &config, seed, now, &saved));
        let mut random = Random::new(seed);
        let ids = ClientIds::new(random.next_u64());
        let connection = Connection::new(&config);
        Self {
            shown: connection.view(),
            connection,
            auth: Auth::new(config.token_timeout_ms.max(1)),
            outbox: Outbox::new(config.storage, saved.outbox),
            pace: Pace::new(Limits::default().sends_per_second, now.mono_ms),
            clock: Clock::new(now),
            random,
            ids,
            config,
            effects: Effects::default(),
            requests: Requests::default(),
            marks: Marks::default(),
            gaps: Gaps::default(),
            rooms: Rooms::default(),
            typing: Typing::default(),
            presence: Presence::default(),
            people: People::default(),
            blocked: Arc::default(),
            me: None,
            epoch: None,
            limits: Arc::new(Limits::default()),
            degraded: Arc::from([]),
            views: views::Views::default(),
            server_time: (Timestamp::new(0), 0),
            hidden_at: None,
            recorder,
        }
    }

    /// Takes what happened. Never fails and never panics; effects may be taken after any number of inputs.
    pub fn handle(&mut self, now: Now, input: Input) {
        if let Some(recorder) = &mut self.recorder {
            recorder.input(now, &input);
        }
        let queued = self.effects.len();
        self.take(now, input);
        if let Some(recorder) = &mut self.recorder {
            recorder.effects(self.effects.since(queued));
        }
    }

    /// The next thing to do, in order.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop()
    }

    /// The next line of the recording, where [`Config::tracing`] asks for one.
    pub fn poll_trace(&mut self) -> Option<String> {
        self.recorder.as_mut()?.poll()
    }

    fn take(&mut self, now: Now, input: Input) {
        let before = self.clock.now();
        let now = self.clock.advance(now);
        if self.has_slept(before, now) {
            self.woke();
        }
        match input {
            Input::Connect => self.connect(),
            Input::Disconnect => self.disconnect(),
            Input::Command { id, command } => self.command(id, command),
            Input::Opened(conn) => self.opened(conn),
            Input::Response { conn, method, status, body } => self.response(conn, method, status, &body),
            Input::Frame(conn, frame) => self.frame(conn, &frame),
            Input::Closed(conn, why) => self.closed(conn, &why.0),
            Input::Token { req, result } => self.token(req, result),
            Input::Stored { op, result } => {
                if let Some(client_id) = self.outbox.stored(op)
                    && result.is_err()
                {
                    self.effects.notice(Notice::NotStored(client_id));
                }
            }
            Input::Network(network) => {
                if network == Network::Online {
                    self.auth.hurry();
                }
                if self.connection.set_network(network) {
                    self.attempt(Role::Primary);
                }
                if network == Network::Online {
                    self.ask_alive();
                }
            }
            Input::Visibility(visibility) => self.see(visibility),
            Input::Timeout => self.timeout(),
        }
        self.send_ready();
        self.pump();
        self.show_connection();
        self.note_threads();
        let changed = self.effects.flush_changes();
        self.views.forget(&changed);
    }

    /// The moment of the last input, on the monotonic clock.
    fn now(&self) -> Millis {
        self.clock.now().mono_ms
    }

    fn show_connection(&mut self) {
        let mut view = self.connection.view();
        if view.phase == Phase::Connecting && self.can_resume() {
            view.phase = Phase::Resuming;
        }
        if self.connection.is_authorizing()
            && let Some(until) = self.auth.asks_again_at()
        {
            // Without a token there is no attempt yet: a pause before the next is one, and shows as one.
            (view.phase, view.retry_at) = (Phase::Reconnecting, Some(until));
        }
        if view.phase != self.shown.phase {
            self.effects.notice(Notice::Connection(view.phase));
            if matches!(view.phase, Phase::Idle | Phase::Refused(_)) {
                self.give_up_waiting();
            }
        }
        if view != self.shown {
            self.shown = view;
            self.effects.changed(Key::Connection);
        }
    }

    fn done(&mut self, id: CommandId) {
        self.effects.resolve(id, Ok(Answer::Done));
    }

    fn fail(&mut self, id: CommandId, code: ErrorCode, message: &str) {
        self.effects.resolve(id, Err(ErrorBody::new(code, message)));
    }

    fn resolve(&mut self, id: Option<CommandId>, result: Outcome) {
        if let Some(id) = id {
            if planted::has(Bug::ResolvedTwice) {
                self.effects.resolve(id, result.clone());
            }
            self.effects.resolve(id, result);
        }
    }
}
