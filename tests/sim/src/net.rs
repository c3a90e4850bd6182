//! The model network: connections with delay, jitter and an order, that break in all the ways in which real ones do;
//! and on their server's end the hub's transport.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use roomcast_client_core as core;
use roomcast_protocol::{RoomId, UserId, event::UserOffline, wire::encode_event};
use roomcast_server::{
    domain::ConnId,
    hub::{CloseReason, Packet, Transport},
    service::{Arrival, Departure},
};
use tokio::sync::mpsc;

use crate::{
    event::Event,
    kernel::{Group, Kernel},
    rng::Rng,
};

/// Names a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinkId(pub u64);

/// What travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A text frame.
    Text(String),
    /// The end, after all that was sent before it.
    End,
}

/// One direction of a connection.
#[derive(Debug, Default)]
struct Pipe {
    frames: VecDeque<Frame>,
    last: u64,
}

/// A connection.
pub(crate) struct Link {
    /// Whose.
    pub device: usize,
    /// The node that it goes to.
    pub node: usize,
    /// In which of its lives.
    pub life: u64,
    /// What the client calls it.
    pub name: core::ConnId,
    /// Whether the client holds it for open, or opening.
    pub client_open: bool,
    /// Whether the server holds it for open.
    pub server_open: bool,
    /// Whether nothing passes any more.
    pub dead: bool,
    /// What the server calls it, once it is let in.
    pub conn: Option<ConnId>,
    /// Where its commands go.
    pub mailbox: Option<mpsc::Sender<Arrival<Option<u64>>>>,
    /// Whether its user counts as here by it.
    pub here: bool,
    /// When the server heard its last sign of life.
    pub heard_at: u64,
    up: Pipe,
    down: Pipe,
}

/// How the network is for a device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// Least delay of a frame, in milliseconds.
    pub delay: u64,
    /// Most that comes on top.
    pub jitter: u64,
    /// Nothing can be reached.
    pub offline: bool,
    /// Attempts to connect are swallowed.
    pub swallows: bool,
    /// Nothing arrives before.
    pub stalled_until: u64,
}

/// What becomes of broadcasts, in percent of their copies.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BusFaults {
    /// Lost.
    pub lost: u64,
    /// Sent twice.
    pub doubled: u64,
    /// Overtaken by later ones.
    pub late: u64,
    /// Only to this device.
    pub only: Option<usize>,
}

/// What the faults did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NetCounts {
    /// Frames to clients.
    pub down: u64,
    /// Frames to the server.
    pub up: u64,
    /// Copies lost.
    pub lost: u64,
    /// Copies doubled.
    pub doubled: u64,
    /// Copies overtaken.
    pub late: u64,
    /// Connections closed because their client did not read.
    pub slow: u64,
    /// Connections made.
    pub links: u64,
    /// Processes that died when part of their news was out.
    pub killed_after_news: u64,
    /// Attempts to connect that vanished.
    pub swallowed: u64,
}

/// The network.
pub(crate) struct Net {
    kernel: Arc<Kernel<Event>>,
    state: Mutex<NetState>,
}

/// All connections.
pub(crate) struct NetState {
    /// By name.
    pub links: BTreeMap<LinkId, Link>,
    /// How it is for each device.
    pub weather: Vec<Weather>,
    /// What becomes of broadcasts.
    pub bus: BusFaults,
    /// What became of them.
    pub counts: NetCounts,
    /// The process that dies when part of its next news is out.
    pub crash_after_news: Option<Group>,
    /// Whose each device is.
    pub users: Vec<UserId>,
    /// When the first of a user's connections went since they were last let in, how, and from which node.
    pub left: BTreeMap<UserId, (u64, Departure, usize)>,
    /// When they last said goodbye on any of them.
    pub goodbyes: BTreeMap<UserId, u64>,
    /// Users who were said to be gone before their time.
    pub early: Vec<String>,
    /// What each node holds.
    places: Vec<Place>,
    next_link: u64,
    rng: Rng,
}

/// What a node's end of the network holds.
#[derive(Debug, Default)]
struct Place {
    /// Subscriptions by room.
    rooms: BTreeMap<RoomId, BTreeSet<ConnId>>,
    conns: BTreeMap<ConnId, LinkId>,
    /// Each node counts its connections for itself, over all its lives.
    next_conn: u64,
}

/// The network, as one process of a node sees it.
pub(crate) struct Gateway {
    net: Arc<Net>,
    node: usize,
    group: Group,
}

/// Events that a client asks for again when it misses them.
const LOGGED: [&str; 6] =
    ["new-message", "message-edited", "message-deleted", "message-updated", "user-joined", "user-left"];

/// Events that may be lost because they end by themselves.
const FLEETING: [&str; 2] = ["user-typing", "user-stopped-typing"];

/// An event that nobody asks for again: it may come twice, and not be lost.
const CURSORS: &str = "messages-read";

/// How long a lost connection's user still counts as present.
const GRACE_MS: u64 = 10_000;

/// How long what one node was told may take to be told by the others.
const HEARSAY_MS: u64 = 3_000;

/// Most frames that wait for a reader.
const OUTBOUND: usize = 256;

impl Net {
    /// A network of so many nodes, without connections.
    #[must_use]
    pub(crate) fn new(kernel: Arc<Kernel<Event>>, seed: u64, nodes: usize) -> Arc<Self> {
        let state = NetState {
            links: BTreeMap::new(),
            weather: Vec::new(),
            bus: BusFaults::default(),
            counts: NetCounts::default(),
            crash_after_news: None,
            users: Vec::new(),
            left: BTreeMap::new(),
            goodbyes: BTreeMap::new(),
            early: Vec::new(),
            places: (0..nodes).map(|_| Place::default()).collect(),
            next_link: 0,
            rng: Rng::stream(seed, 3),
        };
        Arc::new(Self { kernel, state: Mutex::new(state) })
    }

    /// A user is here.
    pub(crate) fn note_here(&self, link: LinkId) {
        let mut net = self.state();
        let device = match net.links.get_mut(&link) {
            Some(link) if link.server_open => {
                link.here = true;
                link.device
            }
            // It hung up while the server was still looking.
            _ => return,
        };
        let user = net.users[device].clone();
        net.left.remove(&user);
    }

    /// The server learns how a user's connection ended.
    pub(crate) fn note_left(&self, link: LinkId, how: Departure) {
        let mut net = self.state();
        let Some(link) = net.links.get(&link).filter(|link| link.here) else { return };
        let (device, node) = (link.device, link.node);
        let user = net.users[device].clone();
        let now = self.kernel.now();
        if how == Departure::Asked {
            net.goodbyes.insert(user.clone(), now);
        }
        let left = net.left.entry(user).or_insert((now, how, node));
        if how == Departure::Asked {
            left.1 = how;
        }
    }

    /// All connections.
    pub(crate) fn state(&self) -> MutexGuard<'_, NetState> {
        self.state.lock().expect("one thread")
    }

    /// A client wants a connection.
    pub(crate) fn connect(&self, device: usize, life: u64, name: core::ConnId) -> LinkId {
        let mut net = self.state();
        let id = LinkId(net.next_link);
        net.next_link += 1;
        net.counts.links += 1;
        let nodes = net.places.len() as u64;
        let node = if nodes == 1 { 0 } else { usize::try_from(net.rng.below(nodes)).unwrap_or_default() };
        let link = Link {
            device,
            node,
            life,
            name,
            client_open: true,
            server_open: false,
            dead: false,
            conn: None,
            mailbox: None,
            here: false,
            heard_at: self.kernel.now(),
            up: Pipe::default(),
            down: Pipe::default(),
        };
        net.links.insert(id, link);
        let weather = net.weather[device];
        let ms = 2 * weather.delay + net.rng.below(weather.jitter + 1);
        drop(net);
        self.kernel.after(ms, Event::Opening(id));
        id
    }

    /// Sends to the server.
    pub(crate) fn send_up(&self, id: LinkId, frame: Frame) {
        let mut net = self.state();
        net.counts.up += 1;
        if let Some(at) = net.queue(id, true, frame, self.kernel.now()) {
            drop(net);
            self.kernel.at(at, Event::Up(id));
        }
    }

    /// Sends to the client.
    pub(crate) fn send_down(&self, id: LinkId, frame: Frame) {
        let mut net = self.state();
        self.push_down(&mut net, id, frame);
    }

    fn push_down(&self, net: &mut NetState, id: LinkId, frame: Frame) {
        net.counts.down += 1;
        if let Some(at) = net.queue(id, false, frame, self.kernel.now()) {
            self.kernel.at(at, Event::Down(id));
        }
        let full = net.links.get(&id).is_some_and(|link| link.server_open && link.down.frames.len() > OUTBOUND);
        if full {
            net.counts.slow += 1;
            self.hang_up(net, id, CloseReason::Slow);
        }
    }

    /// The next frame that has arrived; `None` where it is held back or gone.
    pub(crate) fn arrived(&self, id: LinkId, up: bool) -> Option<Frame> {
        let now = self.kernel.now();
        let mut net = self.state();
        let device = net.links.get(&id)?.device;
        let until = net.weather[device].stalled_until;
        let link = net.links.get_mut(&id)?;
        if until > now {
            self.kernel.at(until, if up { Event::Up(id) } else { Event::Down(id) });
            return None;
        }
        let pipe = if up { &mut link.up } else { &mut link.down };
        pipe.frames.pop_front()
    }

    /// Nothing passes any more; who learns of it is the caller's business.
    pub(crate) fn sever(&self, id: LinkId) {
        if let Some(link) = self.state().links.get_mut(&id) {
            link.dead = true;
            link.up.frames.clear();
            link.down.frames.clear();
        }
    }

    /// The server lets a connection in.
    pub(crate) fn register(&self, id: LinkId) -> Option<ConnId> {
        let mut net = self.state();
        let NetState { links, places, .. } = &mut *net;
        let link = links.get_mut(&id).filter(|link| link.server_open)?;
        let place = &mut places[link.node];
        place.next_conn += 1;
        let conn = ConnId(place.next_conn);
        link.conn = Some(conn);
        place.conns.insert(conn, id);
        Some(conn)
    }

    /// A node forgets a connection.
    pub(crate) fn unregister(&self, node: usize, conn: ConnId) {
        let place = &mut self.state().places[node];
        place.conns.remove(&conn);
        for conns in place.rooms.values_mut() {
            conns.remove(&conn);
        }
    }

    /// A node's process is gone: its end of everything with it. Gives back what was open.
    pub(crate) fn forget_node(&self, node: usize) -> Vec<LinkId> {
        let mut net = self.state();
        net.places[node].rooms.clear();
        net.places[node].conns.clear();
        // Their time was its to give: a node that comes after it has never heard of them.
        net.left.retain(|_, (_, _, of)| *of != node);
        let open = net.links.iter().filter(|(_, link)| link.node == node && link.server_open);
        let open: Vec<LinkId> = open.map(|(id, _)| *id).collect();
        for id in &open {
            if let Some(link) = net.links.get_mut(id) {
                (link.server_open, link.conn, link.mailbox) = (false, None, None);
            }
        }
        open
    }

    /// The connections that a node has let in.
    pub(crate) fn connections(&self, node: usize) -> Vec<ConnId> {
        self.state().places[node].conns.keys().copied().collect()
    }

    /// What a process of a node reaches its clients by.
    #[must_use]
    pub(crate) fn gateway(self: &Arc<Self>, node: usize, group: Group) -> Arc<Gateway> {
        Arc::new(Gateway { net: self.clone(), node, group })
    }

    fn hang_up(&self, net: &mut NetState, id: LinkId, reason: CloseReason) {
        let now = self.kernel.now();
        let Some(link) = net.links.get_mut(&id).filter(|link| link.server_open) else { return };
        link.server_open = false;
        if reason == CloseReason::Slow {
            link.down.frames.clear();
        }
        if matches!(reason, CloseReason::TokenExpired | CloseReason::Revoked)
            && let Some(at) = net.queue(id, false, Frame::Text("41".to_owned()), now)
        {
            self.kernel.at(at, Event::Down(id));
        }
        if let Some(at) = net.queue(id, false, Frame::End, now) {
            self.kernel.at(at, Event::Down(id));
        }
        self.kernel.at(now, Event::ServerLearns(id, Departure::Lost));
    }

    fn frame(packet: &Packet) -> String {
        encode_event(packet.name, &packet.json, None).expect("raw JSON encodes").into_frame()
    }
}

impl NetState {
    /// Puts a frame on its way; gives the time of its arrival, unless it is lost.
    fn queue(&mut self, id: LinkId, up: bool, frame: Frame, now: u64) -> Option<u64> {
        let link = self.links.get_mut(&id)?;
        if link.dead {
            return None;
        }
        let weather = self.weather[link.device];
        let pipe = if up { &mut link.up } else { &mut link.down };
        let at = (now + weather.delay + self.rng.below(weather.jitter + 1)).max(pipe.last).max(weather.stalled_until);
        pipe.last = at;
        pipe.frames.push_back(frame);
        Some(at)
    }
}

impl NetState {
    /// A user is said to be gone: they said so, or their time was over (G-13).
    fn check_early(&mut self, packet: &Packet, now: u64) {
        if packet.name != "user-offline" {
            return;
        }
        let Ok(told) = serde_json::from_str::<UserOffline>(packet.json.get()) else { return };
        // Who said goodbye to one node while they came to another is said to be gone where that is not heard of yet.
        if self.goodbyes.get(&told.user_id).is_some_and(|at| now < at + HEARSAY_MS) {
            return;
        }
        // Of a new member it is said without a time.
        match self.left.get(&told.user_id).filter(|_| told.last_seen_at.is_some()) {
            Some((at, Departure::Lost, _)) if now < at + GRACE_MS => {
                self.early.push(format!("{} was lost at {at} and is said to be gone at {now}", told.user_id));
            }
            _ => {}
        }
    }
}

impl Transport for Gateway {
    fn subscribe(&self, conn: ConnId, room: &RoomId) {
        let place = &mut self.net.state().places[self.node];
        if place.conns.contains_key(&conn) {
            place.rooms.entry(room.clone()).or_default().insert(conn);
        }
    }

    fn unsubscribe(&self, conn: ConnId, room: &RoomId) {
        if let Some(conns) = self.net.state().places[self.node].rooms.get_mut(room) {
            conns.remove(&conn);
        }
    }

    fn emit(&self, conn: ConnId, packet: &Packet) {
        let mut net = self.net.state();
        let Some(id) = net.places[self.node].conns.get(&conn).copied() else { return };
        self.net.push_down(&mut net, id, Frame::Text(Net::frame(packet)));
    }

    fn broadcast(&self, rooms: &[RoomId], except: Option<ConnId>, packet: &Packet) {
        let mut net = self.net.state();
        let place = &net.places[self.node];
        let conns = rooms.iter().filter_map(|room| place.rooms.get(room)).flatten().copied();
        let conns: BTreeSet<ConnId> = conns.collect();
        let text = Net::frame(packet);
        let loses = LOGGED.contains(&packet.name) || FLEETING.contains(&packet.name);
        let doubles = loses || packet.name == CURSORS;
        net.check_early(packet, self.net.kernel.now());
        for conn in conns.into_iter().filter(|conn| Some(*conn) != except) {
            let Some(id) = net.places[self.node].conns.get(&conn).copied() else { continue };
            let Some(device) = net.links.get(&id).map(|link| link.device) else { continue };
            let bus = net.bus;
            if doubles && bus.only.is_none_or(|only| only == device) {
                if loses && net.rng.percent(bus.lost) {
                    net.counts.lost += 1;
                    continue;
                }
                if loses && net.rng.percent(bus.late) {
                    net.counts.late += 1;
                    let ms = net.rng.range(5, 400);
                    self.net.kernel.after(ms, Event::Late(id, text.clone()));
                    continue;
                }
                if net.rng.percent(bus.doubled) {
                    net.counts.doubled += 1;
                    self.net.push_down(&mut net, id, Frame::Text(text.clone()));
                }
            }
            self.net.push_down(&mut net, id, Frame::Text(text.clone()));
            if loses && net.crash_after_news == Some(self.group) {
                net.crash_after_news = None;
                net.counts.killed_after_news += 1;
                self.net.kernel.kill(self.group);
                return;
            }
        }
    }

    fn close(&self, conn: ConnId, reason: CloseReason) {
        let mut net = self.net.state();
        if let Some(id) = net.places[self.node].conns.get(&conn).copied() {
            self.net.hang_up(&mut net, id, reason);
        }
    }
}
