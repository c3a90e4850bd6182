//! The members of the open room, and whether they are there.

use ratatui::{
    Frame,
    layout::Rect,
    style::{Color, Style, Stylize as _},
    text::{Line, Span},
    widgets::{Block, Borders, Paragraph},
};
use roomcast_client::protocol::model::{RoomUser, Status};

use super::{colour, dim};
use crate::{
    app::{
        App,
        look::{is_here, members},
    },
    text,
};

/// Draws the list; beside the conversation or below the rooms.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let side = if area.x == 0 { Borders::RIGHT } else { Borders::LEFT };
    let block = Block::new().borders(side).border_style(dim());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(room) = app.room() else { return };
    let members = members(room);
    let height = usize::from(inner.height.saturating_sub(1));
    let mut lines = vec![Line::styled(format!(" PEOPLE {}", room.room.member_count), dim())];
    // Of those who are there while one is not connected oneself, nothing is known.
    let known = app.is_connected();
    lines.extend(members.iter().take(height).map(|member| line(member, known, usize::from(inner.width), app)));
    if members.len() > height
        && let Some(last) = lines.last_mut()
    {
        *last = Line::styled(format!("   and {} more", members.len() + 1 - height), dim());
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

fn line(member: &RoomUser, known: bool, columns: usize, app: &App) -> Line<'static> {
    let status = if known { member.status } else { Status::Unknown };
    let (dot, color) = match status {
        Status::Online => ("●", Color::Green),
        Status::Away => ("◐", Color::Yellow),
        Status::Busy => ("●", Color::Red),
        Status::Offline => ("○", Color::DarkGray),
        Status::Unknown => ("?", Color::DarkGray),
    };
    let me = app.me() == Some(&member.user_id);
    let after = if me { " (you)" } else { "" };
    let name = text::fit(&member.username, columns.saturating_sub(4 + after.len()));
    let style = if is_here(status) { Style::new().fg(colour::of(member.user_id.as_str())) } else { dim() };
    Line::from(vec![Span::raw(format!(" {dot} ")).fg(color), Span::styled(name, style), Span::styled(after, dim())])
}
