//! Help and lists, over everything between the bars.

use ratatui::{
    Frame,
    style::{Color, Style},
    text::Line,
    widgets::{Block, Clear, Padding, Paragraph},
};

use super::areas::Areas;
use crate::app::Panel;

/// Draws a panel.
pub(crate) fn draw(frame: &mut Frame<'_>, areas: &Areas, panel: &Panel) {
    let (columns, height) = areas.panel_size();
    let hint = if panel.goes_on(columns, height) { " ↓ more, other keys close " } else { " any key closes " };
    let block = Block::bordered().border_style(Style::new().fg(Color::Cyan)).padding(Padding::horizontal(1));
    let block = block.title(format!(" {} ", panel.title)).title_bottom(Line::raw(hint).right_aligned());
    frame.render_widget(Clear, areas.panel);
    let lines: Vec<_> = panel.rows(columns, height).into_iter().map(Line::raw).collect();
    frame.render_widget(Paragraph::new(lines).block(block), areas.panel);
}
