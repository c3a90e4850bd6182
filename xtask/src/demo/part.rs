//! A process of the cluster: started, and started again some seconds after it ended, whoever ended it.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::{Duration, Instant},
};

use anyhow::Context as _;

use crate::process::Background;

/// How long it stays away, so that one can watch how the others do without it.
pub(super) const AWAY: Duration = Duration::from_secs(6);

/// One process, whichever runs at the moment.
pub(super) struct Part {
    name: String,
    command: Box<dyn Fn() -> Command>,
    patience: Duration,
    log: PathBuf,
    state: State,
}

enum State {
    Running(Background),
    Away { until: Instant },
}

/// What has just become of it.
pub(super) enum News {
    /// It ended, and nobody asked it to.
    Ended(ExitStatus),
    /// It was started again, with this process id.
    Started(u32),
}

impl Part {
    /// Starts what `command` gives, which needs at most `patience` to stop; its output goes to a file in `logs`.
    pub(super) fn start(
        name: impl Into<String>,
        logs: &Path,
        patience: Duration,
        command: impl Fn() -> Command + 'static,
    ) -> anyhow::Result<Self> {
        let name = name.into();
        let log = logs.join(format!("{name}.log"));
        File::create(&log).with_context(|| format!("unable to write {}", log.display()))?;
        let state = State::Running(launch(command(), &log, patience)?);
        Ok(Self { name, command: Box::new(command), patience, log, state })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where its output goes.
    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// Its process id, while it runs.
    pub(super) fn pid(&self) -> Option<u32> {
        match &self.state {
            State::Running(process) => Some(process.pid()),
            State::Away { .. } => None,
        }
    }

    /// How long it stays away yet.
    pub(super) fn away(&self, now: Instant) -> Option<Duration> {
        match &self.state {
            State::Running(_) => None,
            State::Away { until } => Some(until.saturating_duration_since(now)),
        }
    }

    /// Starts it again when its time has come.
    pub(super) fn look_after(&mut self, now: Instant) -> anyhow::Result<Option<News>> {
        match &mut self.state {
            State::Running(process) => {
                let Some(status) = process.ended()? else { return Ok(None) };
                self.state = State::Away { until: now + AWAY };
                Ok(Some(News::Ended(status)))
            }
            State::Away { until } if now < *until => Ok(None),
            State::Away { .. } => {
                let process = launch((self.command)(), &self.log, self.patience)?;
                let pid = process.pid();
                self.state = State::Running(process);
                Ok(Some(News::Started(pid)))
            }
        }
    }

    /// Asks it to stop, and does not wait.
    pub(super) fn ask_to_stop(&mut self) {
        if let State::Running(process) = &mut self.state {
            process.ask_to_stop();
        }
    }
}

fn launch(mut command: Command, log: &Path, patience: Duration) -> anyhow::Result<Background> {
    let file = File::options().append(true).open(log).with_context(|| format!("unable to open {}", log.display()))?;
    command.stdout(file.try_clone().context("unable to share a log")?).stderr(file);
    Background::launch(command, patience)
}
