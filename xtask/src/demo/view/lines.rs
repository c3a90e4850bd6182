//! A line for each change, for pipes, files and programs.

use std::path::Path;

use super::row::Row;

/// What was said last.
pub(in crate::demo) struct Lines {
    url: String,
    logs: String,
    said: Vec<String>,
}

impl Lines {
    pub(super) fn new(url: &str, logs: &Path) -> Self {
        Self { url: url.to_owned(), logs: logs.display().to_string(), said: Vec::new() }
    }

    pub(super) fn tell(&self, news: &str) {
        println!("{news}");
    }

    pub(super) fn show(&mut self, rows: &[Row]) {
        let lines: Vec<String> = rows.iter().map(line).collect();
        for (n, line) in lines.iter().enumerate() {
            if self.said.get(n) != Some(line) {
                println!("{line}");
            }
        }
        if self.said.is_empty() {
            println!("logs: {}", self.logs);
            println!("open: {}", self.url);
        }
        self.said = lines;
    }
}

fn line(row: &Row) -> String {
    let mut line = format!("{}: {}", row.name, row.state);
    if let Some(pid) = row.pid {
        line += &format!(", process {pid}");
    }
    if let Some(people) = row.people.as_ref().filter(|people| !people.is_empty()) {
        line += &format!(": {}", people.join(", "));
    }
    line
}
