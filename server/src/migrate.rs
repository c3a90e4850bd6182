//! `roomcast migrate`: the command line of a move.

use std::{ops::ControlFlow, sync::Arc, sync::atomic::AtomicBool, sync::atomic::Ordering, time::Duration};

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use roomcast_server::store::{
    moving::{Move, Phase, Progress},
    postgres::Durability,
};

/// Where from and where to.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// The house to move out of: `sqlite://FILE`. No server may be using it.
    #[arg(long, value_name = "URL")]
    from: String,
    /// The house to move into: `postgres://USER:PASSWORD@HOST/DATABASE`, an empty database.
    #[arg(long, value_name = "URL")]
    to: String,
    /// Rows of one transaction, 1 to 100000.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    chunk: u32,
    /// Take a database that does not write through; a crash can then lose what was acknowledged.
    #[arg(long, env = "ROOMCAST_UNSAFE_DURABILITY")]
    unsafe_durability: bool,
}

impl Migrate {
    #[tokio::main]
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let durability = if self.unsafe_durability { Durability::Unsafe } else { Durability::Required };
        let house = Move { from: self.from, to: self.to, chunk: self.chunk, durability };
        // The chunk that is on its way is finished first, so that nothing has to be done twice.
        let broken_off = Arc::new(AtomicBool::new(false));
        let flag = broken_off.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                flag.store(true, Ordering::Relaxed);
            }
        });
        let bar = ProgressBar::no_length();
        bar.set_style(style()?);
        bar.enable_steady_tick(Duration::from_millis(200));
        let moved = house
            .run(|Progress { phase, table, done, total }| {
                let doing = match phase {
                    Phase::Copying => "copying",
                    Phase::Comparing => "comparing",
                };
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message(format!("{doing} {table}"));
                if broken_off.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .await;
        bar.finish_and_clear();
        for (table, rows, digest) in moved?.tables {
            println!("{table:<10} {rows:>12} rows  sha256 {}", &digest[..16]);
        }
        println!(
            "Everything is there, and the same. Start the servers with the new database; the old one stays closed."
        );
        Ok(())
    }
}

fn style() -> anyhow::Result<ProgressStyle> {
    let template = "{msg:<20} {bar:40} {human_pos}/{human_len} rows, {per_sec}, {eta} left";
    ProgressStyle::with_template(template).context("unable to draw the progress bar")
}
