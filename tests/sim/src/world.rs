//! The world: devices, network, server and disk on one clock, and the loop that runs them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use roomcast_client_core::{
    CloseReason, CommandId, Effect, Input, Network, StorageChange, StorageError, Target, Token, TokenError, TokenReq,
    UserCommand,
    view::{PendingMessage, SendStatus},
};
use roomcast_protocol::{ClientId, Command, RoomId, UserId};
use roomcast_server::{
    hub::{NodeId, alone},
    service::{Departure, ServiceSettings},
};

use crate::{
    bus::ModelBus,
    check::Violation,
    device::{Asked, Device, Written},
    event::Event,
    fault::{self, Fault, Kind},
    history::{History, Traced, Who},
    kernel::{Executor, Group, Kernel, Next},
    net::{Frame, LinkId, Net, Weather},
    node::{self, Around, Node, TICK_MS},
    rng::Rng,
    store::{Db, Disk},
    tally::{self, Tally},
    wire::Wire,
};

/// When faults begin.
pub(crate) const CALM_MS: u64 = 3_000;
/// How often the checker looks at the screens.
pub(crate) const LOOK_MS: u64 = 500;

/// How often it is looked whether a frozen node runs again.
const FROZEN_MS: u64 = 20;

/// Most events of one millisecond.
const AT_ONCE_MOST: u32 = 100_000;

/// What a run is made of.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) kernel: Arc<Kernel<Event>>,
    pub(crate) executor: Executor<Event>,
    pub(crate) net: Arc<Net>,
    pub(crate) disk: Arc<Disk<Event>>,
    pub(crate) bus: Arc<ModelBus>,
    pub(crate) nodes: Vec<Option<Node>>,
    /// How far each node's wall clock is off by nature, and by a fault.
    pub(crate) clocks: Vec<Clock>,
    /// Nodes that stay away for now.
    pub(crate) held: BTreeSet<usize>,
    /// When each node last began to run again.
    pub(crate) thawed_at: Vec<u64>,
    pub(crate) next_group: u64,
    pub(crate) devices: Vec<Device>,
    pub(crate) users: Vec<UserId>,
    pub(crate) rooms: Vec<RoomId>,
    pub(crate) rng: Rng,
    pub(crate) faults: Vec<Fault>,
    pub(crate) healed: bool,
    pub(crate) history: History,
    pub(crate) violations: Vec<Violation>,
    pub(crate) counts: Counts,
    /// Databases of before a restore: who was where in them.
    pub(crate) past: Vec<Db>,
    /// What a roll-back will go back to.
    pub(crate) backup: Option<Db>,
    /// Sends that a roll-back took away.
    pub(crate) rolled_back: BTreeSet<(UserId, ClientId)>,
    /// Whether a roll-back took anything away.
    pub(crate) rolled: bool,
    /// Who is not here after everything has healed.
    pub(crate) away: Option<UserId>,
    /// What passed on each connection.
    pub(crate) wires: BTreeMap<LinkId, Wire>,
    around: Around,
    pub(crate) heal_at: u64,
    /// Events since time last moved.
    at_once: u32,
}

/// How far a node's wall clock is off, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    /// Always.
    pub skew: i64,
    /// For now.
    pub jump: i64,
}

/// Most that a node's wall clock is off by nature, in milliseconds.
pub(crate) const SKEW_MS: u64 = 150;

/// What a run counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    /// Faults by kind.
    pub faults: BTreeMap<Kind, u64>,
    /// What they did, where that can be counted.
    pub struck: BTreeMap<Kind, u64>,
    /// What users asked for, and how it ended.
    pub tally: Tally,
    /// Sends that were asked for.
    pub sends: u64,
    /// Messages in the database at the end.
    pub messages: u64,
    /// Connections made.
    pub links: u64,
    /// Commands.
    pub commands: u64,
    /// Tokens sent that had run out: the core cannot know before it is told.
    pub stale_tokens: u64,
}

/// A single node's clock is right: it is what the others are compared with.
fn skew(rng: &mut Rng, nodes: usize) -> i64 {
    if nodes == 1 { 0 } else { rng.range(0, 2 * SKEW_MS).cast_signed() - SKEW_MS.cast_signed() }
}

impl World {
    /// The world of a seed, with so many nodes, or with as many as the seed says.
    #[must_use]
    pub(crate) fn new(seed: u64, traced: Traced, nodes: Option<usize>) -> Self {
        let mut rng = Rng::stream(seed, 4);
        let mut node_rng = Rng::stream(seed, 6);
        let drawn = match node_rng.below(100) {
            0..34 => 1,
            34..70 => 2,
            _ => 3,
        };
        let nodes = nodes.unwrap_or(drawn);
        let clocks = (0..nodes).map(|_| Clock { skew: skew(&mut node_rng, nodes), jump: 0 }).collect();
        let kernel = Kernel::new(seed);
        let net = Net::new(kernel.clone(), seed, nodes);
        let bus = ModelBus::new(kernel.clone(), seed);
        let disk = Disk::new(kernel.clone(), seed);
        let users: Vec<UserId> = ["ann", "bob", "cyd"][..usize::try_from(rng.range(2, 3)).unwrap_or(2)]
            .iter()
            .map(|id| UserId::parse(id).expect("a good id"))
            .collect();
        let count = rng.range(users.len() as u64, 4);
        let heal_at = CALM_MS + rng.range(8_000, 28_000);
        let short = rng.percent(25);
        let devices: Vec<Device> = (0..usize::try_from(count).unwrap_or(2))
            .map(|index| {
                let user = users[if index < users.len() { index } else { index - users.len() }].clone();
                let token_ms = if short { rng.range(8_000, 20_000) } else { 3_600_000 };
                Device::new(seed, index, user, token_ms)
            })
            .collect();
        let weather = |rng: &mut Rng| Weather {
            delay: rng.range(1, 30),
            jitter: rng.range(0, 40),
            offline: false,
            swallows: false,
            stalled_until: 0,
        };
        net.state().users = devices.iter().map(|device| device.user.clone()).collect();
        net.state().weather = devices.iter().map(|_| weather(&mut rng)).collect();
        let faults = fault::plan(&mut Rng::stream(seed, 5), devices.len(), nodes, CALM_MS, heal_at);
        let settings = ServiceSettings {
            token_notice_ms: 5_000,
            token_grace_ms: 3_000,
            // Few, so that rooms are told anew, too.
            delta_rows: 12,
            ..ServiceSettings::default()
        };
        let around = Around { kernel: kernel.clone(), net: net.clone(), disk: disk.clone(), settings };
        let mut world = Self {
            seed,
            executor: Executor::new(kernel.clone()),
            kernel,
            net,
            disk,
            bus,
            nodes: (0..nodes).map(|_| None).collect(),
            clocks,
            held: BTreeSet::new(),
            thawed_at: vec![0; nodes],
            next_group: 1,
            devices,
            users,
            rooms: Vec::new(),
            rng,
            faults,
            healed: false,
            history: History::new(traced),
            violations: Vec::new(),
            counts: Counts::default(),
            past: Vec::new(),
            backup: None,
            rolled_back: BTreeSet::new(),
            rolled: false,
            away: None,
            wires: BTreeMap::new(),
            around,
            heal_at,
            at_once: 0,
        };
        world.found();
        world
    }

    /// Runs a seed to its end and checks it.
    pub(crate) fn run(&mut self) {
        for node in 0..self.nodes.len() {
            self.start_node(node);
        }
        for device in 0..self.devices.len() {
            let at = self.rng.below(800);
            self.kernel.at(at, Event::Restart(device));
            let at = self.rng.range(1_000, 2_500);
            self.kernel.at(at, Event::Work(device));
        }
        for (place, fault) in self.faults.iter().enumerate() {
            self.kernel.at(fault.at, Event::Break(place));
        }
        self.kernel.at(LOOK_MS, Event::Look);
        self.run_until(self.heal_at);
        self.heal();
        self.run_until(self.heal_at + 1_500);
        self.act_again();
        self.run_until(self.heal_at + 12_000);
        self.look_again();
        self.run_until(self.heal_at + 20_000);
        self.check_quiet();
        self.check_answers();
        self.run_until(self.heal_at + 30_000);
        self.check_presence();
        self.check_end();
        self.check_wishes();
        for device in &self.devices {
            tally::count(&mut self.counts.tally, device);
        }
        self.count_strikes();
        self.counts.links = self.net.state().counts.links;
        self.counts.messages = self.disk.state().db.messages.len() as u64;
        let digest = {
            let disk = self.disk.state();
            let revs: Vec<String> =
                disk.db.rooms.values().map(|row| format!("{}:{}", row.room.rev, row.room.seq)).collect();
            revs.join(" ")
        };
        self.history.note(self.kernel.now(), Who::World, "end", &digest);
    }

    fn count_strikes(&mut self) {
        let (disk, net, bus) = (self.disk.state().counts, self.net.state().counts, self.bus.state().counts);
        let counted = [
            (Kind::KillBeforeCommit, disk.killed_before_commit),
            (Kind::KillAfterCommit, disk.killed_after_commit),
            (Kind::KillAfterAck, disk.killed_after_ack),
            (Kind::KillAfterPublish, net.killed_after_news),
            (Kind::CommitFails, disk.before),
            (Kind::CommitUnknown, disk.unknown),
            (Kind::Statement, disk.statement),
            (Kind::SlowCommit, disk.slow),
            (Kind::ReadFails, disk.read),
            (Kind::SlowRead, disk.slow_read),
            (Kind::Swallow, net.swallowed),
            (Kind::Lost, net.lost),
            (Kind::Doubled, net.doubled),
            (Kind::Late, net.late),
            (Kind::FrameLost, bus.lost),
            (Kind::FrameDoubled, bus.doubled),
            (Kind::FrameLate, bus.late),
            (Kind::FrameLostLast, bus.lost_last),
            (Kind::BusDown, bus.cut),
        ];
        self.counts.struck.extend(counted);
    }

    fn run_until(&mut self, end: u64) {
        let mut now = self.kernel.now();
        loop {
            if self.kernel.now() > now {
                (now, self.at_once) = (self.kernel.now(), 0);
            }
            self.at_once += 1;
            if self.at_once > AT_ONCE_MOST {
                return self.violate("quiet", "something is done again and again, and time stands still".to_owned());
            }
            self.executor.run_ready();
            if let Some(group) = self.kernel.take_killed() {
                self.ended(group);
                continue;
            }
            match self.kernel.next(end) {
                None => return,
                Some(Next::Woken) => {}
                Some(Next::Event(event)) => self.event(event),
            }
        }
    }

    /// Whether something is for a node that does not run now.
    fn waits(&self, event: &Event) -> bool {
        let link = match event {
            Event::Tick(group) => return self.executor.is_frozen(Group(*group)),
            Event::Opening(link) | Event::Up(link) | Event::ServerLearns(link, _) | Event::Ping(link) => link,
            _ => return false,
        };
        let node = self.net.state().links.get(link).and_then(|link| self.nodes[link.node].as_ref());
        node.is_some_and(|node| self.executor.is_frozen(node.group))
    }

    fn event(&mut self, event: Event) {
        if self.waits(&event) {
            return self.kernel.after(FROZEN_MS, event);
        }
        match event {
            Event::Opening(link) => self.opening(link),
            Event::Up(link) => self.up(link),
            Event::Down(link) => self.down(link),
            Event::Late(link, frame) => self.net.send_down(link, Frame::Text(frame)),
            Event::ClientLearns(link) => self.client_learns(link),
            Event::ServerLearns(link, how) => {
                if let Some(node) = self.node_of(link) {
                    node.gone(link, how);
                }
            }
            Event::Ping(link) => {
                if let Some(node) = self.node_of(link) {
                    node.ping(link);
                }
            }
            Event::Wake(device) => self.wake(device),
            Event::Token { device, life, req, good } => self.token(device, life, req, good),
            Event::Stored { device, life, op } => {
                if self.devices[device].life == life
                    && self.devices[device].core.is_some()
                    && let Some(good) = self.devices[device].store(op)
                {
                    let result = if good { Ok(()) } else { Err(StorageError("full".to_owned())) };
                    self.input(device, Input::Stored { op, result });
                }
            }
            Event::Work(device) => self.work(device),
            Event::Restart(device) => self.start_device(device),
            Event::Tick(group) => {
                if let Some(node) = self.nodes.iter().flatten().find(|node| node.group.0 == group) {
                    node.service.tick();
                    self.kernel.after(TICK_MS, Event::Tick(group));
                }
            }
            Event::NodeStart(node) => self.start_node(node),
            Event::Bus(id) => {
                if let Some((node, said)) = self.bus.arrive(id) {
                    self.history.note(self.kernel.now(), Who::Node(node), "hears", &said);
                }
            }
            Event::Break(place) => self.break_(place),
            Event::Mend(place) => self.mend(place),
            Event::Look => {
                self.look();
                self.kernel.after(LOOK_MS, Event::Look);
            }
        }
    }

    /// The node that a connection goes to, as far as it runs.
    fn node_of(&self, link: LinkId) -> Option<Node> {
        let node = self.net.state().links.get(&link)?.node;
        self.nodes[node].clone()
    }

    /// Starts a node, unless it runs.
    pub(crate) fn start_node(&mut self, place: usize) {
        if self.nodes[place].is_some() || self.held.contains(&place) {
            return;
        }
        let group = Group(self.next_group);
        self.next_group += 1;
        self.history.note(self.kernel.now(), Who::Node(place), "starts", "");
        let link = if self.nodes.len() == 1 {
            alone()
        } else {
            self.bus.link(place, NodeId::new(format!("n{place}.{}", group.0)))
        };
        self.set_clock(place, group);
        self.nodes[place] = Some(Node::start(&self.around, place, group, link));
    }

    /// A node's process has its node's wall clock.
    pub(crate) fn set_clock(&self, place: usize, group: Group) {
        let Clock { skew, jump } = self.clocks[place];
        self.kernel.set_wall_offset(group, skew + jump);
    }

    /// A node's process is gone.
    pub(crate) fn ended(&mut self, group: Group) {
        self.executor.end(group);
        let Some(place) = self.nodes.iter().flatten().find(|node| node.group == group).map(|node| node.place) else {
            return;
        };
        self.history.note(self.kernel.now(), Who::Node(place), "is gone", "");
        self.disk.state().lose_promises(self.kernel.now());
        self.nodes[place] = None;
        self.bus.unplug(place);
        for link in self.net.forget_node(place) {
            match self.rng.below(10) {
                // The system says goodbye behind what was sent.
                0..5 => self.net.send_down(link, Frame::End),
                5..9 => {
                    self.net.sever(link);
                    let ms = self.rng.range(1, 300);
                    self.kernel.after(ms, Event::ClientLearns(link));
                }
                _ => self.net.sever(link),
            }
        }
        let ms = self.rng.range(100, 2_500);
        self.kernel.after(ms, Event::NodeStart(place));
    }

    pub(crate) fn start_device(&mut self, device: usize) {
        if self.devices[device].core.is_some() {
            return;
        }
        let now = self.kernel.now();
        self.devices[device].start(now);
        self.history.note(now, Who::Device(device), "starts", "");
        self.check_reload(device);
        self.input(device, Input::Connect);
    }

    /// A client dies, with all that it had in memory.
    pub(crate) fn crash_device(&mut self, device: usize) {
        let now = self.kernel.now();
        self.history.note(now, Who::Device(device), "dies", "");
        let it = &mut self.devices[device];
        it.core = None;
        it.armed = None;
        it.disk.queue.clear();
        it.disk.last = 0;
        for link in std::mem::take(&mut it.links).into_values() {
            if let Some(link) = self.net.state().links.get_mut(&link) {
                link.client_open = false;
            }
            self.net.sever(link);
            if self.rng.percent(80) {
                let ms = self.rng.range(0, 500);
                self.kernel.after(ms, Event::ServerLearns(link, Departure::Lost));
            }
        }
    }

    /// Another tab of the same browser takes the outbox over. The first is gone, and its last words are not: they
    /// reach the server in their time, and what it gave to the storage may yet be stored.
    pub(crate) fn take_over(&mut self, device: usize) {
        let now = self.kernel.now();
        if self.devices[device].core.is_none() {
            return;
        }
        self.history.note(now, Who::Device(device), "is taken over", "");
        let it = &mut self.devices[device];
        (it.core, it.armed, it.disk.last) = (None, None, 0);
        let under_way = std::mem::take(&mut it.disk.queue);
        if it.rng.percent(50) && !it.trouble.storage_full {
            under_way.into_iter().for_each(|op| it.disk.apply(op.change));
        }
        for link in std::mem::take(&mut it.links).into_values() {
            if let Some(link) = self.net.state().links.get_mut(&link) {
                link.client_open = false;
            }
            self.net.send_up(link, Frame::End);
        }
        self.start_device(device);
    }

    /// Something happens to a client.
    pub(crate) fn input(&mut self, device: usize, input: Input) {
        let now = self.kernel.now();
        let it = &mut self.devices[device];
        let clocks = it.now(now);
        let Some(core) = &mut it.core else { return };
        core.handle(clocks, input);
        let mut effects = Vec::new();
        while let Some(effect) = core.poll_effect() {
            effects.push(effect);
        }
        let connects = effects.iter().any(|effect| matches!(effect, Effect::Connect { .. }));
        for effect in effects {
            self.effect(device, effect);
        }
        if connects {
            self.check_one_connection(device);
        }
        let it = &mut self.devices[device];
        if let Some(at) = it.wants()
            && it.armed.is_none_or(|armed| at < armed || armed < now)
        {
            it.armed = Some(at.max(now));
            self.kernel.at(at, Event::Wake(device));
        }
    }

    fn wake(&mut self, device: usize) {
        let now = self.kernel.now();
        let it = &mut self.devices[device];
        if it.armed.is_some_and(|armed| armed <= now) {
            it.armed = None;
        }
        match it.wants() {
            Some(at) if at <= now => self.input(device, Input::Timeout),
            Some(at) if it.armed.is_none_or(|armed| at < armed) => {
                it.armed = Some(at);
                self.kernel.at(at, Event::Wake(device));
            }
            _ => {}
        }
    }

    fn effect(&mut self, device: usize, effect: Effect) {
        let now = self.kernel.now();
        match effect {
            Effect::Connect { conn, .. } => {
                let life = self.devices[device].life;
                let link = self.net.connect(device, life, conn);
                self.devices[device].links.insert(conn, link);
                self.history.note(now, Who::Device(device), "connects", &link.0.to_string());
            }
            Effect::Send { conn, frame } => {
                let Some(link) = self.devices[device].links.get(&conn).copied() else { return };
                self.check_sent(device, link, &frame);
                self.history.note(now, Who::Device(device), "sends", &frame);
                self.net.send_up(link, Frame::Text(frame));
            }
            Effect::Close { conn } => {
                if let Some(link) = self.devices[device].links.remove(&conn) {
                    self.history.note(now, Who::Device(device), "closes", &link.0.to_string());
                    if let Some(link) = self.net.state().links.get_mut(&link) {
                        link.client_open = false;
                    }
                    self.net.send_up(link, Frame::End);
                }
            }
            Effect::Request { .. } => self.violate("transports", format!("d{device} makes requests")),
            Effect::FetchToken { req, reason } => {
                self.history.explain(now, Who::Device(device), "fetches", || format!("{req:?} {reason:?}"));
                let it = &mut self.devices[device];
                if it.rng.percent(it.trouble.provider_hangs) {
                    return;
                }
                let good = !it.rng.percent(it.trouble.provider_fails);
                let ms = it.rng.range(1, 200);
                let life = it.life;
                self.kernel.after(ms, Event::Token { device, life, req, good });
            }
            Effect::Persist(op) => {
                let it = &mut self.devices[device];
                let ms = it.rng.below(it.trouble.storage_ms + 1);
                it.disk.last = it.disk.last.max(now + ms);
                let (at, life, id) = (it.disk.last, it.life, op.id);
                let what = match &op.change {
                    StorageChange::Put(item) => format!("put {}", item.order),
                    StorageChange::Remove(id) => format!("remove {id}"),
                };
                it.disk.queue.push_back(op);
                self.history.note(now, Who::Device(device), "persists", &what);
                self.kernel.at(at, Event::Stored { device, life, op: id });
            }
            Effect::Resolve { id, result } => {
                self.history.note(now, Who::Device(device), "resolves", &id.0.to_string());
                self.history.explain(now, Who::Device(device), "resolves", || format!("{result:?}"));
                self.resolved(device, id, result);
            }
            Effect::Changed(_) => {}
            Effect::Notice(notice) => {
                self.history.explain(now, Who::Device(device), "notice", || format!("{notice:?}"));
                self.noticed(device, &notice);
            }
        }
    }

    fn opening(&mut self, id: LinkId) {
        let (device, open) = {
            let net = self.net.state();
            let link = &net.links[&id];
            let weather = net.weather[link.device];
            if weather.swallows && link.client_open {
                drop(net);
                self.net.state().counts.swallowed += 1;
                return;
            }
            (link.device, link.client_open.then_some(!weather.offline))
        };
        let Some(reachable) = open else { return };
        let Some(node) = self.node_of(id).filter(|_| reachable) else {
            self.net.sever(id);
            self.kernel.after(5, Event::ClientLearns(id));
            return;
        };
        let name = {
            let mut net = self.net.state();
            let link = net.links.get_mut(&id).expect("looked at above");
            (link.server_open, link.heard_at) = (true, self.kernel.now());
            link.name
        };
        node.accept(id);
        self.input(device, Input::Opened(name));
    }

    fn up(&mut self, id: LinkId) {
        let Some(frame) = self.net.arrived(id, true) else { return };
        let Some(node) = self.node_of(id) else { return };
        if !self.net.state().links[&id].server_open {
            return;
        }
        match frame {
            Frame::Text(text) => {
                self.history.note(self.kernel.now(), Who::Node(node.place), &format!("gets/{}", id.0), &text);
                self.check_arrived(id, &text);
                node.take(id, &text);
            }
            Frame::End => node.gone(id, Departure::Lost),
        }
    }

    fn down(&mut self, id: LinkId) {
        let Some(frame) = self.net.arrived(id, false) else { return };
        let (device, life, name, open) = {
            let net = self.net.state();
            let link = &net.links[&id];
            (link.device, link.life, link.name, link.client_open)
        };
        if self.devices[device].life != life {
            return;
        }
        match frame {
            // A shell may hand over what a socket said before it was closed: nobody is to listen to it.
            Frame::Text(text) if !open => {
                self.history.note(self.kernel.now(), Who::Device(device), "gets late", &text);
                self.input(device, Input::Frame(name, text));
            }
            Frame::Text(text) => {
                self.history.note(self.kernel.now(), Who::Device(device), "gets", &text);
                self.check_received(device, id, &text);
                self.check_frame(device, &text);
                self.input(device, Input::Frame(name, text));
            }
            Frame::End => self.client_learns(id),
        }
    }

    fn client_learns(&mut self, id: LinkId) {
        let (device, life, name) = {
            let mut net = self.net.state();
            let Some(link) = net.links.get_mut(&id) else { return };
            if !std::mem::take(&mut link.client_open) {
                return;
            }
            (link.device, link.life, link.name)
        };
        if self.devices[device].life == life && self.devices[device].core.is_some() {
            self.devices[device].links.remove(&name);
            self.history.note(self.kernel.now(), Who::Device(device), "lost", &id.0.to_string());
            self.input(device, Input::Closed(name, CloseReason("gone".to_owned())));
        }
    }

    fn token(&mut self, device: usize, life: u64, req: TokenReq, good: bool) {
        let now = self.kernel.now();
        let it = &mut self.devices[device];
        if it.life != life || it.core.is_none() {
            return;
        }
        let result = if good {
            it.newest_token += 1;
            let exp = crate::kernel::WALL_START_MS + now + it.trouble.token_ms;
            Ok(Token(node::token(&it.user, exp, it.newest_token)))
        } else {
            Err(TokenError("the model has none".to_owned()))
        };
        self.input(device, Input::Token { req, result });
    }

    /// A user asks for something.
    pub(crate) fn ask(&mut self, device: usize, command: UserCommand) {
        let now = self.kernel.now();
        let it = &mut self.devices[device];
        if it.core.is_none() {
            return;
        }
        let id = it.next_command();
        let order = it.next_order();
        let (life, mut about) = (it.life, None);
        match &command {
            UserCommand::Retry(client_id) | UserCommand::Revise { client_id, .. } => {
                about = Some(client_id.clone());
                if let Some(written) = it.written.get_mut(client_id) {
                    written.order = order;
                }
            }
            // A text for a message that has failed sends it anew.
            UserCommand::Edit { room_id, target: Target::Pending(client_id), .. } => {
                let failed = |item: &PendingMessage| {
                    item.client_id == *client_id && matches!(item.status, SendStatus::Failed(_))
                };
                let core = it.core.as_ref().expect("it runs");
                if core.pending(room_id).iter().any(failed) {
                    about = Some(client_id.clone());
                    if let Some(written) = it.written.get_mut(client_id) {
                        written.order = order;
                    }
                }
            }
            UserCommand::Discard(client_id) => about = Some(client_id.clone()),
            _ => {}
        }
        self.counts.commands += 1;
        self.history.note(now, Who::Device(device), "asks", &id.0.to_string());
        self.history.explain(now, Who::Device(device), "asks", || format!("{id:?} {command:?}"));
        let asked = Asked { life, command: command.clone(), client_id: about, outcome: None };
        it.asked.insert(id, asked);
        self.input(device, Input::Command { id, command: command.clone() });
        if let UserCommand::Request(request) = command
            && let Command::SendMessage(send) = *request
        {
            self.counts.sends += 1;
            self.wrote(device, id, &send, order);
        }
    }

    /// Finds the id that the core gave to a message.
    fn wrote(&mut self, device: usize, id: CommandId, send: &roomcast_protocol::command::SendMessage, order: u64) {
        let it = &mut self.devices[device];
        let Some(core) = &it.core else { return };
        let pending = core.pending(&send.room_id);
        let Some(pending) = pending.iter().find(|pending| pending.send.content == send.content) else { return };
        let client_id = pending.client_id.clone();
        it.written.insert(client_id.clone(), Written { order, forgotten: None });
        if let Some(asked) = it.asked.get_mut(&id) {
            asked.client_id = Some(client_id);
        }
    }

    /// The network of a device comes or goes.
    pub(crate) fn tell_network(&mut self, device: usize, network: Network) {
        self.input(device, Input::Network(network));
    }
}
