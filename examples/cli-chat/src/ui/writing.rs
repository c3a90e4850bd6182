//! Who is typing, and what the user writes.

use ratatui::{
    Frame,
    layout::{Position, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{areas::PROMPT, dim};
use crate::{
    app::{App, look},
    text,
};

/// Who is typing here.
pub(crate) fn typing(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let words = app.room().map(|room| look::typing(&room.typing)).unwrap_or_default();
    let words = text::fit(&words, usize::from(area.width).saturating_sub(1));
    let line = Line::styled(format!(" {words}"), dim().add_modifier(Modifier::ITALIC));
    frame.render_widget(Paragraph::new(line), area);
}

/// The text being written, with the terminal's own cursor in it.
pub(crate) fn input(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let laid = app.input.lay(usize::from(area.width.saturating_sub(PROMPT + 1)));
    let height = usize::from(area.height);
    let first = (laid.row + 1).saturating_sub(height);
    let prompt = |n: usize| if n == 0 { "› " } else { "  " };
    let lines = laid.lines.iter().enumerate().skip(first).take(height);
    let lines: Vec<_> = lines
        .map(|(n, line)| Line::from(vec![Span::styled(prompt(n), Style::new().fg(Color::Cyan)), Span::raw(line)]))
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
    if app.panel.is_none() && height > 0 {
        let column = u16::try_from(laid.column).unwrap_or(u16::MAX).saturating_add(PROMPT);
        let row = u16::try_from(laid.row - first).unwrap_or_default();
        frame.set_cursor_position(Position::new(area.x + column.min(area.width), area.y + row));
    }
}
