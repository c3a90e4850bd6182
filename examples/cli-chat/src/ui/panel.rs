//! Help and lists, over the conversation.

use ratatui::{
    Frame,
    layout::Rect,
    style::{Color, Style},
    text::Line,
    widgets::{Block, Clear, Padding, Paragraph},
};

use crate::{app::Panel, text};

/// Draws a panel; any key closes it.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, panel: &Panel) {
    frame.render_widget(Clear, area);
    let border = Style::new().fg(Color::Cyan);
    let block = Block::bordered().border_style(border).padding(Padding::horizontal(1));
    let block = block.title(format!(" {} ", panel.title)).title_bottom(Line::raw(" any key closes ").right_aligned());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let columns = usize::from(inner.width);
    let lines: Vec<_> = panel.lines.iter().map(|line| Line::raw(text::fit(line, columns))).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}
