//! How far a move is, in the new house itself and in the same transaction as the rows; and who may open which house.

use roomcast_protocol::Epoch;
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::super::{StoreError, codec};

/// In `meta` of a Postgres database: a move into it is not finished.
pub(in crate::store) const UNFINISHED: &str = "move";
/// In `meta` of a SQLite file: the house has moved, and where to.
pub(in crate::store) const MOVED: &str = "moved";

/// Everything up to here is over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Which house it is.
    pub(super) epoch: Epoch,
    /// The place of the table that is on its way.
    pub(super) table: usize,
    /// Its last key that is over; none yet.
    pub(super) after: Vec<String>,
    /// Rows of all tables that are over.
    pub(super) done: u64,
}

impl Mark {
    /// The mark of a house that is over as a whole.
    pub(super) fn of_finished(epoch: &Epoch) -> Self {
        Self { epoch: epoch.clone(), table: usize::MAX, after: Vec::new(), done: 0 }
    }

    pub(super) fn enter(&mut self, table: usize) {
        if self.table != table {
            self.table = table;
            self.after.clear();
        }
    }

    pub(super) fn advance(&mut self, key: Vec<String>, rows: u64) {
        self.after = key;
        self.done += rows;
    }
}

pub(super) async fn find(to: &mut PgConnection) -> Result<Option<Mark>, StoreError> {
    let row = sqlx::query("SELECT value FROM meta WHERE key = $1").bind(UNFINISHED).fetch_optional(to).await?;
    row.map(|row| codec::json(codec::value(&row)?)).transpose()
}

/// From here on no server opens the new house.
pub(super) async fn begin(to: &mut PgConnection, epoch: &Epoch) -> Result<Mark, StoreError> {
    let mark = Mark { epoch: epoch.clone(), table: 0, after: Vec::new(), done: 0 };
    keep(to, &mark).await?;
    Ok(mark)
}

pub(super) async fn keep(to: &mut PgConnection, mark: &Mark) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(UNFINISHED)
        .bind(codec::to_json(mark))
        .execute(to)
        .await?;
    Ok(())
}

/// From here on servers open the new house, and it is the same house to its clients.
pub(super) async fn finish(to: &mut PgConnection, epoch: &Epoch) -> Result<(), StoreError> {
    let mut transaction = to.begin().await?;
    sqlx::query(
        "INSERT INTO meta (key, value) VALUES ('epoch', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    .bind(epoch.as_str())
    .execute(&mut *transaction)
    .await?;
    sqlx::query("DELETE FROM meta WHERE key = $1").bind(UNFINISHED).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// From here on no server opens the old house: two of one epoch would each go on in their own way.
pub(super) async fn close(from: &mut SqliteConnection, to: &str) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        .bind(MOVED)
        .bind(without_secrets(to))
        .execute(from)
        .await?;
    Ok(())
}

/// A URL without user and password.
fn without_secrets(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://{place}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_without_its_password() {
        assert_eq!(without_secrets("postgres://u:p@ss@db:5432/chat"), "postgres://db:5432/chat");
        assert_eq!(without_secrets("postgres://db/chat"), "postgres://db/chat");
    }
}
