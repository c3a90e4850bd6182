//! Feeds a recording to a new core.

use roomcast_protocol::json::FromJson;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    FORMAT,
    recorder::{Cut, Header, Recorded, json},
};
use crate::{client::Client, time::Now};

/// Why a recording cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// A line is not one of a recording.
    #[error("unable to read the line; {0}")]
    Line(#[from] roomcast_protocol::json::Error),
    /// Another version wrote it.
    #[error("unable to replay; the recording's format is {0}, not {FORMAT}")]
    Format(u32),
}

#[derive(Deserialize, FromJson)]
struct Line {
    at: Now,
    input: Box<RawValue>,
    effects: Vec<Box<RawValue>>,
}

/// A recording on its way through a new core.
#[derive(Debug)]
pub struct Replay {
    client: Client,
}

/// What one line of a recording says, and what the core did with it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When it was.
    pub at: Now,
    /// The input, as it was written.
    pub input: String,
    /// The effects, as they were written.
    pub recorded: Vec<String>,
    /// The effects of the replay.
    pub replayed: Vec<String>,
}

impl Step {
    /// The first effect that is another now, as its place; `None` where all are the same, byte for byte.
    #[must_use]
    pub fn difference(&self) -> Option<usize> {
        let most = self.recorded.len().max(self.replayed.len());
        (0..most).find(|place| self.recorded.get(*place) != self.replayed.get(*place))
    }
}

impl Replay {
    /// Begins with the recording's first line.
    ///
    /// # Errors
    /// [`TraceError`] where that is none.
    pub fn begin(line: &str) -> Result<Self, TraceError> {
        #[derive(Deserialize, FromJson)]
        struct Version {
            trace: u32,
        }
        let Version { trace } = roomcast_protocol::json::from_str(line)?;
        if trace != FORMAT {
            return Err(TraceError::Format(trace));
        }
        let Header { config, seed, now, saved, .. } = roomcast_protocol::json::from_str(line)?;
        Ok(Self { client: Client::new(config, seed, now, saved) })
    }

    /// Takes the next line; `None` where the recording was cut off here.
    ///
    /// # Errors
    /// [`TraceError::Line`].
    pub fn step(&mut self, line: &str) -> Result<Option<Step>, TraceError> {
        if roomcast_protocol::json::from_str::<Cut>(line).is_ok() {
            return Ok(None);
        }
        let Line { at, input, effects } = roomcast_protocol::json::from_str(line)?;
        let recorded: Recorded = roomcast_protocol::json::from_str(input.get())?;
        self.client.handle(at, recorded.into());
        let mut replayed = Vec::new();
        while let Some(effect) = self.client.poll_effect() {
            replayed.push(json(&effect));
        }
        let recorded = effects.iter().map(|effect| effect.get().to_owned()).collect();
        Ok(Some(Step { at, input: input.get().to_owned(), recorded, replayed }))
    }

    /// The core as the lines so far have made it.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }
}
