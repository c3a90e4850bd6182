//! What the program knows and how that changes. Pure: events in, actions out; no socket, no terminal, no clock.

mod act;
mod event;
mod keys;
pub(crate) mod look;
mod mentions;
mod panel;
#[cfg(test)]
mod tests;
mod update;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::tz::TimeZone;
use roomcast_client::{
    protocol::{RoomId, Seq, UserId},
    view::{ClientView, Phase, RoomView, SendStatus},
};

pub(crate) use event::{Action, AppEvent, Snapshot};
pub(crate) use panel::Panel;

use crate::{
    input::Input,
    timeline::{Row, Scroll, Shown, rows},
    ui::areas::{Areas, areas},
};

/// What is told below the input, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) words: String,
    pub(crate) tone: Tone,
    pub(crate) until_ms: u64,
}

/// How something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
}

/// Who and where, as the command line said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) user: String,
    pub(crate) server: String,
    pub(crate) room: RoomId,
    /// Whether unsent messages outlive the program.
    pub(crate) keeps_outbox: bool,
    pub(crate) zone: TimeZone,
}

/// The program's state.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) setting: Setting,
    /// What the client last showed.
    pub(crate) seen: Snapshot,
    /// The room that is shown, whether the user is in it yet or not.
    pub(crate) open: RoomId,
    /// Rooms that the user wants to be in and is not yet.
    pub(crate) joining: BTreeSet<RoomId>,
    pub(crate) input: Input,
    drafts: BTreeMap<RoomId, Input>,
    pub(crate) scroll: Scroll,
    /// Where the unread messages began.
    pub(crate) divider: Option<Seq>,
    /// Whether the room was opened and not seen since.
    just_opened: bool,
    /// Whether a page of the past was asked for, or could not be had.
    older: Older,
    /// Rooms whose members were asked for on this connection.
    listed: BTreeSet<RoomId>,
    focused: bool,
    pub(crate) told: Option<Told>,
    pub(crate) panel: Option<Panel>,
    pub(crate) columns: u16,
    pub(crate) lines: u16,
    pub(crate) now_ms: u64,
    /// Whether leaving was asked for while something is unsent.
    leaving: bool,
    pub(crate) done: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Older {
    Idle,
    Asked,
    /// The next key tries again.
    Failed,
}

impl App {
    pub(crate) fn new(setting: Setting, seen: Snapshot) -> Self {
        let open = setting.room.clone();
        Self {
            joining: BTreeSet::from([open.clone()]),
            open,
            setting,
            seen,
            input: Input::default(),
            drafts: BTreeMap::new(),
            scroll: Scroll::Newest,
            divider: None,
            just_opened: true,
            older: Older::Idle,
            listed: BTreeSet::new(),
            focused: true,
            told: None,
            panel: None,
            columns: 80,
            lines: 24,
            now_ms: 0,
            leaving: false,
            done: false,
        }
    }

    pub(crate) fn client(&self) -> &ClientView {
        &self.seen.client
    }

    /// The room that is shown, where the user is in it.
    pub(crate) fn room(&self) -> Option<&RoomView> {
        self.seen.room.as_deref().filter(|room| room.room.id == self.open)
    }

    pub(crate) fn me(&self) -> Option<&UserId> {
        self.client().me.as_ref().map(|me| &me.id)
    }

    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.client().connection.phase, Phase::Connected | Phase::Draining)
    }

    /// Whether a message waits for longer than a healthy server needs. A connection can be dead for a while before
    /// its silence proves it.
    pub(crate) fn is_slow(&self) -> bool {
        const SLOW_MS: u64 = 3_000;
        let pending = self.room().map_or(&self.seen.waiting, |room| &room.pending);
        let waits = |status: &SendStatus| matches!(status, SendStatus::Pending | SendStatus::Sent);
        pending.iter().any(|pending| waits(&pending.status) && pending.created_ms + SLOW_MS < self.now_ms)
    }

    /// The rooms in a steady order: those that the user is in and those on the way.
    pub(crate) fn rooms(&self) -> Vec<RoomId> {
        let mine = self.client().rooms.iter().map(|room| room.id().clone());
        let all: BTreeSet<_> = mine.chain(self.joining.iter().cloned()).chain([self.open.clone()]).collect();
        all.into_iter().collect()
    }

    pub(crate) fn areas(&self) -> Areas {
        areas(self.columns, self.lines, &self.input)
    }

    /// The conversation, laid out for the screen as it is.
    pub(crate) fn rows(&self) -> Vec<Row> {
        rows(&Shown {
            room: self.room(),
            waiting: &self.seen.waiting,
            client: self.client(),
            me: self.me(),
            my_name: &self.setting.user,
            divider: self.divider,
            zone: &self.setting.zone,
            now_ms: self.now_ms,
            columns: usize::from(self.areas().timeline.width),
        })
    }

    fn tell(&mut self, tone: Tone, words: impl Into<String>) {
        const SHOWN_MS: u64 = 6_000;
        self.told = Some(Told { words: words.into(), tone, until_ms: self.now_ms + SHOWN_MS });
    }

    fn open(&mut self, room: RoomId) {
        if room == self.open {
            return;
        }
        let draft = std::mem::take(&mut self.input);
        let left = std::mem::replace(&mut self.open, room);
        self.drafts.insert(left, draft);
        self.input = self.drafts.remove(&self.open).unwrap_or_default();
        (self.scroll, self.divider) = (Scroll::Newest, None);
        (self.just_opened, self.older) = (true, Older::Idle);
        self.seen.room = None;
        self.seen.waiting = Arc::from([]);
    }
}
