//! Opening a database: settings that keep the promises, and migrations, once, by whichever node comes first.

use std::{str::FromStr as _, time::Duration};

use roomcast_protocol::Epoch;
use sqlx::{
    ConnectOptions as _, PgConnection, Row as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{PostgresStore, patience::PATIENCE};
use crate::store::{migrations, moving::UNFINISHED};

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is not one of Postgres.
    #[error("unable to read the database URL; {0}")]
    Url(String),
    /// It would lose what it acknowledged (G-3).
    #[error(
        "unable to trust the database; {0} is off, so a crash loses what was acknowledged; switch it on, or allow it with ROOMCAST_UNSAFE_DURABILITY=1"
    )]
    Unsafe(String),
    /// The database itself refuses.
    #[error("unable to open the database; {0}")]
    Database(#[from] sqlx::Error),
    /// A move into it was broken off.
    #[error("unable to open the database; a move into it is not finished: run `roomcast migrate` again")]
    Unfinished,
    /// Its tables cannot be brought up to date.
    #[error("unable to migrate the database; {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// Whether a database that does not write through is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// It is refused (G-3).
    #[default]
    Required,
    /// It is taken: for tests that need speed, and data that may be lost.
    Unsafe,
}

/// How a database is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostgresSettings {
    /// Connections of this node for reading, at most.
    pub readers: u32,
    /// Whether what is acknowledged must be durable.
    pub durability: Durability,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self { readers: 8, durability: Durability::Required }
    }
}

/// One batch at a time, and one connection more for the question whether the database answers.
const WRITERS: u32 = 2;

/// What must be on for a commit to survive a crash.
const DURABLE: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];

impl PostgresStore {
    /// Opens `postgres://USER:PASSWORD@HOST/DATABASE` and brings its tables up to date.
    ///
    /// `fresh_epoch` becomes the epoch of a database that has none yet.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn open(url: &str, fresh_epoch: &Epoch, settings: PostgresSettings) -> Result<Self, OpenError> {
        let patience = PATIENCE.as_millis().to_string();
        let options = options(url)?.options([
            ("statement_timeout", &*patience),
            ("lock_timeout", &patience),
            ("idle_in_transaction_session_timeout", "10000"),
        ]);
        let pool = |connections: u32| {
            PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(PATIENCE)
                .idle_timeout(Duration::from_secs(300))
                .connect_lazy_with(options.clone())
        };
        let store = Self { writers: pool(WRITERS), readers: pool(settings.readers.max(1)) };
        let unfinished = sqlx::query("SELECT 1 FROM meta WHERE key = $1").bind(UNFINISHED);
        let connection = Self::open_for_move(url, fresh_epoch, settings).await?;
        sqlx::Connection::close(connection).await?;
        if unfinished.fetch_optional(&store.writers).await?.is_some() {
            return Err(OpenError::Unfinished);
        }
        Ok(store)
    }

    /// One connection, without time limits, to a database that is up to date, finished or not.
    pub(in crate::store) async fn open_for_move(
        url: &str,
        fresh_epoch: &Epoch,
        settings: PostgresSettings,
    ) -> Result<PgConnection, OpenError> {
        let mut connection = options(url)?.connect().await?;
        if settings.durability == Durability::Required {
            check_durability(&mut connection).await?;
        }
        migrate(&mut connection, fresh_epoch).await?;
        Ok(connection)
    }
}

fn options(url: &str) -> Result<PgConnectOptions, OpenError> {
    let options = PgConnectOptions::from_str(url).map_err(|error| OpenError::Url(error.to_string()))?;
    Ok(options.application_name("roomcast").disable_statement_logging())
}

/// Under a lock of sqlx's own: nodes that start together do it once. It may take longer than a statement.
async fn migrate(connection: &mut PgConnection, fresh_epoch: &Epoch) -> Result<(), OpenError> {
    migrations::postgres().run(&mut *connection).await?;
    sqlx::query("INSERT INTO meta (key, value) VALUES ('epoch', $1) ON CONFLICT DO NOTHING")
        .bind(fresh_epoch.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

async fn check_durability(connection: &mut PgConnection) -> Result<(), OpenError> {
    for setting in DURABLE {
        let row = sqlx::query("SELECT current_setting($1)").bind(setting).fetch_one(&mut *connection).await?;
        if row.try_get::<&str, _>(0)? == "off" {
            return Err(OpenError::Unsafe(setting.to_owned()));
        }
    }
    Ok(())
}
