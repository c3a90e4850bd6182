//! Finding messages by their words. The words are made here and not by Postgres, whose parser takes letters for what
//! the database's locale says, so that all houses find alike.

use roomcast_protocol::{UserId, model::Message};
use serde::Serialize;

use super::{PostgresStore, codec};
use crate::{
    domain::MessageRow,
    store::{FoundPage, SearchIn, SearchQuery, StoreError},
};

/// Most words of a query; further ones are left out.
const WORDS: usize = 16;
/// Longest word that is told apart, in characters: Postgres takes none of 2 KiB.
const LETTERS: usize = 64;

/// A message as it is stored, with the words that it is found by.
#[derive(Serialize)]
pub(super) struct Indexed<'a> {
    #[serde(flatten)]
    saved: codec::SavedMessage<'a>,
    words: Vec<String>,
}

impl<'a> From<&'a MessageRow> for Indexed<'a> {
    fn from(row: &'a MessageRow) -> Self {
        Self { saved: row.into(), words: words(&row.message.content) }
    }
}

/// The words of a stored message.
pub(in crate::store) fn searched_words(body: &str) -> Result<Vec<String>, StoreError> {
    Ok(words(&codec::json::<Message>(body)?.content))
}

impl PostgresStore {
    pub(super) async fn find(&self, query: &SearchQuery) -> Result<FoundPage, StoreError> {
        let Some(expression) = expression(&query.words) else { return Ok(FoundPage::default()) };
        let (room, user) = match &query.within {
            SearchIn::Room(room) => (Some(room.as_str()), None),
            SearchIn::RoomsOf(user) => (None, Some(UserId::as_str(user))),
        };
        let statement = sqlx::query(FIND)
            .bind(expression)
            .bind(query.before.map_or(i64::MAX, u64::cast_signed))
            .bind(codec::one_more(query.limit))
            .bind(room)
            .bind(user);
        let rows = self.all(statement).await?;
        let shown = rows.len().min(usize::try_from(query.limit).unwrap_or(usize::MAX));
        let more = rows.len() > shown;
        let last = rows[..shown].last().filter(|_| more);
        Ok(FoundPage {
            messages: rows[..shown].iter().map(codec::message).collect::<Result<_, _>>()?,
            next: last.map(|row| codec::number(row, "doc")).transpose()?,
        })
    }
}

/// The words of a text in small letters, each once. A script that is written without spaces would be one word a
/// sentence, so its signs are words.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word) = (std::collections::BTreeSet::new(), String::new());
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            words.insert(word.chars().take(LETTERS).collect::<String>());
            word.clear();
        }
    };
    for c in text.chars().flat_map(char::to_lowercase) {
        let alone = codec::is_word_by_itself(c);
        if alone || !c.is_alphanumeric() {
            end(&mut word);
        }
        if c.is_alphanumeric() {
            word.push(c);
        }
        if alone {
            end(&mut word);
        }
    }
    end(&mut word);
    words.into_iter().collect()
}

/// All words, each quoted so that nothing of it is an operator; those of the last as the beginnings of some, as
/// somebody types.
fn expression(text: &str) -> Option<String> {
    let asked: Vec<&str> = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).collect();
    let last = asked.len().min(WORDS).checked_sub(1)?;
    let terms = asked.iter().take(WORDS).enumerate().flat_map(|(place, asked)| {
        let end = if place == last { ":*" } else { "" };
        words(asked).into_iter().map(move |word| format!("'{word}'{end}"))
    });
    Some(terms.collect::<Vec<_>>().join(" & "))
}

const FIND: &str = "
SELECT m.doc, m.body FROM messages AS m
WHERE m.words @@ $1::text::tsquery AND m.doc < $2 AND ($4::text IS NULL OR m.room_id = $4)
  AND ($5::text IS NULL OR m.room_id IN (SELECT room_id FROM members WHERE user_id = $5 AND left_at IS NULL))
ORDER BY m.doc DESC LIMIT $3";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_query_is_an_operator() {
        assert_eq!(expression(r"It's a & b:* | c\").as_deref(), Some(r"'it' & 's' & 'a' & 'b' & 'c':*"));
        assert_eq!(expression("  ... !? "), None);
    }

    #[test]
    fn signs_of_scripts_without_spaces_are_words() {
        assert_eq!(words("Ärger: 漢字!"), ["ärger", "字", "漢"]);
    }
}
