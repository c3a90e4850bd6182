//! How each fault is done, and how everything is mended.

use std::sync::Arc;

use roomcast_client_core::{Input, Network, UserCommand, view::Phase};
use roomcast_protocol::{Command, command::JoinRoom};
use roomcast_server::service::Departure;

use crate::{
    bus::{Cut, FrameFaults},
    event::Event,
    fault::{Fault, Kind},
    history::Who,
    net::{BusFaults, LinkId, Weather},
    store::{CrashPoint, StoreFaults},
    world::World,
};

const DAY_MS: i64 = 86_400_000;

impl World {
    pub(crate) fn break_(&mut self, place: usize) {
        if self.healed {
            return;
        }
        let fault = self.faults[place];
        let Fault { kind, until, device, node, .. } = fault;
        let now = self.kernel.now();
        self.history.note(now, Who::World, "breaks", kind.name());
        self.history.explain(now, Who::World, "breaks", || format!("for d{device} or n{node} until {until}"));
        *self.counts.faults.entry(kind).or_default() += 1;
        let percent = self.rng.range(20, 100);
        let mut faults = self.disk.state().faults;
        match kind {
            Kind::Cut => {
                for link in self.open_links(device) {
                    self.net.sever(link);
                    let (a, b) = (self.rng.range(0, 200), self.rng.range(0, 200));
                    self.kernel.after(a, Event::ClientLearns(link));
                    self.kernel.after(b, Event::ServerLearns(link, Departure::Lost));
                }
            }
            Kind::DeafClient => {
                for link in self.open_links(device) {
                    self.net.sever(link);
                    let ms = self.rng.range(0, 200);
                    self.kernel.after(ms, Event::ServerLearns(link, Departure::Lost));
                }
            }
            Kind::DeafServer => {
                for link in self.open_links(device) {
                    self.net.sever(link);
                    let ms = self.rng.range(0, 200);
                    self.kernel.after(ms, Event::ClientLearns(link));
                }
            }
            Kind::Stall => self.weather(device, |weather| weather.stalled_until = until),
            Kind::SlowLink => self.weather(device, |weather| weather.delay += 600),
            Kind::Swallow => self.weather(device, |weather| weather.swallows = true),
            Kind::Offline => {
                self.weather(device, |weather| weather.offline = true);
                let tells = self.rng.percent(70);
                for link in self.open_links(device) {
                    self.net.sever(link);
                    if tells && self.rng.percent(50) {
                        self.kernel.after(10, Event::ClientLearns(link));
                    }
                }
                if tells {
                    self.tell_network(device, Network::Offline);
                }
            }
            Kind::Kill => self.kill_node(node),
            Kind::KillBeforeCommit => self.disk.state().crash = Some(CrashPoint::BeforeCommit),
            Kind::KillAfterCommit => self.disk.state().crash = Some(CrashPoint::AfterCommit),
            Kind::KillAfterAck => self.disk.state().crash = Some(CrashPoint::AfterAck),
            Kind::KillAfterPublish => {
                self.net.state().crash_after_news = self.nodes[node].as_ref().map(|node| node.group);
            }
            Kind::CommitFails => faults.before = percent,
            Kind::CommitUnknown => faults.unknown = percent,
            Kind::Statement => faults.statement = percent.min(60),
            Kind::SlowCommit => faults.slow = percent,
            Kind::ReadFails => faults.read = percent / 2,
            Kind::SlowRead => faults.slow_read = percent / 2,
            Kind::Restore | Kind::RollBack => self.backup = Some(self.disk.state().db.clone()),
            Kind::ClientClock => {
                let by = if self.rng.percent(50) { DAY_MS } else { -DAY_MS };
                self.devices[device].trouble.wall_offset = by;
            }
            Kind::ServerClock => {
                let by = if self.rng.percent(50) { DAY_MS } else { -DAY_MS };
                self.jump(node, by);
            }
            Kind::ShortTokens => self.devices[device].trouble.token_ms = self.rng.range(1_000, 12_000),
            Kind::ProviderFails => self.devices[device].trouble.provider_fails = percent,
            Kind::ProviderHangs => self.devices[device].trouble.provider_hangs = percent,
            Kind::ClientCrash => self.crash_device(device),
            Kind::Takeover => self.take_over(device),
            Kind::StorageFull => self.devices[device].trouble.storage_full = true,
            Kind::StorageSlow => self.devices[device].trouble.storage_ms = 1_500,
            Kind::Drain => {
                if let Some(node) = &self.nodes[node] {
                    node.drain();
                }
            }
            Kind::Lost => self.bus(|bus| bus.lost = percent),
            Kind::Doubled => self.bus(|bus| bus.doubled = percent),
            Kind::Late => self.bus(|bus| bus.late = percent),
            Kind::LostLast => self.bus(|bus| (bus.lost, bus.only) = (100, Some(device))),
            Kind::FrameLost => self.frames(|frames| frames.lost = percent),
            Kind::FrameDoubled => self.frames(|frames| frames.doubled = percent),
            Kind::FrameLate => self.frames(|frames| frames.late = percent),
            Kind::FrameLostLast => self.frames(|frames| (frames.lost, frames.only) = (100, Some(node))),
            Kind::BusDown => self.bus.set_down(Cut::Yes),
            Kind::Partitioned => self.bus.set_partitioned(node, Cut::Yes),
            Kind::NodeAway => {
                self.held.insert(node);
                self.kill_node(node);
            }
            Kind::Frozen => {
                if let Some(node) = &self.nodes[node] {
                    self.executor.freeze(node.group);
                }
            }
        }
        self.disk.state().faults = faults;
        self.kernel.at(until, Event::Mend(place));
    }

    pub(crate) fn mend(&mut self, place: usize) {
        let Fault { kind, device, node, .. } = self.faults[place];
        self.history.note(self.kernel.now(), Who::World, "mends", kind.name());
        let mut faults = self.disk.state().faults;
        match kind {
            Kind::SlowLink => self.weather(device, |weather| weather.delay = weather.delay.saturating_sub(600).max(1)),
            Kind::Swallow => self.weather(device, |weather| weather.swallows = false),
            Kind::Offline => {
                self.weather(device, |weather| weather.offline = false);
                self.tell_network(device, Network::Online);
            }
            Kind::KillBeforeCommit | Kind::KillAfterCommit | Kind::KillAfterAck => self.disk.state().crash = None,
            Kind::KillAfterPublish => self.net.state().crash_after_news = None,
            Kind::CommitFails => faults.before = 0,
            Kind::CommitUnknown => faults.unknown = 0,
            Kind::Statement => faults.statement = 0,
            Kind::SlowCommit => faults.slow = 0,
            Kind::ReadFails => faults.read = 0,
            Kind::SlowRead => faults.slow_read = 0,
            Kind::Restore | Kind::RollBack => self.restore(kind),
            Kind::ClientClock => self.devices[device].trouble.wall_offset = 0,
            Kind::ServerClock => self.jump(node, 0),
            Kind::ShortTokens => self.devices[device].trouble.token_ms = 3_600_000,
            Kind::ProviderFails => self.devices[device].trouble.provider_fails = 0,
            Kind::ProviderHangs => self.devices[device].trouble.provider_hangs = 0,
            Kind::ClientCrash => self.start_device(device),
            Kind::StorageFull => self.devices[device].trouble.storage_full = false,
            Kind::StorageSlow => self.devices[device].trouble.storage_ms = 3,
            Kind::Lost | Kind::LostLast => self.bus(|bus| (bus.lost, bus.only) = (0, None)),
            Kind::Doubled => self.bus(|bus| bus.doubled = 0),
            Kind::Late => self.bus(|bus| bus.late = 0),
            Kind::FrameLost | Kind::FrameLostLast => self.frames(|frames| (frames.lost, frames.only) = (0, None)),
            Kind::FrameDoubled => self.frames(|frames| frames.doubled = 0),
            Kind::FrameLate => self.frames(|frames| frames.late = 0),
            Kind::BusDown => self.bus.set_down(Cut::No),
            Kind::Partitioned => self.bus.set_partitioned(node, Cut::No),
            Kind::NodeAway => {
                self.held.remove(&node);
                self.start_node(node);
            }
            Kind::Frozen => {
                if let Some(group) = self.nodes[node].as_ref().map(|node| node.group) {
                    self.executor.thaw(group);
                    self.thawed_at[node] = self.kernel.now();
                }
            }
            Kind::Cut
            | Kind::DeafClient
            | Kind::DeafServer
            | Kind::Stall
            | Kind::Kill
            | Kind::Takeover
            | Kind::Drain => {}
        }
        self.disk.state().faults = faults;
    }

    /// Everything works from now on; who gave up is told by their user to try again.
    pub(crate) fn heal(&mut self) {
        self.history.note(self.kernel.now(), Who::World, "heals", "");
        for place in 0..self.faults.len() {
            let Fault { kind, at, until, .. } = self.faults[place];
            if at <= self.kernel.now() && until >= self.kernel.now() && !matches!(kind, Kind::Restore | Kind::RollBack)
            {
                self.mend(place);
            }
        }
        self.healed = true;
        self.backup = None;
        self.disk.state().faults = StoreFaults::default();
        self.disk.state().crash = None;
        self.net.state().crash_after_news = None;
        self.net.state().bus = BusFaults::default();
        self.bus.state().faults = FrameFaults::default();
        self.send_somebody_away();
        for device in self.present() {
            self.start_device(device);
        }
        self.act_again();
    }

    /// Somebody may have gone for the rest of the run, so that others must see them go.
    fn send_somebody_away(&mut self) {
        if !self.rng.percent(30) {
            return;
        }
        let user = self.rng.pick(&self.users).expect("there are users").clone();
        self.history.note(self.kernel.now(), Who::World, "away", user.as_str());
        let says_goodbye = self.rng.percent(50);
        for device in (0..self.devices.len()).filter(|device| self.devices[*device].user == user).collect::<Vec<_>>() {
            if says_goodbye {
                self.devices[device].closed_by_user = true;
                self.input(device, Input::Disconnect);
            } else {
                self.crash_device(device);
            }
        }
        self.away = Some(user);
    }

    /// The devices of those who are not away.
    pub(crate) fn present(&self) -> Vec<usize> {
        let here = |device: &usize| self.away.as_ref() != Some(&self.devices[*device].user);
        (0..self.devices.len()).filter(here).collect()
    }

    /// Everybody looks at a room as the server has it, so that what it alone remembers shows.
    pub(crate) fn look_again(&mut self) {
        for device in self.present() {
            let rooms: Vec<_> = {
                let Some(core) = &mut self.devices[device].core else { continue };
                core.view().rooms.iter().map(|room| room.id().clone()).collect()
            };
            if let Some(room_id) = self.rng.pick(&rooms).cloned() {
                let join = Command::JoinRoom(JoinRoom { room_id });
                self.ask(device, UserCommand::Request(Box::new(join)));
            }
        }
    }

    /// Users try again where their client has given up.
    pub(crate) fn act_again(&mut self) {
        for device in self.present() {
            let phase = self.devices[device].core.as_mut().map(|core| core.view().connection.phase);
            if matches!(phase, Some(Phase::Idle | Phase::Refused(_))) {
                self.devices[device].closed_by_user = false;
                self.input(device, Input::Connect);
            }
        }
    }

    fn restore(&mut self, kind: Kind) {
        let Some(backup) = self.backup.take() else { return };
        {
            let mut disk = self.disk.state();
            let life = disk.db.life + 1;
            let before = disk.db.clone();
            if kind == Kind::RollBack {
                self.rolled = true;
                let lost = before.sends.iter().filter(|(_, id)| !backup.messages.contains_key(*id));
                self.rolled_back.extend(lost.map(|((_, user, id), _)| (user.clone(), id.clone())));
                disk.db = backup;
            }
            disk.db.rotate(life);
            self.past.push(before);
        }
        // As an operator does it: no process of before lives on.
        (0..self.nodes.len()).for_each(|node| self.kill_node(node));
    }

    fn jump(&mut self, node: usize, ms: i64) {
        self.clocks[node].jump = ms;
        if let Some(group) = self.nodes[node].as_ref().map(|node| node.group) {
            self.set_clock(node, group);
        }
    }

    fn frames(&self, change: impl FnOnce(&mut FrameFaults)) {
        change(&mut self.bus.state().faults);
    }

    fn kill_node(&mut self, node: usize) {
        if let Some(group) = self.nodes[node].as_ref().map(|node| node.group) {
            self.ended(group);
        }
    }

    fn weather(&self, device: usize, change: impl FnOnce(&mut Weather)) {
        change(&mut self.net.state().weather[device]);
    }

    fn bus(&self, change: impl FnOnce(&mut BusFaults)) {
        change(&mut self.net.state().bus);
    }

    fn open_links(&self, device: usize) -> Vec<LinkId> {
        let net = Arc::clone(&self.net);
        let net = net.state();
        let open = net.links.iter().filter(|(_, link)| link.device == device && link.client_open && link.server_open);
        open.map(|(id, _)| *id).collect()
    }
}
