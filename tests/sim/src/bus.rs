//! The model bus between nodes: on virtual time, with an order per pair of nodes unless a fault breaks it, and with all
//! the ways in which a real one loses what it was given.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use roomcast_server::hub::{Bus, Heard, Link, NodeId, Topic};
use tokio::sync::mpsc;

use crate::{event::Event, kernel::Kernel, rng::Rng};

/// Most frames that wait for a node; more are dropped.
const FRAMES: usize = 1_024;
/// Room behind them for what must not be dropped.
const WORDS: usize = 1_024;
/// How long until a node notices that nothing comes any more, at most.
const NOTICE_MS: u64 = 2_000;

/// What becomes of frames, in percent of their copies.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FrameFaults {
    /// Lost.
    pub lost: u64,
    /// Carried twice.
    pub doubled: u64,
    /// Overtaken by later ones.
    pub late: u64,
    /// Only on their way to this node.
    pub only: Option<usize>,
}

/// What the faults did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BusCounts {
    /// Copies carried.
    pub carried: u64,
    /// Copies lost.
    pub lost: u64,
    /// Copies lost by [`FrameFaults::only`].
    pub lost_last: u64,
    /// Copies doubled.
    pub doubled: u64,
    /// Copies overtaken.
    pub late: u64,
    /// Frames that were not taken, or lost on the way, because the bus was down or a node cut off.
    pub cut: u64,
}

/// The bus.
pub(crate) struct ModelBus {
    kernel: Arc<Kernel<Event>>,
    state: Mutex<BusState>,
}

/// Its nodes.
pub(crate) struct BusState {
    /// What becomes of frames.
    pub faults: FrameFaults,
    /// What became of them.
    pub counts: BusCounts,
    down: bool,
    partitioned: BTreeSet<usize>,
    plugs: BTreeMap<usize, Plug>,
    flying: BTreeMap<u64, Flight>,
    /// When the last frame between two nodes arrives.
    last: BTreeMap<(usize, usize), u64>,
    /// How long a frame between two nodes takes at least.
    delays: BTreeMap<(usize, usize), u64>,
    next: u64,
    rng: Rng,
}

/// A process's place.
struct Plug {
    node: NodeId,
    topics: BTreeMap<Topic, Stage>,
    heard: mpsc::Sender<Heard>,
    /// Whether the process holds the bus for up.
    up: bool,
    /// Counts its connections to the bus: what an earlier one was to bring does not come.
    connection: u64,
}

/// How far a subscription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Asked(u64),
    Works,
}

/// Something on its way to a process.
#[derive(Debug, Clone)]
struct Flight {
    to: usize,
    node: NodeId,
    connection: u64,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    /// What it hears.
    Heard(Heard),
    /// Its subscription takes effect.
    Subscribes(Topic, u64),
    /// It notices that nothing comes any more.
    Notices,
    /// It is connected again.
    Connects,
}

impl ModelBus {
    /// A bus without nodes.
    #[must_use]
    pub(crate) fn new(kernel: Arc<Kernel<Event>>, seed: u64) -> Arc<Self> {
        let state = BusState {
            faults: FrameFaults::default(),
            counts: BusCounts::default(),
            down: false,
            partitioned: BTreeSet::new(),
            plugs: BTreeMap::new(),
            flying: BTreeMap::new(),
            last: BTreeMap::new(),
            delays: BTreeMap::new(),
            next: 0,
            rng: Rng::stream(seed, 7),
        };
        Arc::new(Self { kernel, state: Mutex::new(state) })
    }

    /// What is on it.
    pub(crate) fn state(&self) -> MutexGuard<'_, BusState> {
        self.state.lock().expect("one thread")
    }

    /// A process's place on it.
    #[must_use]
    pub(crate) fn link(self: &Arc<Self>, place: usize, node: NodeId) -> Link {
        let (sender, heard) = mpsc::channel(FRAMES + WORDS);
        let mut state = self.state();
        let plug = Plug { node: node.clone(), topics: BTreeMap::new(), heard: sender, up: false, connection: 0 };
        state.plugs.insert(place, plug);
        if state.reaches(place) {
            let ms = state.rng.range(1, 50);
            self.fly(&mut state, place, ms, What::Connects);
        } else {
            let ms = state.rng.range(1, NOTICE_MS);
            self.fly(&mut state, place, ms, What::Heard(Heard::Down));
        }
        drop(state);
        Link { node: node.clone(), bus: Arc::new(Plugged { place, node, bus: self.clone() }), heard }
    }

    /// A process is gone.
    pub(crate) fn unplug(&self, place: usize) {
        self.state().plugs.remove(&place);
    }

    /// Cuts every node off from every other, or mends that.
    pub(crate) fn set_down(&self, down: Cut) {
        self.change(|state| state.down = down == Cut::Yes);
    }

    /// Cuts one node off, or mends that.
    pub(crate) fn set_partitioned(&self, place: usize, cut: Cut) {
        self.change(|state| {
            if cut == Cut::Yes {
                state.partitioned.insert(place);
            } else {
                state.partitioned.remove(&place);
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut BusState)) {
        let mut state = self.state();
        let places: Vec<usize> = state.plugs.keys().copied().collect();
        let before: Vec<bool> = places.iter().map(|place| state.reaches(*place)).collect();
        change(&mut state);
        for (place, was) in places.into_iter().zip(before) {
            let is = state.reaches(place);
            if was && !is {
                let ms = state.rng.below(NOTICE_MS);
                self.fly(&mut state, place, ms, What::Notices);
            }
            if !was && is {
                // Whoever had not noticed does now: the connection is another one.
                self.fly(&mut state, place, 0, What::Notices);
                let ms = state.rng.range(20, 1_000);
                self.fly(&mut state, place, ms, What::Connects);
            }
        }
    }

    fn fly(&self, state: &mut BusState, to: usize, ms: u64, what: What) {
        let Some(plug) = state.plugs.get(&to) else { return };
        let flight = Flight { to, node: plug.node.clone(), connection: plug.connection, what };
        let id = state.next;
        state.next += 1;
        state.flying.insert(id, flight);
        self.kernel.after(ms, Event::Bus(id));
    }

    /// Something arrives. What a process hears is given back for the trace.
    pub(crate) fn arrive(&self, id: u64) -> Option<(usize, String)> {
        let mut state = self.state();
        let flight = state.flying.remove(&id)?;
        let reaches = state.reaches(flight.to);
        let BusState { plugs, counts, rng, .. } = &mut *state;
        let plug = plugs.get_mut(&flight.to).filter(|plug| plug.node == flight.node)?;
        let mut asked = Vec::new();
        let said = match flight.what {
            What::Notices if plug.up && plug.connection == flight.connection => {
                plug.up = false;
                plug.connection += 1;
                plug.topics.values_mut().for_each(|topic| *topic = Stage::Asked(0));
                plug.tell(Heard::Down)
            }
            What::Connects if !plug.up && reaches => {
                plug.up = true;
                plug.connection += 1;
                for (serial, (topic, at)) in plug.topics.iter_mut().enumerate() {
                    *at = Stage::Asked(serial as u64);
                    asked.push((rng.range(1, 60), topic.clone(), serial as u64));
                }
                plug.tell(Heard::Up)
            }
            // It began without a bus; by now it may have one.
            What::Heard(Heard::Down) if plug.up => return None,
            What::Heard(Heard::Down) => plug.tell(Heard::Down),
            What::Heard(_) | What::Subscribes(..) if plug.connection != flight.connection || !reaches => {
                counts.cut += 1;
                return None;
            }
            What::Heard(heard) => plug.tell(heard),
            What::Subscribes(topic, serial) => {
                let at = plug.topics.get_mut(&topic).filter(|at| **at == Stage::Asked(serial))?;
                *at = Stage::Works;
                plug.tell(Heard::Subscribed(topic))
            }
            What::Notices | What::Connects => return None,
        };
        for (ms, topic, serial) in asked {
            self.fly(&mut state, flight.to, ms, What::Subscribes(topic, serial));
        }
        Some((flight.to, said))
    }

    fn publish(&self, from: usize, node: &NodeId, topic: &Topic, payload: &Arc<[u8]>) -> bool {
        let now = self.kernel.now();
        let mut state = self.state();
        if state.plugs.get(&from).is_none_or(|plug| !plug.up) {
            state.counts.cut += 1;
            return false;
        }
        if !state.reaches(from) {
            // It has not noticed yet.
            state.counts.cut += 1;
            return true;
        }
        let others = state.plugs.iter().filter(|(place, plug)| {
            **place != from && plug.up && plug.topics.get(topic).is_some_and(|at| *at == Stage::Works)
        });
        let others: Vec<usize> = others.map(|(place, _)| *place).collect();
        for to in others {
            let heard = Heard::Frame { from: node.clone(), topic: topic.clone(), payload: payload.clone() };
            self.carry(&mut state, now, (from, to), heard);
        }
        true
    }

    fn carry(&self, state: &mut BusState, now: u64, way: (usize, usize), heard: Heard) {
        let BusState { faults, counts, rng, delays, last, .. } = state;
        let concerned = faults.only.is_none_or(|only| only == way.1);
        if concerned && rng.percent(faults.lost) {
            let count = if faults.only.is_some() { &mut counts.lost_last } else { &mut counts.lost };
            *count += 1;
            return;
        }
        counts.carried += 1;
        let least = *delays.entry(way).or_insert_with(|| rng.range(0, 25));
        let mut at = now + least + rng.below(8);
        let last = last.entry(way).or_default();
        if concerned && rng.percent(faults.late) {
            counts.late += 1;
            at += rng.range(5, 900);
        } else {
            at = at.max(*last);
            *last = at;
        }
        let again = concerned && rng.percent(faults.doubled);
        let ms = rng.below(400);
        if again {
            state.counts.doubled += 1;
            self.fly(state, way.1, at - now + ms, What::Heard(heard.clone()));
        }
        self.fly(state, way.1, at - now, What::Heard(heard));
    }
}

/// Whether a way is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It is.
    Yes,
    /// It works.
    No,
}

impl BusState {
    fn reaches(&self, place: usize) -> bool {
        !self.down && !self.partitioned.contains(&place)
    }
}

impl Plug {
    /// Says something to the process, unless it is a frame that finds its queue full.
    fn tell(&self, heard: Heard) -> String {
        let said = match &heard {
            Heard::Frame { from, topic, payload } => {
                let text = String::from_utf8_lossy(payload.get(1..).unwrap_or_default());
                format!("{topic:?} from {from}: {text}")
            }
            other => format!("{other:?}"),
        };
        let waiting = self.heard.max_capacity() - self.heard.capacity();
        if waiting >= FRAMES && matches!(heard, Heard::Frame { .. }) {
            return format!("(full) {said}");
        }
        // A process that does not listen hears nothing.
        let _ = self.heard.try_send(heard);
        said
    }
}

/// The sending side of one process.
struct Plugged {
    place: usize,
    node: NodeId,
    bus: Arc<ModelBus>,
}

impl Bus for Plugged {
    fn publish(&self, topic: &Topic, payload: Arc<[u8]>) -> bool {
        self.bus.publish(self.place, &self.node, topic, &payload)
    }

    fn subscribe(&self, topic: Topic) {
        let mut state = self.bus.state();
        let serial = state.next;
        let Some(plug) = state.plugs.get_mut(&self.place).filter(|plug| plug.node == self.node) else { return };
        if plug.topics.contains_key(&topic) {
            return;
        }
        plug.topics.insert(topic.clone(), Stage::Asked(serial));
        if plug.up {
            let ms = state.rng.range(1, 60);
            self.bus.fly(&mut state, self.place, ms, What::Subscribes(topic, serial));
        }
    }

    fn unsubscribe(&self, topic: &Topic) {
        let mut state = self.bus.state();
        if let Some(plug) = state.plugs.get_mut(&self.place).filter(|plug| plug.node == self.node) {
            plug.topics.remove(topic);
        }
    }
}
