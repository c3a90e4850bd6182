//! The tables of a house, as plain columns: whatever a row holds goes over as it is, so nothing has to be added here but
//! a name when a table gets a column.

use roomcast_protocol::Epoch;
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, PgConnection, Row as _, SqliteConnection};

use super::super::{StoreError, codec, columns::Columns, postgres::searched_words};

/// What a column holds, in both databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    /// Text in SQLite, `jsonb` in Postgres.
    Json,
}
use Kind::{Integer, Json, Text};

/// A table: its key comes first among its columns.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    key: usize,
    columns: &'static [(&'static str, Kind)],
    /// Whether Postgres keeps the words of its `body` beside it.
    searched: bool,
}

/// A row by the names of its columns, and its key.
pub(super) struct Line {
    pub(super) key: Vec<String>,
    pub(super) json: Value,
}

/// In an order in which none refers to a later one. Messages go over in the order of their ids, which is that of time:
/// searches go through them in the order in which they came in.
pub(super) const TABLES: [&Table; 7] = [
    &Table {
        name: "users",
        key: 1,
        columns: &[("id", Text), ("name", Text), ("avatar_url", Text), ("last_seen_at", Integer)],
        searched: false,
    },
    &Table {
        name: "rooms",
        key: 1,
        columns: &[
            ("id", Text),
            ("name", Text),
            ("topic", Text),
            ("visibility", Text),
            ("policy", Text),
            ("rev", Integer),
            ("seq", Integer),
            ("member_count", Integer),
            ("created_at", Integer),
            ("created_by", Text),
            ("settings_rev", Integer),
            ("deleted_at", Integer),
        ],
        searched: false,
    },
    &Table {
        name: "members",
        key: 2,
        columns: &[
            ("room_id", Text),
            ("user_id", Text),
            ("role", Text),
            ("joined_at", Integer),
            ("left_at", Integer),
            ("rev", Integer),
            ("entered_rev", Integer),
            ("read_seq", Integer),
            ("read_rev", Integer),
            ("banned_until", Integer),
            ("muted_until", Integer),
            ("last_post_at", Integer),
        ],
        searched: false,
    },
    &Table {
        name: "messages",
        key: 1,
        columns: &[
            ("id", Text),
            ("room_id", Text),
            ("seq", Integer),
            ("rev", Integer),
            ("user_id", Text),
            ("client_id", Text),
            ("digest", Text),
            ("created_at", Integer),
            ("deleted_at", Integer),
            ("thread_id", Text),
            ("pinned_at", Integer),
            ("mentions", Json),
            ("body", Text),
        ],
        searched: true,
    },
    &Table {
        name: "reactions",
        key: 3,
        columns: &[("message_id", Text), ("user_id", Text), ("emoji", Text), ("given", Integer), ("rev", Integer)],
        searched: false,
    },
    &Table { name: "blocks", key: 2, columns: &[("user_id", Text), ("blocked_id", Text)], searched: false },
    &Table {
        name: "revocations",
        key: 1,
        columns: &[("user_id", Text), ("not_before", Integer), ("number", Integer)],
        searched: false,
    },
];

impl Table {
    pub(super) async fn count_sqlite(&self, from: &mut SqliteConnection) -> Result<u64, StoreError> {
        let count = AssertSqlSafe(format!("SELECT count(*) AS rows FROM {}", self.name));
        codec::number(&sqlx::query(count).fetch_one(from).await?, "rows")
    }

    /// The next rows behind a key; the first ones behind none.
    pub(super) async fn sqlite_page(
        &self,
        from: &mut SqliteConnection,
        after: &[String],
        most: u32,
    ) -> Result<Vec<Line>, StoreError> {
        let mut query = sqlx::query(AssertSqlSafe(self.select(after, "", most)));
        for part in after {
            query = query.bind(part);
        }
        query.fetch_all(from).await?.iter().map(|row| self.line(row)).collect()
    }

    /// The same of the other side.
    pub(super) async fn postgres_page(
        &self,
        to: &mut PgConnection,
        after: &[String],
        most: u32,
    ) -> Result<Vec<Line>, StoreError> {
        let mut query = sqlx::query(AssertSqlSafe(self.select(after, "::text", most)));
        for part in after {
            query = query.bind(part);
        }
        query.fetch_all(to).await?.iter().map(|row| self.line(row)).collect()
    }

    /// Rows that are there already stay: a chunk that came over twice is there once.
    pub(super) async fn insert(&self, to: &mut PgConnection, rows: &[Line]) -> Result<(), StoreError> {
        let mut values = Vec::with_capacity(rows.len());
        for row in rows {
            let mut value = row.json.clone();
            if self.searched {
                value["words"] = searched_words(value["body"].as_str().unwrap_or_default())?.into();
            }
            values.push(value);
        }
        sqlx::query(AssertSqlSafe(self.insertion())).bind(codec::to_json(&values)).execute(to).await?;
        Ok(())
    }

    fn select(&self, after: &[String], json_as: &str, most: u32) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|(name, kind)| match kind {
                Json => format!("{name}{json_as} AS {name}"),
                Text | Integer => (*name).to_owned(),
            })
            .collect();
        let key = self.key_names().join(", ");
        let behind = if after.is_empty() {
            String::new()
        } else {
            let places: Vec<String> = (1..=self.key).map(|place| format!("${place}")).collect();
            format!("WHERE ({key}) > ({})", places.join(", "))
        };
        format!("SELECT {} FROM {} {behind} ORDER BY {key} LIMIT {most}", columns.join(", "), self.name)
    }

    fn insertion(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let types: Vec<String> = self
            .columns
            .iter()
            .map(|(name, kind)| match kind {
                Text => format!("{name} text"),
                Integer => format!("{name} bigint"),
                Json => format!("{name} jsonb"),
            })
            .collect();
        let (names, mut types) = (names.join(", "), types.join(", "));
        let (mut into, mut values) = (names.clone(), names);
        if self.searched {
            into += ", words";
            values += ", array_to_tsvector(ARRAY(SELECT json_array_elements_text(words)))";
            types += ", words json";
        }
        format!(
            "INSERT INTO {} ({into}) SELECT {values} FROM json_to_recordset($1::json) AS v ({types}) ON CONFLICT DO NOTHING",
            self.name
        )
    }

    fn key_names(&self) -> Vec<&'static str> {
        self.columns[..self.key].iter().map(|(name, _)| *name).collect()
    }

    fn line(&self, row: &impl Columns) -> Result<Line, StoreError> {
        let mut json = Map::new();
        for (name, kind) in self.columns {
            let value = match kind {
                Text => row.optional_text(name)?.map_or(Value::Null, Value::from),
                Integer => row.optional_integer(name)?.map_or(Value::Null, Value::from),
                Json => row.optional_text(name)?.map(codec::json::<Value>).transpose()?.unwrap_or_default(),
            };
            json.insert((*name).to_owned(), value);
        }
        let key = self.key_names().into_iter().map(|name| Ok(row.text(name)?.to_owned()));
        Ok(Line { key: key.collect::<Result<_, StoreError>>()?, json: Value::Object(json) })
    }
}

/// The old house's epoch.
pub(super) async fn epoch(from: &mut SqliteConnection) -> Result<Epoch, StoreError> {
    let row = sqlx::query("SELECT value FROM meta WHERE key = 'epoch'").fetch_one(from).await?;
    codec::id(codec::value(&row)?, Epoch::parse)
}

/// Whether the new house is this house, moved before.
pub(super) async fn finished(to: &mut PgConnection, epoch: &Epoch) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT value FROM meta WHERE key = 'epoch'").fetch_optional(to).await?;
    row.map_or(Ok(false), |row| Ok(codec::value(&row)? == epoch.as_str()))
}

/// A table in which somebody left something.
pub(super) async fn first_with_rows(to: &mut PgConnection) -> Result<Option<&'static str>, StoreError> {
    for table in TABLES {
        let any = AssertSqlSafe(format!("SELECT EXISTS (SELECT 1 FROM {}) AS any", table.name));
        if sqlx::query(any).fetch_one(&mut *to).await?.try_get::<bool, _>("any")? {
            return Ok(Some(table.name));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_name_every_column_once() {
        for table in TABLES {
            let select = table.select(&["a".to_owned()], "::text", 10);
            let insertion = table.insertion();
            for (name, _) in table.columns {
                assert!(select.contains(name) && insertion.contains(name), "{name} of {}", table.name);
            }
        }
        let members = TABLES[2].select(&["r".to_owned(), "u".to_owned()], "", 7);
        assert!(
            members.ends_with("WHERE (room_id, user_id) > ($1, $2) ORDER BY room_id, user_id LIMIT 7"),
            "{members}"
        );
    }
}
