//! A table that is redrawn in place.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    io::{self, Write as _, stdout},
    path::Path,
    time::Instant,
};

use super::row::{Row, Tone};

/// How much of what happened stays in sight.
const NEWS: usize = 6;

/// Long lines are cut at the edge: a wrapped one would be two, and the next frame in the wrong place.
const CUT: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";
const CLEAR_BELOW: &str = "\x1b[J";
const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const RED: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

/// What stands on the terminal.
pub(in crate::demo) struct Table {
    url: String,
    logs: String,
    began: Instant,
    news: VecDeque<String>,
    shown: String,
}

impl Table {
    pub(super) fn new(url: &str, logs: &Path) -> Self {
        let logs = logs.display().to_string();
        Self { url: url.to_owned(), logs, began: Instant::now(), news: VecDeque::new(), shown: String::new() }
    }

    pub(super) fn tell(&mut self, news: String) {
        let second = self.began.elapsed().as_secs();
        if self.news.len() == NEWS {
            self.news.pop_front();
        }
        self.news.push_back(format!("{:>3}:{:02}  {news}", second / 60, second % 60));
    }

    pub(super) fn show(&mut self, rows: &[Row]) -> io::Result<()> {
        let frame = self.frame(rows);
        if frame == self.shown {
            return Ok(());
        }
        let up = match self.shown.lines().count() {
            0 => String::new(),
            lines => format!("\x1b[{lines}A"),
        };
        let mut out = stdout().lock();
        write!(out, "{up}\r{CLEAR_BELOW}{CUT}{frame}{WRAP}")?;
        out.flush()?;
        self.shown = frame;
        Ok(())
    }

    fn frame(&self, rows: &[Row]) -> String {
        let mut frame = format!("\n  Open {BOLD}{}{PLAIN}   (a second tab is a second person)\n", self.url);
        frame += "  Kill what you like, with kill -9 PROCESS; it comes back, and the chat goes on.\n\n";
        let _ = writeln!(frame, "  {DIM}{:<9} {:>8}  {:<22} people{PLAIN}", "", "process", "state");
        for row in rows {
            let colour = match row.tone {
                Tone::Good => GREEN,
                Tone::Worried => YELLOW,
                Tone::Bad => RED,
            };
            let pid = row.pid.map_or_else(|| "–".to_owned(), |pid| pid.to_string());
            let state = match row.away {
                Some(away) => format!("{}, back in {} s", row.state, away.as_secs() + 1),
                None => row.state.clone(),
            };
            let people = row.people.as_ref().map(|people| people.join(", ")).unwrap_or_default();
            let _ = writeln!(frame, "  {:<9} {pid:>8}  {colour}{state:<22}{PLAIN} {people}", row.name);
        }
        frame.push('\n');
        for news in &self.news {
            let _ = writeln!(frame, "  {DIM}{news}{PLAIN}");
        }
        if !self.news.is_empty() {
            frame.push('\n');
        }
        let _ = writeln!(frame, "  {DIM}Ctrl-C stops everything. Logs: {}{PLAIN}", self.logs);
        frame
    }
}
