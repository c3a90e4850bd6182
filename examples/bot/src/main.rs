//! A bot in a room: greets who comes, answers commands and its name.
//!
//! It acts upon the client's events and nothing else. Connections break and mend below it; it never asks.

mod replies;
mod token;

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Parser;
use roomcast_client::{
    Client, Error, Notice, Room,
    protocol::{
        ErrorCode, Json, RoomId, UserId,
        command::CreateRoom,
        error::Retry,
        model::{Message, MessageType, Visibility},
    },
    view::ClientView,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::sleep,
};

/// Marks what a bot says, so that no bot answers it: two of them would never end.
const BOT: &str = r#"{"bot":true}"#;
/// So long it types; long enough to be seen.
const TYPES: Duration = Duration::from_millis(700);
/// Between two attempts to enter the room.
const AGAIN: Duration = Duration::from_millis(500);

/// A bot that answers in a room.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// The server's address.
    #[arg(long, default_value = "http://127.0.0.1:3000", env = "ROOMCAST_URL")]
    url: String,
    /// The room to answer in; made where there is none.
    #[arg(long, default_value = "general")]
    room: RoomId,
    /// The bot's user id; a server in development mode takes its word for it.
    #[arg(long, default_value = "bot")]
    user: String,
    /// The name that it answers to.
    #[arg(long, default_value = "Bot")]
    name: String,
    /// A JSON Web Token, where the server is not in development mode.
    #[arg(long, value_name = "JWT", env = "ROOMCAST_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let client = client(&args).await.context("unable to begin")?;
    let mut terminate = signal(SignalKind::terminate()).context("unable to listen for SIGTERM")?;
    tokio::select! {
        ended = serve(&client, &args) => ended?,
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    client.close().await;
    Ok(())
}

async fn client(args: &Args) -> Result<Client, Error> {
    let builder = Client::builder(&args.url).client_name("bot", env!("CARGO_PKG_VERSION"));
    let builder = match args.token.clone() {
        Some(token) => builder.token(token),
        None => {
            let (url, user, name) = (args.url.clone(), args.user.clone(), args.name.clone());
            builder.token_provider(move || token::from_dev_server(url.clone(), user.clone(), Some(name.clone())))
        }
    };
    builder.build().await
}

async fn serve(client: &Client, args: &Args) -> anyhow::Result<()> {
    client.connected().await?;
    let room = enter(client, &args.room).await?;
    println!("{} is in #{}", args.name, args.room);
    // From here on: what was said before the bot came is not its business.
    let mut events = client.events();
    while let Some(event) = events.next().await {
        // A bot that was too slow has missed something, and goes on.
        let Ok(notice) = event else { continue };
        let view = client.view();
        let Some(me) = view.me.as_ref().map(|me| me.id.clone()) else { continue };
        let reply = match notice {
            Notice::NewMessage(message) if message.room_id == args.room => {
                // A courtesy: the author sees that it was heard.
                drop(room.mark_read(message.seq).await);
                answer(&view, &me, &args.name, &message)
            }
            Notice::MemberJoined(id, user) if id == args.room && user.id != me => Some(replies::greeting(&user.name)),
            Notice::RoomLeft(id, reason) if id == args.room => bail!("unable to stay in #{id}; {reason:?}"),
            _ => None,
        };
        if let Some(text) = reply {
            say(&room, text).await?;
        }
    }
    Ok(())
}

/// What there is to say to a message, if anything.
fn answer(client: &ClientView, me: &UserId, name: &str, message: &Message) -> Option<String> {
    let human = message.user_id != *me && !says_bot(message) && message.kind == MessageType::Text;
    if !human {
        return None;
    }
    let author = client.people.name(&message.user_id);
    replies::to(&message.content, author, name, message.mentions.contains(me))
}

fn says_bot(message: &Message) -> bool {
    let metadata = message.metadata.as_ref().map(Json::as_str);
    let metadata = metadata.and_then(|json| serde_json::from_str::<serde_json::Value>(json).ok());
    metadata.is_some_and(|metadata| metadata["bot"] == true)
}

/// Types for a moment, then posts. Without a connection the message waits in the outbox.
async fn say(room: &Room, text: String) -> anyhow::Result<()> {
    room.typing().await?;
    sleep(TYPES).await;
    let mut message = room.message(text)?;
    message.metadata = Json::parse(BOT).ok();
    // Not awaited: a server that is away must not keep the bot from hearing what comes next.
    drop(room.post_message(message)?);
    Ok(())
}

/// Enters the room, which is made where there is none. Tries until it is clear how it ends.
async fn enter(client: &Client, id: &RoomId) -> Result<Room, Error> {
    loop {
        let error = match client.join(id).await {
            Ok(room) => return Ok(room),
            Err(error) if error.code() == Some(ErrorCode::NotFound) => match create(client, id).await {
                Ok(()) => return Ok(client.room(id)),
                // Somebody was faster: it can be joined.
                Err(error) if error.code() == Some(ErrorCode::Conflict) => continue,
                Err(error) => error,
            },
            Err(error) => error,
        };
        if error.code().is_none_or(|code| code.retry() == Retry::Never) {
            return Err(error);
        }
        sleep(AGAIN).await;
    }
}

async fn create(client: &Client, id: &RoomId) -> Result<(), Error> {
    let create = CreateRoom {
        room_id: Some(id.clone()),
        name: id.to_string(),
        visibility: Visibility::Public,
        members: Vec::new(),
        topic: None,
        policy: None,
    };
    client.request(create).await.map(drop)
}
