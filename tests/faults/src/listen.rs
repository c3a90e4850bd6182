//! What a device is told, checked while it is told.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use roomcast_client::{Events, Notice, view::Phase};
use roomcast_protocol::{RoomId, Seq, UserId, model::Message};

use crate::{
    book::{Heard, Label, now_us},
    device::Device,
    figures::Way,
};

/// What was told of a room.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    last: Option<Seq>,
    /// Whether a hole may follow it.
    hole: bool,
}

#[derive(Debug, Default)]
struct Screen {
    told: BTreeMap<RoomId, Told>,
    cursors: BTreeMap<(RoomId, UserId), Seq>,
    connected: bool,
    sessions: u64,
    /// Whether it may have missed that it entered a room.
    missed: bool,
}

/// Listens until the client ends.
pub(crate) async fn listen(device: Arc<Device>, mut events: Events) {
    let mut screen = Screen::default();
    while let Some(event) = events.next().await {
        match event {
            Ok(notice) => screen.note(&device, &notice),
            Err(lagged) => {
                // The tests' fault, not the client's: what it has missed must be excused.
                device.book.open().figures.count("lagged");
                println!("device {}: {lagged}", device.number);
                screen.told.values_mut().for_each(|told| told.hole = true);
                screen.missed = true;
            }
        }
    }
}

impl Screen {
    fn note(&mut self, device: &Device, notice: &Notice) {
        match notice {
            Notice::Connection(phase) => self.connection(device, *phase),
            Notice::RoomEntered(room) => {
                self.told.insert(room.clone(), Told::default());
                self.cursors.retain(|(id, _), _| id != room);
            }
            Notice::RoomLeft(room, _) => {
                self.told.remove(room);
                self.cursors.retain(|(id, _), _| id != room);
            }
            Notice::RoomReset(room) => {
                self.told.entry(room.clone()).or_default().hole = true;
                device.book.open().figures.resets += 1;
            }
            Notice::NewMessage(message) => self.message(device, message),
            Notice::Read(room, user, seq) if *user != device.user => {
                let shown = self.cursors.entry((room.clone(), user.clone())).or_default();
                if *seq < *shown {
                    let what = format!("device {} is told {user} at {seq} of {room} after {shown}", device.number);
                    device.book.violate("cursors", what);
                }
                *shown = (*shown).max(*seq);
            }
            Notice::SendFailed(client_id, error) => {
                let what = format!("send failed: {}", error.code.as_str());
                *device.book.open().figures.refusals.entry(what).or_default() += 1;
                let _ = client_id;
            }
            _ => {}
        }
    }

    fn connection(&mut self, device: &Device, phase: Phase) {
        let connected = matches!(phase, Phase::Connected | Phase::Draining);
        if connected && (!self.connected || phase == Phase::Connected) {
            self.sessions += 1;
            if self.sessions > 1 {
                device.book.open().figures.reconnects += 1;
            }
            device.set_connected(true);
        } else if !connected && self.connected {
            device.set_connected(false);
        }
        self.connected = connected;
        if let Phase::Refused(refusal) = phase {
            device.book.violate("refused", format!("device {} is refused: {refusal}", device.number));
        }
    }

    fn message(&mut self, device: &Device, message: &Message) {
        let (now, at_us) = (Instant::now(), now_us());
        if self.missed {
            self.told.entry(message.room_id.clone()).or_default();
        }
        let Some(told) = self.told.get_mut(&message.room_id) else {
            let what =
                format!("device {} is told {} of {}, where it is not", device.number, message.seq, message.room_id);
            return device.book.violate("told in order", what);
        };
        let before = std::mem::replace(told, Told { last: Some(message.seq), hole: false });
        let fits = match before {
            Told { last: None, .. } => true,
            Told { last: Some(last), hole: true } => message.seq > last,
            Told { last: Some(last), hole: false } => message.seq == last.next(),
        };
        if !fits {
            let what =
                format!("device {} is told {} of {} after {before:?}", device.number, message.seq, message.room_id);
            device.book.violate("told in order", what);
        }
        let mut pages = device.book.open();
        pages.heard.push(Heard { device: device.number, room: message.room_id.clone(), rev: message.rev, at_us });
        pages.figures.deliveries += 1;
        let sent = message.client_id.as_ref().and_then(|id| pages.sends.get(id));
        let (Some(sent), Some(session)) = (sent, device.session()) else { return };
        let (Some(from), true) = (sent.from, sent.device != device.number && session.since < sent.posted) else {
            return;
        };
        let way = if from == session.node { Way::Local } else { Way::Across };
        let label = if device.disturbed.load(Ordering::Relaxed) { Label::Street } else { sent.label };
        let took = now - sent.posted;
        pages.figures.took.entry((label, way)).or_default().push(took);
    }
}
