//! What a person sees of the cluster: a table redrawn in place on a terminal, lines elsewhere.

mod lines;
mod row;
mod table;

use std::{
    io::{IsTerminal as _, stdout},
    path::Path,
};

pub(super) use row::Row;

use lines::Lines;
use table::Table;

/// Where it is shown.
pub(super) enum View {
    /// On a terminal.
    Table(Table),
    /// In a pipe or a file.
    Lines(Lines),
}

impl View {
    /// The view that fits standard output, of a cluster at this address.
    pub(super) fn on_stdout(url: &str, logs: &Path) -> Self {
        if stdout().is_terminal() { Self::Table(Table::new(url, logs)) } else { Self::Lines(Lines::new(url, logs)) }
    }

    /// Tells what happened.
    pub(super) fn tell(&mut self, news: String) {
        match self {
            Self::Table(table) => table.tell(news),
            Self::Lines(lines) => lines.tell(&news),
        }
    }

    /// Shows how everything is.
    pub(super) fn show(&mut self, rows: &[Row]) -> anyhow::Result<()> {
        match self {
            Self::Table(table) => table.show(rows)?,
            Self::Lines(lines) => lines.show(rows),
        }
        Ok(())
    }
}
