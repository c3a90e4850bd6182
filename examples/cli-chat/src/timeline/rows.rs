//! The rows of a conversation, oldest first.

use std::collections::BTreeMap;

use jiff::{Zoned, tz::TimeZone};
use ratatui::{
    style::{Color, Modifier, Style},
    text::{Line, Span},
};
use roomcast_client::{
    protocol::{
        Seq, UserId,
        model::{Message, MessageType},
    },
    view::{ClientView, Item, PendingMessage, RoomView, SendStatus},
};

use super::{Anchor, marks, times};
use crate::{text, ui::colour};

/// Columns before the words: the time.
const GUTTER: usize = 6;
/// So long one goes on speaking, in milliseconds.
const GROUP_MS: u64 = 5 * 60 * 1_000;
/// What has no `seq` yet comes last.
const UNNUMBERED: u64 = u64::MAX;

/// One row of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) anchor: Anchor,
    pub(crate) line: Line<'static>,
}

/// What is to be shown, and to whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    /// `None` while the user is not in the room, as far as is known.
    pub(crate) room: Option<&'a RoomView>,
    /// What waits to be sent, where there is no room to say it.
    pub(crate) waiting: &'a [PendingMessage],
    /// It knows everybody's name, also of those who left.
    pub(crate) client: &'a ClientView,
    pub(crate) me: Option<&'a UserId>,
    /// How the user is called before the server has said it.
    pub(crate) my_name: &'a str,
    /// The newest message that had been read when new ones came.
    pub(crate) divider: Option<Seq>,
    pub(crate) zone: &'a TimeZone,
    pub(crate) now_ms: u64,
    pub(crate) columns: usize,
}

/// Lays out a conversation.
pub(crate) fn rows(shown: &Shown<'_>) -> Vec<Row> {
    let mut layout = Layout::new(*shown);
    layout.beginning();
    match shown.room {
        Some(room) => room.items().for_each(|item| layout.item(room, &item)),
        None => shown.waiting.iter().for_each(|pending| layout.pending(pending)),
    }
    layout.rows
}

struct Layout<'a> {
    shown: Shown<'a>,
    today: Zoned,
    rows: Vec<Row>,
    /// The rows of the message being laid out.
    lines: Vec<Line<'static>>,
    last: Option<Last>,
    divided: bool,
}

/// The message before, as far as the next one's look depends on it.
struct Last {
    at: Zoned,
    ms: u64,
    author: Option<UserId>,
}

impl<'a> Layout<'a> {
    fn new(shown: Shown<'a>) -> Self {
        let today = times::moment(shown.now_ms, shown.zone);
        Self { shown, today, rows: Vec::new(), lines: Vec::new(), last: None, divided: false }
    }

    fn beginning(&mut self) {
        let Some(room) = self.shown.room else { return };
        let words = match (room.has_older, room.loading_older) {
            (true, true) => "loading what was before …".to_owned(),
            (true, false) => "PageUp loads what was before".to_owned(),
            (false, _) => format!("The beginning of #{}", text::clean_line(room.room.id.as_str())),
        };
        self.lines.push(rule(&words, '·', self.shown.columns, dim()));
        self.end(0);
    }

    fn item(&mut self, room: &RoomView, item: &Item<'_>) {
        match item {
            Item::Message { message, read_by } => self.message(room, message, *read_by),
            Item::Pending(pending) => self.pending(pending),
        }
    }

    fn message(&mut self, room: &RoomView, message: &Message, read_by: usize) {
        let mine = self.shown.me == Some(&message.user_id);
        self.day(message.created_at.value());
        if !self.divided && !mine && self.shown.divider.is_some_and(|read| message.seq > read) {
            self.divided = true;
            self.last = self.last.take().map(|last| Last { author: None, ..last });
            self.lines.push(rule("new", '─', self.shown.columns, Style::new().fg(Color::Red)));
        }
        if message.kind == MessageType::System {
            self.body(&message.content, dim().add_modifier(Modifier::ITALIC), Vec::new());
            self.spoken(message.created_at.value(), None);
            return self.end(message.seq.value());
        }
        let name = self.name(&message.user_id);
        let time = self.head(&name, Some(&message.user_id), message.created_at.value());
        let start = self.lines.len();
        if let Some(replied) = &message.reply_to {
            let quoted = room.timeline.iter().rev().find(|other| other.id == *replied);
            let quoted = quoted.map_or_else(
                || "an earlier message".to_owned(),
                |other| format!("{}: {}", self.name(&other.user_id), text::clean_line(&other.content)),
            );
            let quoted = text::fit(&format!("↪ {quoted}"), self.words());
            self.lines.push(indented(Span::styled(quoted, dim())));
        }
        if message.deleted_at.is_some() {
            self.body("message deleted", dim().add_modifier(Modifier::ITALIC), Vec::new());
        } else {
            let called = self.shown.me.is_some_and(|me| message.mentions.contains(me));
            let style = if called { Style::new().fg(Color::Yellow) } else { Style::new() };
            let edited = message.edited_at.map(|_| Span::styled(" (edited)", dim()));
            let mark = mine.then(|| marks::settled(read_by, room.room.member_count.saturating_sub(1)));
            self.body(&words_of(message), style, edited.into_iter().chain(mark).collect());
            self.beside(message);
        }
        self.stamp(start, time);
        self.end(message.seq.value());
    }

    fn pending(&mut self, pending: &PendingMessage) {
        self.day(pending.created_ms);
        let me = self.shown.me.cloned();
        let name = me.as_ref().map_or_else(|| text::clean_line(self.shown.my_name), |me| self.name(me));
        let time = self.head(&name, me.as_ref(), pending.created_ms);
        let start = self.lines.len();
        let style = match &pending.status {
            SendStatus::Delivered => Style::new(),
            _ => Style::new().add_modifier(Modifier::DIM),
        };
        self.body(&pending.send.content, style, vec![marks::unsettled(&pending.status)]);
        if let SendStatus::Failed(error) = &pending.status {
            let why = format!("not sent: {}", text::clean_line(&error.message));
            self.body(&why, Style::new().fg(Color::Red), Vec::new());
            self.body("Ctrl+R sends it again, Ctrl+X discards it", Style::new().fg(Color::Red), Vec::new());
        }
        self.stamp(start, time);
        self.end(UNNUMBERED);
    }

    /// A new day, a new line.
    fn day(&mut self, ms: u64) {
        let at = times::moment(ms, self.shown.zone);
        if self.last.as_ref().is_none_or(|last| last.at.date() != at.date()) {
            let name = times::day(at.date(), self.today.date());
            self.lines.push(rule(&name, '─', self.shown.columns, dim()));
            self.last = None;
        }
    }

    /// The author's name, unless they go on speaking. Gives back the time, where it is to be shown before the words.
    fn head(&mut self, name: &str, author: Option<&UserId>, ms: u64) -> Option<String> {
        let at = times::moment(ms, self.shown.zone);
        let time = times::clock(ms, self.shown.zone);
        let goes_on = self
            .last
            .as_ref()
            .filter(|last| author.is_some() && last.author.as_ref() == author && ms.saturating_sub(last.ms) < GROUP_MS);
        let before = match goes_on {
            Some(last) => (last.at.hour(), last.at.minute()) != (at.hour(), at.minute()),
            None => {
                let color = colour::of(author.map_or(name, UserId::as_str));
                let style = Style::new().fg(color).add_modifier(Modifier::BOLD);
                let name = Span::styled(text::fit(name, self.words()), style);
                self.lines.push(Line::from(vec![Span::styled(format!("{time} "), dim()), name]));
                false
            }
        };
        self.spoken(ms, author.cloned());
        before.then_some(time)
    }

    fn name(&self, user_id: &UserId) -> String {
        text::clean_line(self.shown.client.people.name(user_id))
    }

    fn spoken(&mut self, ms: u64, author: Option<UserId>) {
        self.last = Some(Last { at: times::moment(ms, self.shown.zone), ms, author });
    }

    /// Words, and behind the last of them what is known of them.
    fn body(&mut self, words: &str, style: Style, after: Vec<Span<'static>>) {
        let columns = self.words().saturating_sub(after.iter().map(Span::width).sum());
        for line in text::wrap(&text::clean(words), columns) {
            self.lines.push(indented(Span::styled(line, style)));
        }
        if let Some(line) = self.lines.last_mut() {
            line.spans.extend(after);
        }
    }

    /// What comes with a message.
    fn beside(&mut self, message: &Message) {
        for attachment in &message.attachments {
            let name = attachment.name.as_deref().unwrap_or("attachment");
            self.body(&format!("⎘ {name} {}", attachment.url), Style::new().fg(Color::Blue), Vec::new());
        }
        if !message.reactions.is_empty() {
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            for reaction in &message.reactions {
                *counts.entry(text::clean_line(&reaction.emoji)).or_default() += reaction.count;
            }
            let shown: Vec<_> = counts.iter().map(|(emoji, count)| format!("{emoji} {count}")).collect();
            self.body(&shown.join("  "), dim(), Vec::new());
        }
    }

    fn stamp(&mut self, at: usize, time: Option<String>) {
        if let (Some(time), Some(line)) = (time, self.lines.get_mut(at))
            && let Some(gutter) = line.spans.first_mut()
        {
            *gutter = Span::styled(format!("{time} "), dim());
        }
    }

    /// Columns for words.
    fn words(&self) -> usize {
        self.shown.columns.saturating_sub(GUTTER)
    }

    /// The message is laid out.
    fn end(&mut self, seq: u64) {
        let above = self.rows.iter().rev().take_while(|row| row.anchor.seq == seq).count();
        // Several messages without a number share one place: the rows above count on.
        for row in self.rows.iter_mut().rev().take(above) {
            row.anchor.from_last += self.lines.len();
        }
        let last = self.lines.len();
        let rows = self.lines.drain(..).enumerate();
        self.rows.extend(rows.map(|(n, line)| Row { anchor: Anchor { seq, from_last: last - 1 - n }, line }));
    }
}

fn dim() -> Style {
    Style::new().fg(Color::DarkGray)
}

fn indented(words: Span<'static>) -> Line<'static> {
    Line::from(vec![Span::raw(" ".repeat(GUTTER)), words])
}

/// A line across, with words in it.
fn rule(words: &str, sign: char, columns: usize, style: Style) -> Line<'static> {
    let words = text::fit(words, columns.saturating_sub(4));
    let rest = columns.saturating_sub(text::width(&words) + 4);
    let side = |count: usize| sign.to_string().repeat(count);
    Line::styled(format!("{} {words} {}", side(2), side(rest)), style)
}

fn words_of(message: &Message) -> String {
    match &message.kind {
        MessageType::Custom(kind) if message.content.is_empty() => format!("[{kind}]"),
        _ => message.content.clone(),
    }
}
