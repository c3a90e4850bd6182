//! How far a message of one's own is. A mark never says more than is known.

use ratatui::{
    style::{Color, Style},
    text::Span,
};
use roomcast_client::view::SendStatus;

/// A message that the server has, and how many others have read it.
pub(crate) fn settled(read_by: usize, others: u64) -> Span<'static> {
    match read_by {
        0 => Span::styled(" ✓", Style::new().fg(Color::DarkGray)),
        _ if others <= 1 => Span::styled(" ✓✓", Style::new().fg(Color::Cyan)),
        count => Span::styled(format!(" ✓✓{count}"), Style::new().fg(Color::Cyan)),
    }
}

/// A message on its way. One that is sent and not acknowledged may be lost yet: it looks as one that waits.
pub(crate) fn unsettled(status: &SendStatus) -> Span<'static> {
    match status {
        SendStatus::Pending | SendStatus::Sent => Span::styled(" …", Style::new().fg(Color::Yellow)),
        SendStatus::Delivered => Span::styled(" ✓", Style::new().fg(Color::DarkGray)),
        SendStatus::Failed(_) => Span::styled(" ✗", Style::new().fg(Color::Red)),
    }
}
