//! The checker's eye on each connection: what was asked and answered on it, and with which token.

use std::collections::{BTreeMap, BTreeSet};

use roomcast_client_core::Storage;
use roomcast_protocol::{ClientId, Rev, RoomId};
use serde_json::Value;

use crate::{
    fault::Kind,
    kernel::WALL_START_MS,
    net::{Link, LinkId},
    node::token_expiry,
    world::{SKEW_MS, World},
};

/// How long an answer may take on a connection that lives.
const ANSWER_MS: u64 = 8_000;
/// A token may run out between the attempt and the word that carries it.
const HANDSHAKE_MS: u64 = 6_000;
/// How long after its token a connection may live: the server's grace, and a moment.
const GRACE_MS: u64 = 3_000 + 300 + SKEW_MS;

/// What passed on a connection.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    asked: BTreeMap<u64, u64>,
    acked: BTreeSet<u64>,
    token: Option<String>,
    /// Whether the session has begun.
    live: bool,
    /// When the newest token that reached the server runs out.
    expires: u64,
}

/// An Engine.IO message as far as it matters here: its kind, its ack id, what follows.
fn split(frame: &str) -> Option<(u8, Option<u64>, &str)> {
    let rest = frame.strip_prefix('4')?;
    let kind = *rest.as_bytes().first()?;
    let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
    Some((kind, rest[1..=digits].parse().ok(), &rest[1 + digits..]))
}

/// The client's name for the message that a command sends.
fn client_id(command: &str) -> Option<ClientId> {
    let value: Value = serde_json::from_str(command).ok()?;
    ClientId::parse(value[1]["clientId"].as_str()?).ok()
}

impl World {
    /// A client sends a frame.
    pub(crate) fn check_sent(&mut self, device: usize, link: LinkId, frame: &str) {
        let Some((kind, id, rest)) = split(frame) else { return };
        let now = self.kernel.now();
        match kind {
            b'0' => {
                self.check_token(device, link, rest);
                if let Ok(value) = serde_json::from_str::<Value>(rest) {
                    self.check_claims(device, &value["resume"]["rooms"]);
                }
            }
            b'2' => {
                if let Some(id) = id
                    && self.wires.entry(link).or_default().asked.insert(id, now).is_some()
                {
                    self.violate("one answer", format!("d{device} asks twice under the id {id}"));
                }
                if rest.starts_with(r#"["send-message""#)
                    && let Some(client_id) = client_id(rest)
                {
                    self.check_persisted(device, &client_id);
                    self.devices[device].sent.entry(client_id).or_default().extend(id.map(|id| (link, id)));
                }
                if rest.starts_with(r#"["sync""#)
                    && let Ok(value) = serde_json::from_str::<Value>(rest)
                {
                    self.check_claims(device, &value[1]["rooms"]);
                }
            }
            _ => {}
        }
    }

    /// No token that was refused; none that the client was told runs out, after that (G-16).
    fn check_token(&mut self, device: usize, link: LinkId, auth: &str) {
        let Ok(auth) = serde_json::from_str::<roomcast_protocol::handshake::Auth>(auth) else { return };
        let now = WALL_START_MS + self.kernel.now();
        let expires = token_expiry(&auth.token);
        let it = &self.devices[device];
        if it.refused.contains(&auth.token) {
            self.violate("no refused token", format!("d{device} uses {} again", auth.token));
        } else if expires <= now {
            self.counts.stale_tokens += 1;
            if it.expiry_told.contains(&expires) && expires + HANDSHAKE_MS < now && !self.has_fault(Kind::ServerClock) {
                self.violate("no expired token", format!("d{device} was told that {} runs out", auth.token));
            }
        }
        self.wires.entry(link).or_default().token = Some(auth.token);
    }

    /// Whatever took effect once is not asked for again.
    fn check_claims(&mut self, device: usize, rooms: &Value) {
        let mut bad = Vec::new();
        for (room, rev) in rooms.as_object().into_iter().flatten() {
            let rev = Rev::new(rev.as_u64().unwrap_or(0));
            let applied =
                RoomId::parse(room).ok().and_then(|id| self.devices[device].screens.applied.get(&id).copied());
            if applied.is_some_and(|applied| rev < applied) {
                bad.push(format!("d{device} asks for what follows {rev} of {room}, and was at {applied:?}"));
            }
        }
        for what in bad {
            self.violate("never back", what);
        }
    }

    /// What is sent is stored before, where there is a storage that takes it (G-11).
    fn check_persisted(&mut self, device: usize, id: &ClientId) {
        let it = &self.devices[device];
        if it.storage != Storage::None && !it.disk.items.contains_key(id) && !it.disk.refused.contains(id) {
            self.violate("stored before sent", format!("d{device} sends {id}, which is not stored"));
        }
    }

    /// Whether a message went out and was never answered on a connection before one on which it was. A server that stood
    /// still may do what it was asked there long after another attempt was refused.
    pub(crate) fn is_at_large(&self, device: usize, client_id: &ClientId) -> bool {
        let sent = self.devices[device].sent.get(client_id);
        let acked = |(link, id): &(LinkId, u64)| self.wires.get(link).is_some_and(|wire| wire.acked.contains(id));
        let (answered, open): (Vec<_>, Vec<_>) = sent.into_iter().flatten().partition(|attempt| acked(attempt));
        let last = answered.iter().map(|(link, _)| link).max();
        open.iter().any(|(link, _)| Some(link) < last)
    }

    /// A frame has reached the server.
    pub(crate) fn check_arrived(&mut self, link: LinkId, frame: &str) {
        let Some((kind, _, rest)) = split(frame) else { return };
        let refreshes = rest.starts_with(r#"["refresh-token""#);
        if kind != b'0' && !refreshes {
            return;
        }
        let Ok(value) = serde_json::from_str::<Value>(rest) else { return };
        let payload = if refreshes { &value[1] } else { &value };
        let expires = payload["token"].as_str().map_or(0, token_expiry);
        let wire = self.wires.entry(link).or_default();
        wire.expires = wire.expires.max(expires);
    }

    /// A frame has reached the client that waits for it.
    pub(crate) fn check_received(&mut self, device: usize, link: LinkId, frame: &str) {
        let Some((kind, id, rest)) = split(frame) else { return };
        match kind {
            b'3' => {
                let Some(id) = id else { return };
                let wire = self.wires.entry(link).or_default();
                let (fresh, asked) = (wire.acked.insert(id), wire.asked.contains_key(&id));
                if rest.contains(r#""expiresAt":"#)
                    && let Ok(value) = serde_json::from_str::<Value>(rest)
                {
                    self.devices[device].expiry_told.extend(value[0]["expiresAt"].as_u64());
                }
                if !fresh || !asked {
                    self.violate("one answer", format!("d{device} is answered {id} again, or unasked"));
                }
            }
            b'4' => {
                let token = self.wires.entry(link).or_default().token.clone();
                if rest.contains("Authentication failed")
                    && let Some(token) = token
                {
                    self.devices[device].refused.insert(token);
                }
            }
            b'2' if rest.starts_with(r#"["initial-state""#) => self.wires.entry(link).or_default().live = true,
            b'2' if rest.starts_with(r#"["token-expiring""#) => {
                if let Ok(value) = serde_json::from_str::<Value>(rest) {
                    self.devices[device].expiry_told.extend(value[1]["expiresAt"].as_u64());
                }
            }
            _ => {}
        }
    }

    /// No connection outlives its token by more than the grace (G-16).
    pub(crate) fn check_lives(&mut self) {
        if self.has_fault(Kind::ServerClock) {
            return;
        }
        let now = WALL_START_MS + self.kernel.now();
        let net = self.net.state();
        let open = net.links.iter().filter(|(_, link)| link.server_open && link.mailbox.is_some());
        let over = |id: &LinkId| self.wires.get(id).is_some_and(|wire| wire.live && wire.expires + GRACE_MS < now);
        // A node that does not run closes nothing.
        let ran = |link: &Link| {
            let node = self.nodes[link.node].as_ref();
            self.thawed_at[link.node] + 300 < self.kernel.now()
                && node.is_none_or(|node| !self.executor.is_frozen(node.group))
        };
        let late: Vec<usize> = open.filter(|(id, link)| over(id) && ran(link)).map(|(_, link)| link.device).collect();
        drop(net);
        for device in late {
            self.violate("no expired token", format!("d{device}'s connection lives without a token"));
        }
    }

    /// Whatever was asked on a connection that lives was answered.
    pub(crate) fn check_answers(&mut self) {
        let now = self.kernel.now();
        let mut bad = Vec::new();
        {
            let net = self.net.state();
            for (id, link) in net.links.iter().filter(|(_, link)| link.client_open && link.server_open && !link.dead) {
                let Some(wire) = self.wires.get(id) else { continue };
                let open = wire.asked.iter().filter(|(id, at)| !wire.acked.contains(id) && **at + ANSWER_MS < now);
                bad.extend(open.map(|(id, at)| format!("d{} asked {id} at {at} and has no ack", link.device)));
            }
        }
        for what in bad {
            self.violate("one answer", what);
        }
    }

    /// Whether a seed has this fault.
    pub(crate) fn has_fault(&self, kind: Kind) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind)
    }
}
