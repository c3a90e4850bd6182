//! Finding messages by their words: SQLite's full-text index, kept in the transaction of the message itself.
//!
//! The index splits at what is no letter. Scripts that write without spaces would be one word a sentence, so their
//! signs are set apart on the way in, and asked for in a row.

use roomcast_protocol::{MessageId, RoomId, UserId, model::Message};
use sqlx::{Row as _, Sqlite, SqliteConnection, Transaction};

use super::{SqliteStore, StoreError, codec};
use crate::{
    domain::Workspace,
    store::{FoundPage, SearchIn, SearchQuery},
};

/// Most matches that a page looks at, whether the asker may see them or not: a word that everybody uses costs no more.
const EXAMINED: i64 = 2_000;
/// Most words of a query; further ones are left out.
const WORDS: usize = 16;
/// Messages that are taken into the index at once when it is built.
const CHUNK: i64 = 1_000;

/// Keeps the index with what a batch wrote.
pub(super) async fn index(connection: &mut SqliteConnection, workspace: &Workspace) -> Result<(), StoreError> {
    let messages = workspace.dirty.messages.iter().map(|id: &MessageId| &workspace.messages[id].message);
    let (said, silent): (Vec<&Message>, Vec<&Message>) = messages.partition(|message| !message.content.is_empty());
    write(connection, &said).await?;
    if !silent.is_empty() {
        let places: Vec<_> = silent.iter().map(|message| (&message.room_id, message.seq)).collect();
        let places = codec::to_json(&places);
        sqlx::query(FORGET_WORDS).bind(&places).execute(&mut *connection).await?;
        sqlx::query(FORGET_DOCS).bind(&places).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn write(connection: &mut SqliteConnection, messages: &[&Message]) -> Result<(), StoreError> {
    if messages.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = messages
        .iter()
        .map(|message| (&message.room_id, message.seq, apart(&message.content), room_word(&message.room_id)))
        .collect();
    let rows = codec::to_json(&rows);
    sqlx::query(DOCS).bind(&rows).execute(&mut *connection).await?;
    sqlx::query(WORDS_OF).bind(&rows).execute(&mut *connection).await?;
    Ok(())
}

/// Takes in what was written before there was an index.
pub(super) async fn build(transaction: &mut Transaction<'static, Sqlite>) -> Result<(), StoreError> {
    let connection: &mut SqliteConnection = transaction;
    let any: i64 = sqlx::query("SELECT count(*) FROM (SELECT 1 FROM search_docs LIMIT 1)")
        .fetch_one(&mut *connection)
        .await?
        .try_get(0)?;
    if any > 0 {
        return Ok(());
    }
    let (mut room, mut seq) = (String::new(), 0_i64);
    loop {
        let rows = sqlx::query("SELECT body FROM messages WHERE (room_id, seq) > (?, ?) ORDER BY room_id, seq LIMIT ?")
            .bind(&room)
            .bind(seq)
            .bind(CHUNK)
            .fetch_all(&mut *connection)
            .await?;
        let messages = rows.iter().map(codec::message).collect::<Result<Vec<_>, _>>()?;
        let Some(last) = messages.last() else { return Ok(()) };
        (room, seq) = (last.room_id.as_str().to_owned(), last.seq.value().cast_signed());
        let said: Vec<_> = messages.iter().filter(|message| !message.content.is_empty()).collect();
        write(connection, &said).await?;
    }
}

impl SqliteStore {
    pub(super) async fn find(&self, query: &SearchQuery) -> Result<FoundPage, StoreError> {
        let Some(words) = expression(&query.words) else { return Ok(FoundPage::default()) };
        let (expression, user) = match &query.within {
            SearchIn::Room(room) => (format!("room : {} AND text : ({words})", quoted(&room_word(room))), None),
            SearchIn::RoomsOf(user) => (format!("text : ({words})"), Some(user)),
        };
        // One snapshot: who may see what, and what there is.
        let mut snapshot = self.readers.begin().await?;
        let hits = sqlx::query(FIND)
            .bind(expression)
            .bind(query.before.map_or(i64::MAX, u64::cast_signed))
            .bind(EXAMINED)
            .bind(user.map(UserId::as_str))
            .fetch_all(&mut *snapshot)
            .await?;
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let (mut places, mut next) = (Vec::<(String, i64)>::new(), None);
        let mut ended = (hits.len() as u64) < EXAMINED.unsigned_abs();
        for hit in &hits {
            if places.len() == limit {
                ended = false;
                break;
            }
            next = Some(codec::number(hit, "doc")?);
            if hit.try_get("visible")? {
                places.push((hit.try_get("room_id")?, hit.try_get("seq")?));
            }
        }
        let rows = sqlx::query(BODIES).bind(codec::to_json(&places)).fetch_all(&mut *snapshot).await?;
        let messages = rows.iter().map(codec::message).collect::<Result<_, _>>()?;
        Ok(FoundPage { messages, next: next.filter(|_| !ended) })
    }
}

/// A room's own word in the index. Ids are told apart by case and hold signs at which the index would split.
fn room_word(room: &RoomId) -> String {
    room.as_str().bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The text, with signs of scripts without spaces set apart.
fn apart(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    for c in text.chars() {
        if codec::is_word_by_itself(c) {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    spaced
}

/// All words, each quoted so that nothing of it is an operator; the last as the beginning of one, as somebody types.
fn expression(words: &str) -> Option<String> {
    let words: Vec<&str> = words.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).collect();
    let last = words.len().min(WORDS).checked_sub(1)?;
    let terms = words.iter().take(WORDS).enumerate().map(|(place, word)| {
        let term = quoted(&apart(word));
        if place == last { format!("{term} *") } else { term }
    });
    Some(terms.collect::<Vec<_>>().join(" AND "))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

const DOCS: &str = "
INSERT INTO search_docs (room_id, seq) SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
ON CONFLICT DO NOTHING";

const WORDS_OF: &str = "
INSERT OR REPLACE INTO search (rowid, text, room)
SELECT d.doc, m.value ->> 2, m.value ->> 3 FROM json_each(?) AS m CROSS JOIN search_docs AS d
ON d.room_id = m.value ->> 0 AND d.seq = m.value ->> 1";

const FORGET_WORDS: &str = "
DELETE FROM search WHERE rowid IN (
    SELECT d.doc FROM json_each(?) AS k CROSS JOIN search_docs AS d
    ON d.room_id = k.value ->> 0 AND d.seq = k.value ->> 1)";

const FORGET_DOCS: &str = "
DELETE FROM search_docs WHERE (room_id, seq) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))";

// What the asker may not see comes back all the same, so that the next page goes on behind it.
const FIND: &str = "
SELECT hits.doc, d.room_id, d.seq, ?4 IS NULL OR EXISTS (
    SELECT 1 FROM members AS m WHERE m.room_id = d.room_id AND m.user_id = ?4 AND m.left_at IS NULL) AS visible
FROM (SELECT rowid AS doc FROM search WHERE search MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3) AS hits
JOIN search_docs AS d ON d.doc = hits.doc ORDER BY hits.doc DESC";

const BODIES: &str = "
SELECT m.body FROM json_each(?) AS k CROSS JOIN messages AS m
ON m.room_id = k.value ->> 0 AND m.seq = k.value ->> 1 ORDER BY k.key";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_query_is_an_operator() {
        assert_eq!(
            expression(r#"a OR "b" NEAR(c) -d*"#).as_deref(),
            Some(r#""a" AND "OR" AND """b""" AND "NEAR(c)" AND "-d*" *"#)
        );
        assert_eq!(expression("  ... !? "), None);
        assert_eq!(expression("漢字"), Some("\" 漢  字 \" *".to_owned()));
    }
}
