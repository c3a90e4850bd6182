//! From an event to the next state.

use ratatui::crossterm::event::{Event, KeyEventKind};
use roomcast_client::protocol::RoomId;

use super::{Action, App, AppEvent, Older, Panel, Snapshot, Tone};
use crate::timeline::{Scroll, window};

impl App {
    /// Takes what happened at this moment, in milliseconds since the Unix epoch, and says what to do.
    pub(crate) fn update(&mut self, now_ms: u64, event: AppEvent) -> Vec<Action> {
        self.now_ms = self.now_ms.max(now_ms);
        let mut actions = Vec::new();
        match event {
            AppEvent::Terminal(event) => self.terminal(event, &mut actions),
            AppEvent::Seen(snapshot) => self.seen(snapshot),
            AppEvent::Joined(room) => drop(self.joining.remove(&room)),
            AppEvent::NotJoined(room, why) => {
                self.joining.remove(&room);
                self.tell(Tone::Bad, format!("#{room}: {why}"));
            }
            AppEvent::Older(room, outcome) => self.older(&room, outcome),
            AppEvent::Done(words) => self.tell(Tone::Good, words),
            AppEvent::Failed(words) => self.tell(Tone::Bad, words),
            AppEvent::Listed(title, lines) => self.panel = Some(Panel::new(title, lines)),
            AppEvent::Tick => self.told = self.told.take().filter(|told| told.until_ms > self.now_ms),
        }
        self.follow(&mut actions);
        actions
    }

    fn terminal(&mut self, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key, actions),
            Event::Paste(text) => {
                self.input.insert(&text);
                self.typed(actions);
            }
            Event::Resize(columns, lines) => (self.columns, self.lines) = (columns, lines),
            Event::FocusGained => self.focused = true,
            Event::FocusLost => {
                self.focused = false;
                // What is new when one comes back begins here.
                self.divider = None;
            }
            _ => {}
        }
    }

    fn seen(&mut self, snapshot: Snapshot) {
        let was_connected = self.is_connected();
        self.seen = snapshot;
        if was_connected && !self.is_connected() {
            self.listed.clear();
            (self.told, self.older) = (None, Older::Idle);
        }
        let Some(room) = self.room() else { return };
        let (unread, read) = (room.unread, room.read_seq);
        if unread > 0 && self.divider.is_none() && (self.just_opened || !self.looks_at_newest()) {
            self.divider = Some(read);
        }
        self.just_opened = false;
    }

    fn older(&mut self, room: &RoomId, outcome: Result<(), String>) {
        if *room != self.open {
            return;
        }
        self.older = Older::Idle;
        if let Err(why) = outcome {
            self.older = Older::Failed;
            self.tell(Tone::Bad, why);
        }
    }

    /// What follows from the state, whatever led to it.
    fn follow(&mut self, actions: &mut Vec<Action>) {
        let Some(room) = self.room() else { return };
        let (open, connected) = (self.open.clone(), self.is_connected());
        let newest = room.timeline.last().filter(|last| last.seq > room.read_seq && room.unread > 0);
        if let Some(newest) = newest.filter(|_| self.looks_at_newest()) {
            actions.push(Action::Read(open.clone(), newest.seq));
        }
        if !connected {
            return;
        }
        if room.has_older && !room.loading_older && self.older == Older::Idle {
            let height = usize::from(self.areas().timeline.height);
            if window(&self.rows(), height, self.scroll).start == 0 {
                self.older = Older::Asked;
                actions.push(Action::LoadOlder(open.clone()));
            }
        }
        if self.listed.insert(open.clone()) {
            actions.push(Action::LoadMembers(open));
        }
    }

    /// Whether what comes is seen as it comes.
    fn looks_at_newest(&self) -> bool {
        self.focused && self.panel.is_none() && self.scroll == Scroll::Newest
    }
}
