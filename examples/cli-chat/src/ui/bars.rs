//! The bars at the top and at the bottom: how the connection is, who and where, and what was last told.

use ratatui::{
    Frame,
    layout::{Alignment, Rect},
    style::{Color, Style, Stylize as _},
    text::{Line, Span},
    widgets::Paragraph,
};
use roomcast_client::view::Phase;

use super::{bar, dim};
use crate::{
    app::{App, Tone},
    text,
};

/// The room on the left, the connection on the right.
pub(crate) fn top(frame: &mut Frame<'_>, area: Rect, app: &App) {
    frame.render_widget(Paragraph::new("").style(bar()), area);
    let state = connection(app);
    let taken = u16::try_from(state.width()).unwrap_or(area.width).min(area.width);
    let left = Rect { width: area.width - taken, ..area };
    let mut spans = vec![Span::raw(" "), Span::raw(format!("#{}", app.open)).bold()];
    if let Some(room) = app.room() {
        let members = room.room.member_count;
        // Who is there while one is not connected oneself cannot be known.
        let people = if app.is_connected() {
            format!("{} of {members} here", room.online)
        } else {
            format!("{members} members")
        };
        spans.push(Span::raw(format!("  {people}")).dim());
        let others = app.client().rooms.iter().filter(|other| *other.id() != app.open);
        let elsewhere: u64 = others.map(|other| other.unread).sum();
        if app.areas().rooms.is_none() && elsewhere > 0 {
            spans.push(Span::raw(format!("  +{elsewhere} elsewhere")).fg(Color::Cyan));
        }
        if let Some(topic) = &room.room.topic {
            spans.push(Span::raw(format!("  {}", text::clean_line(topic))).italic());
        }
        if room.catching_up {
            spans.push(Span::raw("  catching up…").fg(Color::Yellow));
        }
    }
    frame.render_widget(Paragraph::new(Line::from(spans)).style(bar()), left);
    let right = Rect { x: area.x + left.width, width: taken, ..area };
    frame.render_widget(Paragraph::new(state).style(bar()).alignment(Alignment::Left), right);
}

/// How the connection is: in words that promise nothing.
fn connection(app: &App) -> Line<'static> {
    let view = &app.client().connection;
    let (dot, color, words) = match view.phase {
        Phase::Connected if !app.client().degraded.is_empty() => {
            let features = app.client().degraded.join(", ");
            ("●", Color::Yellow, format!("degraded: {}", text::fit(&features, 20)))
        }
        Phase::Connected => ("●", Color::Green, "connected".to_owned()),
        Phase::Draining => ("●", Color::Yellow, "server is going down".to_owned()),
        Phase::Connecting | Phase::Resuming => ("○", Color::Yellow, "connecting…".to_owned()),
        Phase::Reconnecting => {
            let seconds = app.seen.retry_in.map_or(0, |left| left.as_millis().div_ceil(1_000));
            ("○", Color::Red, format!("not connected, again in {seconds} s"))
        }
        Phase::Offline => ("○", Color::Red, "no network".to_owned()),
        Phase::Refused(refusal) => ("✗", Color::Red, format!("refused: {refusal}")),
        _ => ("○", Color::Red, "not connected".to_owned()),
    };
    Line::from(vec![Span::raw(dot).fg(color), Span::raw(format!(" {words} "))])
}

/// What was last told, or else who and where, and how to find help.
pub(crate) fn bottom(frame: &mut Frame<'_>, area: Rect, app: &App) {
    frame.render_widget(Paragraph::new("").style(bar()), area);
    let columns = usize::from(area.width.saturating_sub(2));
    let line = match (&app.told, trouble(app)) {
        (Some(told), _) => {
            let color = if told.tone == Tone::Good { Color::Green } else { Color::Red };
            Line::styled(format!(" {}", text::fit(&told.words, columns)), Style::new().fg(color))
        }
        (None, Some(trouble)) => {
            Line::styled(format!(" {}", text::fit(&trouble, columns)), Style::new().fg(Color::Yellow))
        }
        (None, None) => {
            let me = app.client().me.as_ref().map_or(app.setting.user.as_str(), |me| me.name.as_str());
            let who = format!(" {} at {}", text::fit(me, 24), text::clean_line(&app.setting.server));
            let help = "F1 help  Tab rooms  Esc quit ";
            let space = usize::from(area.width).saturating_sub(text::width(&who) + text::width(help));
            if space == 0 {
                Line::raw(text::fit(&who, columns))
            } else {
                Line::from(vec![Span::raw(who), Span::raw(" ".repeat(space)), Span::styled(help, dim())])
            }
        }
    };
    frame.render_widget(Paragraph::new(line).style(bar()), area);
}

/// What is wrong now, for as long as it is.
fn trouble(app: &App) -> Option<String> {
    let unsent = match app.seen.unsent {
        0 => String::new(),
        1 => "1 message waits; ".to_owned(),
        count => format!("{count} messages wait; "),
    };
    match app.client().connection.phase {
        Phase::Refused(_) => Some(format!("{unsent}/reconnect tries again")),
        Phase::Connected | Phase::Draining => app.is_slow().then(|| format!("{unsent}the server is slow to answer")),
        _ => {
            let error = app.client().connection.error.as_deref();
            error.map(|error| format!("{unsent}{error}"))
        }
    }
}
