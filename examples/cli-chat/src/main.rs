//! A terminal chat. It shows what is known and nothing more: a message counts as sent once the server has it.
//!
//! `app` holds the state and how it changes, `ui` and `timeline` show it, `net` speaks with the client; here they
//! are put together.

mod app;
mod args;
mod commands;
mod input;
mod net;
mod terminal;
mod text;
mod timeline;
mod token;
mod ui;
#[cfg(test)]
mod world;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use app::{Action, App, AppEvent, Setting};
use args::Args;
use clap::Parser as _;
use jiff::tz::TimeZone;
use net::Net;
use roomcast_client::Client;
use terminal::Screen;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};

/// What happened and was not taken yet.
const EVENTS: usize = 256;
/// The countdown and what is told for a while move on by so much.
const TICK: Duration = Duration::from_millis(250);
/// Longest goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let client = client(&args).await.context("unable to begin")?;
    let (told, events) = mpsc::channel(EVENTS);
    let net = Net::new(client.clone(), told.clone());
    let setting = Setting {
        user: args.name.or(args.user).unwrap_or_else(|| "you".to_owned()),
        server: args.url.split_once("://").map_or(args.url.clone(), |(_, host)| host.to_owned()),
        room: args.room.clone(),
        keeps_outbox: args.outbox.is_some(),
        zone: TimeZone::system(),
    };
    let app = App::new(setting, net.snapshot(&args.room).await);
    let screen = Screen::take().context("unable to use the terminal")?;
    terminal::listen(told);
    let ended = run(app, &net, &client, screen, events).await;
    drop(timeout(GOODBYE, client.close()).await);
    ended
}

async fn client(args: &Args) -> Result<Client, roomcast_client::Error> {
    let mut builder = Client::builder(&args.url).client_name("cli-chat", env!("CARGO_PKG_VERSION"));
    builder = match (&args.token, &args.user) {
        (Some(token), _) => builder.token(token),
        (None, user) => {
            let (url, user, name) = (args.url.clone(), user.clone().unwrap_or_default(), args.name.clone());
            builder.token_provider(move || token::from_dev_server(url.clone(), user.clone(), name.clone()))
        }
    };
    if let Some(outbox) = &args.outbox {
        builder = builder.outbox(outbox);
    }
    builder.build().await
}

/// Until the user leaves: waits for something, takes it and all that is there with it, draws once.
async fn run(
    mut app: App,
    net: &Net,
    client: &Client,
    mut screen: Screen,
    mut events: mpsc::Receiver<AppEvent>,
) -> anyhow::Result<()> {
    let mut changes = client.watch();
    let mut terminate = signal(SignalKind::terminate()).context("unable to listen for SIGTERM")?;
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let size = screen.terminal.size()?;
    (app.columns, app.lines) = (size.width, size.height);
    net.perform(Action::Join(app.open.clone())).await;
    while !app.done {
        for action in app.update(now_ms(), AppEvent::Seen(net.snapshot(&app.open).await)) {
            net.perform(action).await;
        }
        screen.terminal.draw(|frame| ui::draw(frame, &app))?;
        let event = tokio::select! {
            event = events.recv() => event,
            changed = changes.changed() => changed.ok().map(|()| AppEvent::Tick),
            _ = ticks.tick() => Some(AppEvent::Tick),
            _ = terminate.recv() => None,
        };
        let Some(event) = event else { break };
        let mut next = Some(event);
        while let Some(event) = next.filter(|_| !app.done) {
            for action in app.update(now_ms(), event) {
                net.perform(action).await;
            }
            next = events.try_recv().ok();
        }
    }
    Ok(())
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
