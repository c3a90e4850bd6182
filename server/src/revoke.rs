//! `roomcast revoke`: writes a revocation straight into the database, whether or not a node runs.

use anyhow::Context as _;
use clap::Args;
use roomcast_protocol::UserId;
use roomcast_server::{app, auth::not_before, config::DatabaseConfig, env::RealEnv, store::postgres::Durability};

/// Whose tokens, and which.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The user's id: the `sub` of their tokens.
    #[arg(long, value_name = "ID")]
    user: String,
    /// Tokens issued before this are revoked: seconds since 1970. Without it all that were issued until now.
    #[arg(long, value_name = "SECONDS")]
    not_before: Option<u64>,
    /// The database, as the server has it. A SQLite file must not be in use: ask the server that uses it.
    #[arg(long, env = "ROOMCAST_DATABASE_URL", hide_env_values = true, default_value = "sqlite://roomcast.db")]
    database_url: String,
    /// Take a database that does not write through; a crash can then lose what was revoked.
    #[arg(long, env = "ROOMCAST_UNSAFE_DURABILITY")]
    unsafe_durability: bool,
}

impl Revoke {
    #[tokio::main(flavor = "current_thread")]
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let user = UserId::parse(&self.user).context("unable to revoke; that is no user id")?;
        let env = RealEnv::shared();
        let from = not_before(self.not_before, env.now())?;
        let durability = if self.unsafe_durability { Durability::Unsafe } else { Durability::Required };
        let database = DatabaseConfig::parse(&self.database_url, durability)
            .context("unable to read the database URL; it begins neither with sqlite:// nor with postgres://")?;
        let store = app::open(&database, &*env).await.context(
            "unable to open the database; where a server uses the file, ask it: POST /revocations on its admin address",
        )?;
        let held = store.revoke(&user, from).await;
        store.close().await;
        let held = held?;
        println!("Tokens of {user} count if they were issued at {} or later.", held.not_before.value() / 1_000);
        Ok(())
    }
}
