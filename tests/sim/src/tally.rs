//! What users asked for, and how each wish ended.

use std::collections::BTreeMap;

use roomcast_client_core::UserCommand;

use crate::{check::is_refusal, device::Device};

/// How wishes of one kind ended.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ends {
    /// As wished.
    pub done: u64,
    /// The server said no, for good.
    pub refused: u64,
    /// Given up: it took too long, the connection was lost, or the client itself said no.
    pub given_up: u64,
    /// Its client died first.
    pub died: u64,
}

impl Ends {
    /// Adds others.
    pub(crate) const fn add(&mut self, other: Self) {
        self.done += other.done;
        self.refused += other.refused;
        self.given_up += other.given_up;
        self.died += other.died;
    }
}

/// By kind.
pub(crate) type Tally = BTreeMap<&'static str, Ends>;

/// What a device's user asked for.
pub(crate) fn count(tally: &mut Tally, device: &Device) {
    for asked in device.asked.values() {
        let ends = tally.entry(name(&asked.command)).or_default();
        match &asked.outcome {
            None => ends.died += 1,
            Some(Ok(_)) => ends.done += 1,
            Some(Err(error)) if is_refusal(error) => ends.refused += 1,
            Some(Err(_)) => ends.given_up += 1,
        }
    }
}

fn name(command: &UserCommand) -> &'static str {
    match command {
        UserCommand::Request(command) => command.kind().name(),
        UserCommand::LoadOlder { .. } => "(load older)",
        UserCommand::LoadNewer { .. } => "(load newer)",
        UserCommand::LoadAround { .. } => "(load around)",
        UserCommand::JumpToNewest { .. } => "(jump to the newest)",
        UserCommand::Lookup { .. } => "(look up)",
        UserCommand::LoadThread { .. } => "(load thread)",
        UserCommand::CloseThread { .. } => "(close thread)",
        UserCommand::React { .. } => "(react, by the outbox)",
        UserCommand::Unreact { .. } => "(take a reaction back, by the outbox)",
        UserCommand::Retry(_) => "(retry)",
        UserCommand::Revise { .. } => "(revise)",
        UserCommand::Discard(_) => "(discard)",
        UserCommand::Edit { .. } => "(edit, by the outbox)",
        UserCommand::Delete { .. } => "(delete, by the outbox)",
        UserCommand::CreateRoom(_) => "(create room, by the outbox)",
    }
}
