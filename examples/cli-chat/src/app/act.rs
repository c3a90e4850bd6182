//! What an entered line does.

use std::sync::Arc;

use roomcast_client::{
    protocol::{
        ClientId,
        model::{Message, MessageType},
    },
    view::{PendingMessage, SendStatus},
};

use super::{Action, App, Panel, Tone, mentions::mentions};
use crate::{
    commands::{self, Entry, HELP, Slash},
    text,
    timeline::Scroll,
};

/// Keys with what they do, as the help shows them.
const KEYS: [(&str, &str); 8] = [
    ("Enter", "send"),
    ("Alt+Enter, Ctrl+J", "new line"),
    ("Tab, Shift+Tab", "next and previous room"),
    ("PageUp, PageDown", "back and forth in time"),
    ("End", "to the newest message"),
    ("Ctrl+R", "send again what failed"),
    ("Ctrl+X", "discard the last that failed"),
    ("Esc, Ctrl+C", "quit"),
];

impl App {
    pub(super) fn enter(&mut self, actions: &mut Vec<Action>) {
        match commands::parse(self.input.text()) {
            Ok(Entry::Say(text)) if text.trim().is_empty() => {}
            Ok(Entry::Say(text)) => {
                self.input.take();
                let mentions = self.room().map(|room| mentions(&text, room)).unwrap_or_default();
                actions.push(Action::Send { room: self.open.clone(), text, mentions });
                (self.scroll, self.divider) = (Scroll::Newest, None);
            }
            Ok(Entry::Run(slash)) => {
                self.input.take();
                self.run(slash, actions);
            }
            // The line stays, to be mended.
            Err(why) => self.tell(Tone::Bad, why),
        }
    }

    fn run(&mut self, slash: Slash, actions: &mut Vec<Action>) {
        match slash {
            Slash::Join(room) => {
                if !self.client().rooms.iter().any(|mine| *mine.id() == room) && self.joining.insert(room.clone()) {
                    actions.push(Action::Join(room.clone()));
                }
                self.open(room);
            }
            Slash::Create(room) => {
                actions.push(Action::Create(room.clone()));
                self.open(room);
            }
            Slash::Leave => actions.push(Action::Leave(self.open.clone())),
            Slash::Rooms => actions.push(Action::ListRooms),
            Slash::Who => self.show_members(),
            Slash::Presence(availability) => actions.push(Action::Presence(availability)),
            Slash::Edit(text) => match self.last_own() {
                Some(last) => actions.push(Action::Edit(self.open.clone(), last.id.clone(), text)),
                None => self.tell(Tone::Bad, "there is no message of yours to edit"),
            },
            Slash::Delete => match self.last_own() {
                Some(last) => actions.push(Action::Delete(self.open.clone(), last.id.clone())),
                None => self.tell(Tone::Bad, "there is no message of yours to delete"),
            },
            Slash::Reconnect => actions.push(Action::Reconnect),
            Slash::Help => self.show_help(),
            Slash::Quit => self.leave_program(),
        }
    }

    pub(super) fn retry_failed(&mut self, actions: &mut Vec<Action>) {
        let failed = self.failed();
        if failed.is_empty() {
            self.tell(Tone::Good, "nothing here has failed");
        }
        actions.extend(failed.into_iter().map(Action::Retry));
    }

    pub(super) fn discard_failed(&mut self, actions: &mut Vec<Action>) {
        match self.failed().pop() {
            Some(last) => actions.push(Action::Discard(last)),
            None => self.tell(Tone::Good, "nothing here has failed"),
        }
    }

    pub(super) fn show_help(&mut self) {
        let line = |(name, what): &(&str, &str)| format!("{name:<20} {what}");
        let blank = [String::new()];
        let lines = KEYS.iter().map(line).chain(blank).chain(HELP.iter().map(line)).collect();
        self.panel = Some(Panel::new("Help", lines));
    }

    fn show_members(&mut self) {
        let Some(room) = self.room() else { return self.tell(Tone::Bad, "you are not in this room") };
        let title = format!("Members of #{}", room.room.id);
        let connected = self.is_connected();
        let lines = super::look::members(room);
        let lines = lines.iter().map(|member| {
            let role = format!("{:?}", member.role).to_lowercase();
            let seen = member.last_seen_at.map(|at| super::look::ago(at.value(), self.now_ms)).unwrap_or_default();
            let status = if connected { format!("{:?}", member.status).to_lowercase() } else { "unknown".to_owned() };
            format!("{}  {status} {seen} {role}", text::clean_line(&member.username))
        });
        self.panel = Some(Panel::new(title, lines.collect()));
    }

    fn last_own(&self) -> Option<&Arc<Message>> {
        let (room, me) = (self.room()?, self.me()?);
        let own = |message: &&Arc<Message>| {
            message.user_id == *me && message.deleted_at.is_none() && message.kind == MessageType::Text
        };
        room.timeline.iter().rev().find(own)
    }

    fn failed(&self) -> Vec<ClientId> {
        let pending: &[PendingMessage] = self.room().map_or(&self.seen.waiting, |room| &room.pending);
        let failed = pending.iter().filter(|pending| matches!(pending.status, SendStatus::Failed(_)));
        failed.map(|pending| pending.client_id.clone()).collect()
    }
}
