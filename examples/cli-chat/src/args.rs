//! The command line.

use std::path::PathBuf;

use clap::Parser;
use roomcast_client::protocol::RoomId;

/// A terminal chat for Roomcast.
#[derive(Debug, Clone, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// The server's address.
    #[arg(long, default_value = "http://127.0.0.1:3000", env = "ROOMCAST_URL")]
    pub(crate) url: String,
    /// Who you are; a server in development mode takes your word for it.
    #[arg(long, required_unless_present = "token")]
    pub(crate) user: Option<String>,
    /// How others see you.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The room to enter.
    #[arg(long, default_value = "general")]
    pub(crate) room: RoomId,
    /// Keeps messages that are not sent yet in this file; one program a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) outbox: Option<PathBuf>,
    /// A JSON Web Token, where the server is not in development mode.
    #[arg(long, value_name = "JWT", env = "ROOMCAST_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
}
