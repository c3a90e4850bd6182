//! What carries the packets: WebSockets as they are, and sessions over HTTP with the way up from there.

use roomcast_protocol::wire::{EnginePacket, Heartbeat, WireLimits, decode_payload};

use super::Client;
use crate::{
    connection::{Call, Link, Overdue, Role, Upgrade},
    effect::{Effect, Method, Transport},
    input::ConnId,
};

/// What a body of long polling may hold: an `initial-state` of a thousand rooms is a few megabytes.
const BODY: WireLimits = WireLimits { max_frame_bytes: 32 << 20, max_packets: 4_096, max_attachments: 0 };

impl Client {
    pub(super) fn transmit(&mut self, conn: ConnId, frame: String) {
        let link = self.connection.role(conn).and_then(|role| self.connection.link_mut(role));
        match link.and_then(Link::polling) {
            Some(polling) => polling.queue(frame),
            None => self.effects.push(Effect::Send { conn, frame }),
        }
    }

    /// The longest packet that goes out on this connection.
    pub(super) fn packet_bytes(&self, conn: ConnId) -> u64 {
        let link = self.connection.role(conn).and_then(|role| self.connection.link(role));
        link.map_or(u64::MAX, Link::packet_bytes).min(self.limits.frame_bytes)
    }

    /// Makes the requests that may be made now, and lets a session move whose requests are all answered.
    pub(super) fn pump(&mut self) {
        let (now, timeout_ms) = (self.now(), self.config.request_timeout_ms.max(1));
        for role in [Role::Primary, Role::Successor] {
            while let Some(link) = self.connection.link_mut(role) {
                let conn = link.conn;
                let Some(polling) = link.polling() else { break };
                if let Some(call) = polling.next_call(now, timeout_ms) {
                    self.call(conn, call);
                    continue;
                }
                let Some((to, queue)) = polling.moved() else { break };
                for frame in std::iter::once("5".to_owned()).chain(queue) {
                    self.effects.push(Effect::Send { conn: to, frame });
                }
                self.connection.moved(role, to, now);
                self.effects.push(Effect::Close { conn });
            }
        }
    }

    pub(super) fn response(&mut self, conn: ConnId, method: Method, status: u16, body: &str) {
        let Some(role) = self.connection.role(conn) else { return };
        let now = self.now();
        let Some(polling) = self.connection.link_mut(role).and_then(Link::polling) else { return };
        match method {
            Method::Post if status == 200 => polling.has_written(),
            // Asked twice for one request, the second answer is none.
            Method::Get if !polling.has_read() => {}
            Method::Get if status == 200 => {
                self.connection.heard(role, now);
                let Ok(packets) = decode_payload(body, &BODY) else {
                    return self.drop_link(role, "the server's answer cannot be read");
                };
                if packets.iter().all(|packet| *packet == EnginePacket::Noop)
                    && let Some(polling) = self.connection.link_mut(role).and_then(Link::polling)
                {
                    polling.rest(now);
                }
                for packet in packets {
                    // One of them can be the end, or the beginning of another life.
                    let Some(role) = self.connection.role(conn) else { return };
                    self.engine_packet(conn, role, packet);
                }
            }
            Method::Get | Method::Post => self.closed(conn, &format!("the server answered with status {status}")),
        }
    }

    pub(super) fn close_link(&mut self, mut link: Link, goodbye: Option<String>) {
        let conn = link.conn;
        match (link.polling(), goodbye) {
            (Some(polling), goodbye) => {
                let (upgrade, last) = (polling.upgrade.conn(), polling.last_call(goodbye.as_deref()));
                if let Some(conn) = upgrade {
                    self.effects.push(Effect::Close { conn });
                }
                // Without it the server would hold the session for as long as its heartbeat lets it.
                if let Some(call) = last {
                    self.call(conn, call);
                }
            }
            (None, Some(frame)) => self.effects.push(Effect::Send { conn, frame }),
            (None, None) => {}
        }
        self.effects.push(Effect::Close { conn });
    }

    /// A session over HTTP that is in use looks for a WebSocket after a while.
    pub(super) fn plan_upgrade(&mut self, role: Role) {
        let now = self.now();
        let Some(polling) = self.connection.link_mut(role).and_then(Link::polling) else { return };
        if !polling.is_upgradable() {
            return;
        }
        let pause_ms = self.connection.route.upgrade_pause_ms(&mut self.random);
        if let Some(polling) = self.connection.link_mut(role).and_then(Link::polling) {
            polling.upgrade = pause_ms.map_or(Upgrade::Never, |pause_ms| Upgrade::At(now + pause_ms));
        }
    }

    pub(super) fn overdue(&mut self, role: Role, overdue: Overdue) {
        let now = self.now();
        let conn = self.connection.next_conn();
        let Some(polling) = self.connection.link_mut(role).and_then(Link::polling) else { return };
        match (overdue, polling.upgrade) {
            (Overdue::Rest, _) => polling.rested(),
            (Overdue::Write, _) => self.drop_link(role, "the server took nothing in time"),
            (Overdue::Upgrade, Upgrade::At(_) | Upgrade::Never) => {
                let path_and_query = polling.begin_upgrade(conn, now);
                self.effects.push(Effect::Connect { conn, transport: Transport::WebSocket, path_and_query });
            }
            (Overdue::Upgrade, upgrade) => {
                if let Some(conn) = upgrade.conn() {
                    self.effects.push(Effect::Close { conn });
                }
                self.upgrade_failed(role);
            }
        }
    }

    /// The WebSocket is open: for a session that may move to it, it must show that it works first.
    pub(super) fn opened(&mut self, conn: ConnId) {
        // On any other, Engine.IO speaks first.
        let Some(role) = self.connection.tested_by(conn) else { return };
        if let Some(polling) = self.connection.link_mut(role).and_then(Link::polling)
            && polling.upgrade_opened()
        {
            self.effects.push(Effect::Send { conn, frame: "2probe".to_owned() });
        }
    }

    pub(super) fn upgrade_frame(&mut self, role: Role, frame: &str) {
        let now = self.now();
        if EnginePacket::decode_text(frame) == Ok(EnginePacket::Pong(Heartbeat::Probe))
            && let Some(polling) = self.connection.link_mut(role).and_then(Link::polling)
        {
            polling.upgrade_works();
            self.connection.heard(role, now);
        }
    }

    /// The session stays where it is; it is tried again, less and less often.
    pub(super) fn upgrade_failed(&mut self, role: Role) {
        self.plan_upgrade(role);
    }

    fn call(&mut self, conn: ConnId, call: Call) {
        let Call { method, path_and_query, body } = call;
        self.effects.push(Effect::Request { conn, method, path_and_query, body });
    }
}
