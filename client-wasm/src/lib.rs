//! The core for JavaScript: text in, text out, and nothing of the browser's.
//!
//! Sockets, timers, tokens and storage are the package's ([why](../../docs/adr/0008-browser-package.md)): it performs
//! the effects that it is given as a list, so the application is never called while the core is borrowed. Inputs and
//! effects have the form of a recording, so that there is one.

use roomcast_client_core::{
    Client, Config, ConnId, Effect, Input, Notice, Now, Saved, Storage,
    patch::Patches,
    trace::{Redaction, Tracing},
};
use roomcast_protocol::{RoomId, json, wire::SEPARATOR};
use wasm_bindgen::prelude::wasm_bindgen;

/// Most bytes of a recording that nobody has taken away yet.
const TRACE_BYTES: usize = 4 << 20;

/// A client core and what of it is shown.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Core {
    client: Client,
    patches: Patches,
    heard: bool,
}

#[wasm_bindgen]
impl Core {
    /// A core that is not connected. `seed` is 64 random bits in hexadecimal; `outbox` is the kept items, a line
    /// each, of which those that cannot be read are left out. `trace` is empty, `secrets` or `masked`.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(config: &str, seed: &str, mono_ms: f64, wall_ms: f64, durable: bool, outbox: &str, trace: &str) -> Self {
        let mut config: Config = json::from_str(config).unwrap_or_default();
        config.storage = if durable { Storage::Durable } else { Storage::None };
        let redaction = if trace == "masked" { Redaction::SecretsAndText } else { Redaction::Secrets };
        config.tracing = (!trace.is_empty()).then_some(Tracing { redaction, buffer_bytes: TRACE_BYTES });
        let outbox = outbox.lines().filter_map(|item| json::from_str(item).ok()).collect();
        let seed = u64::from_str_radix(seed, 16).unwrap_or_default();
        let client = Client::new(config, seed, now(mono_ms, wall_ms), Saved { outbox });
        Self { client, patches: Patches::default(), heard: false }
    }

    /// Whether the application wants to hear of messages and people as they come. What is shown comes all the same.
    pub fn hear(&mut self, heard: bool) {
        self.heard = heard;
    }

    /// Takes frames of a socket, in their order, separated by U+001E as long polling has them.
    pub fn frames(&mut self, mono_ms: f64, wall_ms: f64, conn: f64, frames: &str) {
        for frame in frames.split(SEPARATOR) {
            self.client.handle(now(mono_ms, wall_ms), Input::Frame(ConnId(conn as u64), frame.to_owned()));
        }
    }

    /// Takes any input, in the form of a recording; `false` where it is none.
    pub fn input(&mut self, mono_ms: f64, wall_ms: f64, input: &str) -> bool {
        let Ok(input) = json::from_str::<Input>(input) else { return false };
        self.client.handle(now(mono_ms, wall_ms), input);
        true
    }

    /// What is to be done now, in order, as a JSON array; empty text where there is nothing. A single `true` stands
    /// for all changes of what is shown: [`patch`](Self::patch) has them.
    pub fn effects(&mut self) -> String {
        let mut list = String::new();
        let mut changed = false;
        while let Some(effect) = self.client.poll_effect() {
            if let Effect::Changed(key) = &effect {
                changed |= self.patches.changed(key);
                continue;
            }
            if !self.heard && matches!(&effect, Effect::Notice(notice) if is_chatter(notice)) {
                continue;
            }
            list.push(if list.is_empty() { '[' } else { ',' });
            // Every effect has a JSON: it is what recordings are made of.
            list.push_str(&json::to_string(&effect).unwrap_or_default());
        }
        if changed {
            list.push_str(if list.is_empty() { "[true" } else { ",true" });
        }
        if !list.is_empty() {
            list.push(']');
        }
        list
    }

    /// What of the shown became different since this was last asked, as JSON; empty text where nothing did.
    pub fn patch(&mut self) -> String {
        let patch = self.patches.take(&mut self.client);
        if patch.is_empty() { String::new() } else { json::to_string(&patch).unwrap_or_default() }
    }

    /// Begins to show a room; the next patch holds it whole. `false` where the text is no room's id.
    pub fn watch(&mut self, room_id: &str) -> bool {
        RoomId::parse(room_id).map(|room_id| self.patches.watch(room_id)).is_ok()
    }

    /// Shows a room no longer.
    pub fn unwatch(&mut self, room_id: &str) {
        if let Ok(room_id) = RoomId::parse(room_id) {
            self.patches.unwatch(&room_id);
        }
    }

    /// When to send a `timeout` input, on the monotonic clock; negative for never.
    pub fn timeout(&self) -> f64 {
        self.client.poll_timeout().map_or(-1.0, |(at, _)| at as f64)
    }

    /// The lines of the recording since this was last asked.
    pub fn trace(&mut self) -> String {
        let mut lines = String::new();
        while let Some(line) = self.client.poll_trace() {
            lines.push_str(&line);
            lines.push('\n');
        }
        lines
    }
}

/// What comes often, and costs as much as the change itself to hand over.
fn is_chatter(notice: &Notice) -> bool {
    !matches!(
        notice,
        Notice::Connection(_)
            | Notice::SendFailed(..)
            | Notice::ChangeRefused(..)
            | Notice::NotStored(_)
            | Notice::RoomEntered(_)
            | Notice::RoomLeft(..)
    )
}

fn now(mono_ms: f64, wall_ms: f64) -> Now {
    Now { mono_ms: mono_ms as u64, wall_ms: wall_ms as u64 }
}
