//! The screen, drawn anew from the state each time. Nothing here changes anything.

pub(crate) mod areas;
mod bars;
pub(crate) mod colour;
mod conversation;
mod panel;
mod people;
mod rooms;
#[cfg(test)]
mod tests;
mod writing;

use ratatui::{
    Frame,
    style::{Color, Style},
};

use crate::app::App;

/// Draws everything.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App) {
    let areas = app.areas();
    bars::top(frame, areas.top, app);
    if let Some(area) = areas.rooms {
        rooms::draw(frame, area, app);
    }
    if let Some(area) = areas.people {
        people::draw(frame, area, app);
    }
    conversation::draw(frame, areas.timeline, app);
    writing::typing(frame, areas.typing, app);
    writing::input(frame, areas.input, app);
    bars::bottom(frame, areas.bottom, app);
    if let Some(open) = &app.panel {
        panel::draw(frame, &areas, open);
    }
}

const fn dim() -> Style {
    Style::new().fg(Color::DarkGray)
}

/// What is not said in words.
const fn bar() -> Style {
    Style::new().bg(Color::Indexed(236)).fg(Color::Indexed(252))
}
