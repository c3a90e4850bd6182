//! What lies over the screen until a key closes it.

use crate::{text, timeline::Step};

/// Lines to read, and how far they are scrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Panel {
    pub(crate) title: String,
    lines: Vec<String>,
    first: usize,
}

impl Panel {
    pub(crate) fn new(title: impl Into<String>, lines: Vec<String>) -> Self {
        Self { title: title.into(), lines, first: 0 }
    }

    /// The rows in sight.
    pub(crate) fn rows(&self, columns: usize, height: usize) -> Vec<String> {
        self.all(columns).into_iter().skip(self.first).take(height).collect()
    }

    /// Whether there is more below.
    pub(crate) fn goes_on(&self, columns: usize, height: usize) -> bool {
        self.all(columns).len() > self.first + height
    }

    pub(crate) fn scroll(&mut self, columns: usize, height: usize, step: Step) {
        let last = self.all(columns).len().saturating_sub(height);
        self.first = match step {
            Step::Up(by) => self.first.saturating_sub(by),
            Step::Down(by) => (self.first + by).min(last),
        };
    }

    fn all(&self, columns: usize) -> Vec<String> {
        self.lines.iter().flat_map(|line| text::wrap(&text::clean_line(line), columns)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_scrolls_to_its_end_and_back() {
        let mut panel = Panel::new("List", (0..10).map(|n| n.to_string()).collect());
        assert!(panel.goes_on(9, 4));
        panel.scroll(9, 4, Step::Down(100));
        assert_eq!(panel.rows(9, 4), ["6", "7", "8", "9"]);
        assert!(!panel.goes_on(9, 4));
        panel.scroll(9, 4, Step::Up(1));
        assert_eq!(panel.rows(9, 4)[0], "5");
    }
}
