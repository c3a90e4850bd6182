//! The line that the user writes: a text and a cursor in it, both by what people see as characters.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::text;

/// A text being written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Input {
    text: String,
    /// In bytes, always between two graphemes.
    cursor: usize,
}

/// A text cut to lines, and where the cursor stands in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Laid {
    pub(crate) lines: Vec<String>,
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl Input {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.cursor == self.text.len()
    }

    /// Gives the text away and starts anew.
    pub(crate) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    pub(crate) fn insert(&mut self, text: &str) {
        let text = text::clean(&text.replace("\r\n", "\n").replace('\r', "\n"));
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
    }

    pub(crate) fn left(&mut self) {
        self.cursor = self.before();
    }

    pub(crate) fn right(&mut self) {
        self.cursor = self.after();
    }

    pub(crate) fn word_left(&mut self) {
        self.cursor = self.word_before();
    }

    pub(crate) fn word_right(&mut self) {
        let mut place = self.cursor;
        for word in self.text[self.cursor..].split_word_bounds() {
            place += word.len();
            if !word.trim().is_empty() {
                break;
            }
        }
        self.cursor = place;
    }

    /// To the start of the line.
    pub(crate) fn home(&mut self) {
        self.cursor = self.line_start();
    }

    /// To the end of the line.
    pub(crate) fn end(&mut self) {
        self.cursor += self.text[self.cursor..].find('\n').unwrap_or(self.text.len() - self.cursor);
    }

    pub(crate) fn backspace(&mut self) {
        self.remove_from(self.before());
    }

    pub(crate) fn delete(&mut self) {
        let after = self.after();
        self.text.replace_range(self.cursor..after, "");
    }

    pub(crate) fn delete_word(&mut self) {
        self.remove_from(self.word_before());
    }

    pub(crate) fn delete_to_start(&mut self) {
        self.remove_from(self.line_start());
    }

    pub(crate) fn delete_to_end(&mut self) {
        let start = self.cursor;
        self.end();
        let end = std::mem::replace(&mut self.cursor, start);
        self.text.replace_range(start..end, "");
    }

    /// To the line above or below, about the same column; tells whether there is one.
    pub(crate) fn vertical(&mut self, by: Vertical) -> bool {
        let start = self.line_start();
        let column = self.text[start..self.cursor].graphemes(true).count();
        let target = match by {
            Vertical::Up if start == 0 => return false,
            Vertical::Up => self.text[..start - 1].rfind('\n').map_or(0, |place| place + 1),
            Vertical::Down => match self.text[self.cursor..].find('\n') {
                None => return false,
                Some(place) => self.cursor + place + 1,
            },
        };
        let line = self.text[target..].split('\n').next().unwrap_or_default();
        self.cursor = target + line.graphemes(true).take(column).map(str::len).sum::<usize>();
        true
    }

    /// Cuts the text to lines of at most so many columns.
    pub(crate) fn lay(&self, columns: usize) -> Laid {
        let columns = columns.max(2);
        let mut laid = Laid { lines: vec![String::new()], row: 0, column: 0 };
        let mut used = 0;
        for (place, grapheme) in self.text.grapheme_indices(true) {
            let wide = if grapheme == "\n" { 0 } else { text::width(grapheme) };
            // One column is kept for the cursor.
            if used + wide >= columns && used > 0 {
                laid.lines.push(String::new());
                used = 0;
            }
            if place == self.cursor {
                (laid.row, laid.column) = (laid.lines.len() - 1, used);
            }
            if grapheme == "\n" {
                laid.lines.push(String::new());
                used = 0;
            } else if let Some(last) = laid.lines.last_mut() {
                last.push_str(grapheme);
                used += wide;
            }
        }
        if self.is_at_end() {
            (laid.row, laid.column) = (laid.lines.len() - 1, used);
        }
        laid
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(place, _)| place)
    }

    fn after(&self) -> usize {
        self.cursor + self.text[self.cursor..].graphemes(true).next().map_or(0, str::len)
    }

    fn word_before(&self) -> usize {
        let words = self.text[..self.cursor].split_word_bound_indices();
        words.rev().find(|(_, word)| !word.trim().is_empty()).map_or(0, |(place, _)| place)
    }

    fn line_start(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |place| place + 1)
    }

    fn remove_from(&mut self, start: usize) {
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }
}

/// A direction between lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vertical {
    Up,
    Down,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Input {
        let mut input = Input::default();
        input.insert(text);
        input
    }

    #[test]
    fn the_cursor_goes_by_what_people_see() {
        let mut input = with("a👩‍🚀e\u{301}");
        input.backspace();
        assert_eq!(input.text(), "a👩‍🚀");
        input.left();
        input.insert("b");
        assert_eq!(input.text(), "ab👩‍🚀");
        input.delete();
        assert_eq!(input.text(), "ab");
        input.delete();
        input.right();
        assert_eq!(input.text(), "ab");
    }

    #[test]
    fn words_are_skipped_and_deleted() {
        let mut input = with("hello wide  world");
        input.word_left();
        input.delete_word();
        assert_eq!(input.text(), "hello world");
        input.home();
        input.word_right();
        input.delete_to_end();
        assert_eq!(input.text(), "hello");
        input.delete_to_start();
        assert!(input.is_empty());
    }

    #[test]
    fn up_and_down_keep_the_column() {
        let mut input = with("first\nx\nthird");
        assert!(input.vertical(Vertical::Up));
        assert!(input.vertical(Vertical::Up));
        input.insert("!");
        assert_eq!(input.text(), "f!irst\nx\nthird");
        assert!(!input.vertical(Vertical::Up));
        assert!(input.vertical(Vertical::Down));
        assert!(input.vertical(Vertical::Down));
        assert!(!input.vertical(Vertical::Down));
    }

    #[test]
    fn laying_out_finds_the_cursor() {
        let mut input = with("abcdef\n日本");
        assert_eq!(input.lay(5), Laid { lines: vec!["abcd".into(), "ef".into(), "日本".into()], row: 2, column: 4 });
        input.home();
        assert_eq!((input.lay(5).row, input.lay(5).column), (2, 0));
        input.left();
        assert_eq!((input.lay(5).row, input.lay(5).column), (1, 2));
    }

    #[test]
    fn pasted_text_is_cleaned() {
        assert_eq!(with("a\r\nb\rc\x1b").text(), "a\nb\nc␛");
    }
}
