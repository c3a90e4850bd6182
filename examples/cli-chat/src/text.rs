//! Text of others on its way to the terminal: cleaned of what would command it, and cut to columns.
//!
//! A message may hold anything but NUL; here is the one place where it loses its power. Whatever is drawn went
//! through [`clean`] or [`clean_line`].

use roomcast_client::protocol::validate::is_invisible;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Marks that may be piled upon one character; more would spill over the lines above and below.
const MARKS: usize = 4;

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// A text without control, escape and reordering characters. Controls show as their pictures; newlines stay.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut marks = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let zero_width = c.width() == Some(0);
        marks = if zero_width { marks + 1 } else { 0 };
        match c {
            '\n' => cleaned.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\t' => cleaned.push_str("    "),
            '\0'..='\x1f' => cleaned.extend(char::from_u32(0x2400 + u32::from(c))),
            '\x7f' => cleaned.push('\u{2421}'),
            c if c.is_control() => cleaned.push(char::REPLACEMENT_CHARACTER),
            // What joins emoji and chooses their look is harmless between the characters that it belongs to.
            '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' if marks <= MARKS => cleaned.push(c),
            c if is_invisible(c) || (zero_width && marks > MARKS) => {}
            c => cleaned.push(c),
        }
    }
    cleaned
}

/// As [`clean`], on one line.
pub(crate) fn clean_line(text: &str) -> String {
    clean(text).replace('\n', " ")
}

/// A text, on one line, of at most so many columns; what is cut off leaves an ellipsis.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    let text = clean_line(text);
    if width(&text) <= columns {
        return text;
    }
    let mut fitted = String::new();
    let mut used = 1;
    for grapheme in text.graphemes(true) {
        used += width(grapheme);
        if used > columns {
            break;
        }
        fitted.push_str(grapheme);
    }
    if columns > 0 {
        fitted.push('…');
    }
    fitted
}

/// Breaks a cleaned text into lines of at most so many columns: between words, and within those that are longer.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    text.split('\n').flat_map(|line| wrap_line(line.trim_end(), columns)).collect()
}

fn wrap_line(line: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    // A word keeps its punctuation: a full stop never begins a line.
    for word in line.split_inclusive(' ').flat_map(|part| part.strip_suffix(' ').map_or([part, ""], |word| [word, " "]))
    {
        let wide = width(word);
        let blank = word == " ";
        if used + wide > columns && used > 0 {
            break_line(&mut lines);
            used = 0;
            // The space at which a line breaks is the break.
            if blank {
                continue;
            }
        }
        if wide <= columns {
            push(&mut lines, word);
            used += wide;
            continue;
        }
        for grapheme in word.graphemes(true) {
            let wide = width(grapheme);
            if used + wide > columns && used > 0 {
                break_line(&mut lines);
                used = 0;
            }
            push(&mut lines, grapheme);
            used += wide;
        }
    }
    lines
}

fn push(lines: &mut [String], part: &str) {
    if let Some(last) = lines.last_mut() {
        last.push_str(part);
    }
}

fn break_line(lines: &mut Vec<String>) {
    if let Some(last) = lines.last_mut() {
        last.truncate(last.trim_end().len());
    }
    lines.push(String::new());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_commands_a_terminal_passes() {
        let hostile = "\x1b[2J\x1b]0;owned\x07 \u{9b}31m \u{202e}txt.exe\u{202c} \u{2066}a\u{2069} a\u{200b}b\rc\x7f";
        let cleaned = clean(hostile);
        assert!(!cleaned.chars().any(|c| c.is_control() || is_invisible(c)), "{cleaned:?}");
        assert_eq!(clean("\x1b[2J"), "␛[2J");
        assert_eq!(clean("a\tb\r\nc"), "a    b\nc");
        assert_eq!(clean_line("a\nb"), "a b");
    }

    #[test]
    fn emoji_stay_whole_and_marks_do_not_pile_up() {
        assert_eq!(clean("👩‍🚀 ❤️"), "👩‍🚀 ❤️");
        let piled = format!("e{}", "\u{301}".repeat(100));
        assert_eq!(clean(&piled).chars().count(), 1 + MARKS);
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("the quick brown fox", 10), ["the quick", "brown fox"]);
        assert_eq!(wrap("it is so. It is", 9), ["it is so.", "It is"]);
        assert_eq!(wrap("one\n\n  two", 10), ["one", "", "  two"]);
        assert_eq!(wrap("", 10), [""]);
    }

    #[test]
    fn long_words_and_wide_characters_break_by_columns() {
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("日本語日本語", 5), ["日本", "語日", "本語"]);
        for line in wrap("日本語 👩‍🚀👩‍🚀👩‍🚀 mixed with words that are long enough", 7) {
            assert!(width(&line) <= 7, "{line:?}");
        }
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        assert_eq!(fit("general", 7), "general");
        assert_eq!(fit("general", 5), "gene…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("general", 0), "");
    }
}
