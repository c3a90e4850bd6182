//! What can be a reaction: one emoji, or the short name of an application's own, `:party-parrot:`.
//!
//! One emoji is one sequence as Unicode's UTS #51 builds them (skin tones, families, flags, keycaps). The grammar is
//! checked and not a list of what fonts show, so next year's emoji pass; and the same few ranges decide in the
//! browser and on the server, without the tables of a segmenter.

use std::{iter::Peekable, str::Chars};

/// Longest reaction, in bytes. The longest sequence in use, a couple with two skin tones, has 35.
pub const LONGEST: usize = 64;

const ZERO_WIDTH_JOINER: char = '\u{200d}';
const EMOJI_PRESENTATION: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';
const CANCEL_TAG: char = '\u{e007f}';

/// Whether a text can stand as a reaction.
#[must_use]
pub fn is_reaction(text: &str) -> bool {
    text.len() <= LONGEST && (is_short_name(text) || is_emoji(text))
}

fn is_short_name(text: &str) -> bool {
    let name = text.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    name.is_some_and(|name| !name.is_empty() && name.chars().all(fits))
}

/// Elements, joined.
fn is_emoji(text: &str) -> bool {
    let mut chars = text.chars().peekable();
    loop {
        if !element(&mut chars) {
            return false;
        }
        match chars.next() {
            None => return true,
            Some(ZERO_WIDTH_JOINER) => {}
            Some(_) => return false,
        }
    }
}

fn element(chars: &mut Peekable<Chars<'_>>) -> bool {
    match chars.next() {
        Some(c) if is_regional(c) => chars.next().is_some_and(is_regional),
        Some('0'..='9' | '#' | '*') => {
            chars.next_if_eq(&EMOJI_PRESENTATION);
            chars.next() == Some(KEYCAP)
        }
        Some(c) if is_pictograph(c) => {
            if chars.next_if_eq(&EMOJI_PRESENTATION).is_none() {
                chars.next_if(|c| is_skin_tone(*c));
            }
            let mut tagged = false;
            while chars.next_if(|c| matches!(c, '\u{e0020}'..='\u{e007e}')).is_some() {
                tagged = true;
            }
            !tagged || chars.next() == Some(CANCEL_TAG)
        }
        _ => false,
    }
}

const fn is_regional(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

const fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// Unicode's `Extended_Pictographic`, with the places that it keeps for later.
const fn is_pictograph(c: char) -> bool {
    matches!(c,
        '©' | '®' | '‼' | '⁉' | '™' | 'ℹ' | '↔'..='↙' | '↩'..='↪' | '⌚'..='⌛' | '⌨' | '⎈' | '⏏' | '⏩'..='⏳'
        | '⏸'..='⏺' | 'Ⓜ' | '▪'..='▫' | '▶' | '◀' | '◻'..='◾' | '☀'..='★' | '☇'..='☒' | '☔'..='⚅' | '⚐'..='✅'
        | '✈'..='✒' | '✔' | '✖' | '✝' | '✡' | '✨' | '✳'..='✴' | '❄' | '❇' | '❌' | '❎' | '❓'..='❕' | '❗'
        | '❣'..='❧' | '➕'..='➗' | '➡' | '➰' | '➿' | '⤴'..='⤵' | '⬅'..='⬇' | '⬛'..='⬜' | '⭐' | '⭕' | '〰' | '〽'
        | '㊗' | '㊙' | '\u{1f000}'..='\u{1f0ff}' | '\u{1f10d}'..='\u{1f10f}' | '\u{1f12f}'
        | '\u{1f16c}'..='\u{1f171}' | '\u{1f17e}'..='\u{1f17f}' | '\u{1f18e}' | '\u{1f191}'..='\u{1f19a}'
        | '\u{1f1ad}'..='\u{1f1e5}' | '\u{1f201}'..='\u{1f20f}' | '\u{1f21a}' | '\u{1f22f}'
        | '\u{1f232}'..='\u{1f23a}' | '\u{1f23c}'..='\u{1f23f}' | '\u{1f249}'..='\u{1f3fa}'
        | '\u{1f400}'..='\u{1f53d}' | '\u{1f546}'..='\u{1f64f}' | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f774}'..='\u{1f77f}' | '\u{1f7d5}'..='\u{1f7ff}' | '\u{1f80c}'..='\u{1f80f}'
        | '\u{1f848}'..='\u{1f84f}' | '\u{1f85a}'..='\u{1f85f}' | '\u{1f888}'..='\u{1f88f}'
        | '\u{1f8ae}'..='\u{1f8ff}' | '\u{1f90c}'..='\u{1f93a}' | '\u{1f93c}'..='\u{1f945}'
        | '\u{1f947}'..='\u{1faff}' | '\u{1fc00}'..='\u{1fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_emoji_is_one_whatever_it_is_made_of() {
        for emoji in
            ["👍", "👍🏽", "❤️", "❤", "👨‍👩‍👧‍👦", "🕵🏿‍♀️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇩🇪", "1️⃣", "#⃣", "🏳️‍🌈", "👩🏻‍❤️‍💋‍👩🏿", "©️", "🫨", ":party-parrot:", ":+1:"]
        {
            assert!(is_reaction(emoji), "{emoji} was refused");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "a",
            "👍👍",
            "👍 ",
            "👍a",
            "1",
            "7️",
            "🇩",
            "🇩🇪🇫🇷",
            "🏽",
            "\u{200d}👍",
            "👍\u{200d}",
            "\u{fe0f}",
            "漢",
            "::",
            ":a b:",
            ":a",
            ":<b>:",
            "👍\u{202e}",
            "🏴\u{e0067}",
            "\u{0}",
        ] {
            assert!(!is_reaction(text), "{text:?} was taken");
        }
        assert!(!is_reaction(&format!(":{}:", "x".repeat(63))));
    }
}
