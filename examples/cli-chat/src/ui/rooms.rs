//! The user's rooms, with what is unread in them.

use ratatui::{
    Frame,
    layout::Rect,
    style::{Color, Modifier, Style, Stylize as _},
    text::{Line, Span},
    widgets::{Block, Borders, Paragraph},
};
use roomcast_client::{
    protocol::{RoomId, model::Visibility},
    view::RoomSummary,
};

use super::dim;
use crate::{app::App, text};

/// Draws the list; the open room is always in sight.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let block = Block::new().borders(Borders::RIGHT).border_style(dim());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let rooms = app.rooms();
    let height = usize::from(inner.height.saturating_sub(1));
    let open = rooms.iter().position(|room| *room == app.open).unwrap_or_default();
    let first = (open + 1).saturating_sub(height);
    let mut lines = vec![Line::styled(" ROOMS", dim())];
    lines.extend(rooms.iter().skip(first).take(height).map(|room| line(room, usize::from(inner.width), app)));
    frame.render_widget(Paragraph::new(lines), inner);
}

fn line(id: &RoomId, columns: usize, app: &App) -> Line<'static> {
    let summary = app.client().rooms.iter().find(|room| room.id() == id);
    let open = *id == app.open;
    let (count, color) = counts(summary.map(AsRef::as_ref));
    let sign = match summary.map(|summary| summary.room.visibility) {
        Some(Visibility::Private) => "⚿",
        Some(Visibility::Direct) => "@",
        _ => "#",
    };
    let name = summary.filter(|summary| summary.room.visibility != Visibility::Public);
    let name = name.map_or(id.as_str(), |summary| summary.room.name.as_str());
    let name = text::fit(&format!("{sign}{name}"), columns.saturating_sub(count.len() + 2));
    let space = columns.saturating_sub(text::width(&name) + count.len() + 2);
    let style = match (open, count.is_empty()) {
        (true, _) => Style::new().add_modifier(Modifier::REVERSED),
        (false, false) => Style::new().add_modifier(Modifier::BOLD),
        (false, true) => Style::new(),
    };
    let words = Span::styled(format!(" {name}{} ", " ".repeat(space)), style);
    Line::from(vec![words, Span::raw(count).fg(color).bold()])
}

/// `@2` where the user is called, `5` where there is something new, `…` where they are not in yet.
fn counts(summary: Option<&RoomSummary>) -> (String, Color) {
    match summary {
        None => ("…".to_owned(), Color::Yellow),
        Some(room) if room.mentions > 0 => (format!("@{}", capped(room.mentions)), Color::Red),
        Some(room) if room.unread > 0 => (capped(room.unread), Color::Cyan),
        Some(_) => (String::new(), Color::Reset),
    }
}

fn capped(count: u64) -> String {
    if count > 99 { "99+".to_owned() } else { count.to_string() }
}
