//! Three nodes behind nginx, on a Postgres and a Redis of their own. Whatever ends is started again.

use std::{
    fs,
    io::{Write as _, stdout},
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::ExitStatus,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use roomcast_test_services::{Nginx, Postgres, Redis};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use super::{
    DRAIN, free_address,
    nodes::{NODES, Nodes},
    part::{AWAY, News, Part},
    view::{Row, View},
    watch::{Health, Watch},
};
use crate::process::wrapper;

const START: Duration = Duration::from_secs(60);
/// How long a service may take to stop once nobody uses it.
const STOP: Duration = Duration::from_secs(5);
const FRAME: Duration = Duration::from_millis(200);

/// Runs it until it is asked to stop.
pub(super) fn run(bin: &Path, data: &Path, first_port: u16) -> anyhow::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("unable to listen for signals")?;
    let mut asked_to_stop = || signals.pending().next().is_some();
    let logs = data.join("cluster");
    fs::create_dir_all(&logs).with_context(|| format!("unable to make {}", logs.display()))?;

    let mut cluster = Cluster::default();
    let Some(url) = cluster.start(bin, &logs, first_port, &mut asked_to_stop)? else { return Ok(()) };
    let mut view = View::on_stdout(&url, &logs);
    while !asked_to_stop() {
        for (part, news) in cluster.look_after()? {
            view.tell(match news {
                News::Ended(status) => format!("{part} {}; back in {} s", how(status), AWAY.as_secs()),
                News::Started(pid) => format!("{part} is started again, process {pid}"),
            });
        }
        view.show(&cluster.rows())?;
        thread::sleep(FRAME);
    }
    // The terminal may be what has gone.
    let _ = writeln!(stdout(), "\nstopping; the nodes let their people go first");
    Ok(())
}

fn how(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("was ended by signal {signal}"),
        (None, Some(code)) => format!("ended with status {code}"),
        (None, None) => "ended".to_owned(),
    }
}

/// All parts, in the order in which they were started: each stands on those before it.
#[derive(Default)]
struct Cluster {
    parts: Vec<(Part, Option<Watch>)>,
}

impl Cluster {
    /// Starts everything and gives the address for browsers; nothing where it was asked to stop meanwhile.
    fn start(
        &mut self,
        bin: &Path,
        logs: &Path,
        first_port: u16,
        asked_to_stop: &mut impl FnMut() -> bool,
    ) -> anyhow::Result<Option<String>> {
        println!("starting Postgres, Redis, {NODES} nodes and nginx");
        let postgres = Arc::new(Postgres::prepare(&[]));
        let (run, ask) = (Arc::clone(&postgres), Arc::clone(&postgres));
        let part = Part::start("postgres", logs, STOP, move || run.server(wrapper()))?;
        self.add(part, Some(Watch::answering(move || ask.answers())));

        let redis = Arc::new(Redis::prepare());
        let (run, ask) = (Arc::clone(&redis), Arc::clone(&redis));
        let part = Part::start("redis", logs, STOP, move || run.server(wrapper()))?;
        self.add(part, Some(Watch::answering(move || ask.answers())));
        if !self.wait_until_ready(asked_to_stop)? {
            return Ok(None);
        }

        let nodes = Arc::new(Nodes::on(bin, postgres.database(), redis.url())?);
        for (n, (public, admin)) in nodes.addresses.into_iter().enumerate() {
            let nodes = Arc::clone(&nodes);
            let part = Part::start(Nodes::name(n), logs, DRAIN, move || nodes.command(n))?;
            self.add(part, Some(Watch::node(public, admin)));
        }
        let nginx = Arc::new(Nginx::prepare(free_address(first_port)?, nodes.public()));
        let (url, ask) = (nginx.url(), Arc::clone(&nginx));
        let part = Part::start("nginx", logs, STOP, move || nginx.server(wrapper()))?;
        self.add(part, Some(Watch::answering(move || ask.answers())));
        if !self.wait_until_ready(asked_to_stop)? {
            return Ok(None);
        }

        let (bin, to) = (bin.to_owned(), url.clone());
        self.add(Part::start("bot", logs, STOP, move || Nodes::bot(&bin, &to))?, None);
        Ok(Some(url))
    }

    fn add(&mut self, part: Part, watch: Option<Watch>) {
        self.parts.push((part, watch));
    }

    /// Whether all that runs got ready before we were asked to stop.
    fn wait_until_ready(&mut self, asked_to_stop: &mut impl FnMut() -> bool) -> anyhow::Result<bool> {
        let deadline = Instant::now() + START;
        loop {
            let waits =
                |watch: &Option<Watch>| watch.as_ref().is_some_and(|watch| watch.seen().health != Health::Ready);
            let Some((part, _)) = self.parts.iter().find(|(_, watch)| waits(watch)) else { return Ok(true) };
            if Instant::now() > deadline {
                bail!("unable to start {}; what it says is in {}", part.name(), part.log().display());
            }
            for (part, _) in &mut self.parts {
                if let Some(News::Ended(status)) = part.look_after(Instant::now())? {
                    let (name, log) = (part.name(), part.log().display());
                    bail!("unable to start {name}; it ended ({status}), and what it said is in {log}");
                }
            }
            if asked_to_stop() {
                return Ok(false);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Starts again what has been away for long enough, and says what happened to whom.
    fn look_after(&mut self) -> anyhow::Result<Vec<(String, News)>> {
        let now = Instant::now();
        let mut all = Vec::new();
        for (part, _) in &mut self.parts {
            if let Some(news) = part.look_after(now)? {
                all.push((part.name().to_owned(), news));
            }
        }
        Ok(all)
    }

    /// The nodes first, since it is about them; what they stand on last.
    fn rows(&self) -> Vec<Row> {
        let now = Instant::now();
        let mut rows: Vec<Row> = self.parts.iter().map(|(part, watch)| Row::of(part, watch.as_ref(), now)).collect();
        rows.rotate_left(2);
        rows
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Together, or each would take its time after the other.
        for (part, _) in self.parts.iter_mut().filter(|(part, _)| part.name().starts_with("node-")) {
            part.ask_to_stop();
        }
        while self.parts.pop().is_some() {}
    }
}
