//! The conversation in the middle.

use ratatui::{
    Frame,
    layout::Rect,
    style::{Color, Style},
    text::Line,
    widgets::Paragraph,
};

use super::dim;
use crate::{
    app::App,
    text,
    timeline::{Scroll, window},
};

/// Draws the rows in sight, the newest at the bottom.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let rows = app.rows();
    let height = usize::from(area.height);
    let shown = window(&rows, height, app.scroll);
    let below = rows.len() - shown.end;
    let mut lines: Vec<Line<'_>> = vec![Line::default(); height - shown.len()];
    if app.room().is_none() {
        let waiting = if app.joining.contains(&app.open) {
            format!("waiting to enter #{} …", app.open)
        } else {
            format!("you are not in #{}; /join {} enters it", app.open, app.open)
        };
        if let Some(line) = lines.first_mut() {
            *line = Line::styled(format!(" {}", text::fit(&waiting, usize::from(area.width).saturating_sub(1))), dim());
        }
    }
    lines.extend(rows[shown].iter().map(|row| row.line.clone()));
    frame.render_widget(Paragraph::new(lines), area);
    if app.scroll != Scroll::Newest && below > 0 && area.height > 0 {
        more_below(frame, area, app);
    }
}

/// Says that the newest is out of sight, and whether something of it is unread.
fn more_below(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let unread = app.room().map_or(0, |room| room.unread);
    let words = if unread > 0 { format!(" ↓ {unread} new, End shows them ") } else { " ↓ End: newest ".to_owned() };
    let width = u16::try_from(text::width(&words)).unwrap_or(area.width).min(area.width);
    let place = Rect::new(area.right() - width, area.bottom() - 1, width, 1);
    let style = Style::new().bg(if unread > 0 { Color::Red } else { Color::DarkGray }).fg(Color::White);
    frame.render_widget(Paragraph::new(words).style(style), place);
}
