//! One thread, virtual time: an executor, a heap of alarms ordered by (time, number), and the server's [`Env`] on
//! top of both. Nothing here looks at a clock.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use roomcast_protocol::Timestamp;
use roomcast_server::env::{Env, Task};

use crate::rng::Rng;

/// What the wall clocks say at virtual time 0.
pub(crate) const WALL_START_MS: u64 = 1_700_000_000_000;

/// Tasks that live and die together: a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group(pub u64);

/// Time, alarms, and what was spawned or must stop.
pub(crate) struct Kernel<E> {
    state: Mutex<State<E>>,
    ready: Arc<Ready>,
}

struct State<E> {
    now: u64,
    count: u64,
    alarms: BinaryHeap<Reverse<Alarm<E>>>,
    spawned: Vec<(u64, Group, Task)>,
    next_task: u64,
    random: Rng,
    wall_offsets: BTreeMap<Group, i64>,
    killed: Option<Group>,
}

#[derive(Default)]
struct Ready(Mutex<VecDeque<u64>>);

struct Alarm<E> {
    at: u64,
    count: u64,
    what: What<E>,
}

enum What<E> {
    Sleep(Arc<Sleeping>),
    Event(E),
}

impl<E> PartialEq for Alarm<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.count) == (other.at, other.count)
    }
}

impl<E> Eq for Alarm<E> {}

impl<E> PartialOrd for Alarm<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Alarm<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.count).cmp(&(other.at, other.count))
    }
}

impl<E: Send + 'static> Kernel<E> {
    /// A kernel at time 0.
    #[must_use]
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        let state = State {
            now: 0,
            count: 0,
            alarms: BinaryHeap::new(),
            spawned: Vec::new(),
            next_task: 0,
            random: Rng::stream(seed, 1),
            wall_offsets: BTreeMap::new(),
            killed: None,
        };
        Arc::new(Self { state: Mutex::new(state), ready: Arc::default() })
    }

    fn state(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().expect("one thread")
    }

    /// Virtual time, in milliseconds.
    pub(crate) fn now(&self) -> u64 {
        self.state().now
    }

    /// Has an event handled at a time.
    pub(crate) fn at(&self, at: u64, event: E) {
        self.state().push(at, What::Event(event));
    }

    /// Has an event handled after so many milliseconds.
    pub(crate) fn after(&self, ms: u64, event: E) {
        let mut state = self.state();
        let at = state.now + ms;
        state.push(at, What::Event(event));
    }

    /// The next event, with time moved to it; `None` at the end. Sleepers are woken on the way: each ends the
    /// search, so that what it runs can come first.
    pub(crate) fn next(&self, end: u64) -> Option<Next<E>> {
        let alarm = {
            let mut state = self.state();
            if state.alarms.peek().is_none_or(|Reverse(alarm)| alarm.at > end) {
                return None;
            }
            let Reverse(alarm) = state.alarms.pop()?;
            state.now = state.now.max(alarm.at);
            alarm
        };
        Some(match alarm.what {
            What::Sleep(sleeping) => {
                sleeping.fire();
                Next::Woken
            }
            What::Event(event) => Next::Event(event),
        })
    }

    /// What a process runs in.
    #[must_use]
    pub(crate) fn env(self: &Arc<Self>, group: Group) -> Arc<dyn Env> {
        Arc::new(ProcessEnv { kernel: self.clone(), group })
    }

    /// A sleep that is not part of a process.
    pub(crate) fn sleep(&self, ms: u64) -> Task {
        let sleeping = Arc::new(Sleeping::default());
        let mut state = self.state();
        let at = state.now + ms;
        state.push(at, What::Sleep(sleeping.clone()));
        Box::pin(Sleep(sleeping))
    }

    /// Asks for a process to die as soon as the task that runs now gives way.
    pub(crate) fn kill(&self, group: Group) {
        self.state().killed = Some(group);
    }

    /// The process that is to die.
    pub(crate) fn take_killed(&self) -> Option<Group> {
        self.state().killed.take()
    }

    /// How far a process's wall clock is off, in milliseconds.
    pub(crate) fn set_wall_offset(&self, group: Group, ms: i64) {
        self.state().wall_offsets.insert(group, ms);
    }

    /// A process's wall clock.
    pub(crate) fn wall(&self, group: Group) -> u64 {
        let state = self.state();
        (WALL_START_MS + state.now).saturating_add_signed(state.wall_offsets.get(&group).copied().unwrap_or(0))
    }
}

/// What came next.
#[derive(Debug)]
pub(crate) enum Next<E> {
    /// A task that slept.
    Woken,
    /// An event.
    Event(E),
}

impl<E> State<E> {
    fn push(&mut self, at: u64, what: What<E>) {
        self.count += 1;
        let alarm = Alarm { at: at.max(self.now), count: self.count, what };
        self.alarms.push(Reverse(alarm));
    }
}

#[derive(Default)]
struct Sleeping {
    fired: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Sleeping {
    fn fire(&self) {
        self.fired.store(true, Ordering::Relaxed);
        if let Some(waker) = self.waker.lock().expect("one thread").take() {
            waker.wake();
        }
    }
}

struct Sleep(Arc<Sleeping>);

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.fired.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        *self.0.waker.lock().expect("one thread") = Some(cx.waker().clone());
        Poll::Pending
    }
}

struct ProcessEnv<E> {
    kernel: Arc<Kernel<E>>,
    group: Group,
}

impl<E: Send + 'static> Env for ProcessEnv<E> {
    fn now(&self) -> Timestamp {
        Timestamp::new(self.kernel.wall(self.group))
    }

    fn mono_ms(&self) -> u64 {
        self.kernel.now()
    }

    fn random(&self) -> u64 {
        self.kernel.state().random.next()
    }

    fn sleep_ms(&self, ms: u64) -> Task {
        self.kernel.sleep(ms)
    }

    fn spawn(&self, task: Task) {
        let id = {
            let mut state = self.kernel.state();
            let id = state.next_task;
            state.next_task += 1;
            state.spawned.push((id, self.group, task));
            id
        };
        self.kernel.ready.0.lock().expect("one thread").push_back(id);
    }
}

struct TaskWaker {
    id: u64,
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::Relaxed) {
            self.ready.0.lock().expect("one thread").push_back(self.id);
        }
    }
}

struct Slot {
    group: Group,
    task: Task,
    waker: Arc<TaskWaker>,
}

/// Runs tasks, in the order in which they were woken.
pub(crate) struct Executor<E> {
    kernel: Arc<Kernel<E>>,
    tasks: BTreeMap<u64, Slot>,
    /// Processes that do not run for now, with the tasks that were woken meanwhile.
    frozen: BTreeMap<Group, Vec<u64>>,
}

impl<E: Send + 'static> Executor<E> {
    /// An executor without tasks.
    #[must_use]
    pub(crate) fn new(kernel: Arc<Kernel<E>>) -> Self {
        Self { kernel, tasks: BTreeMap::new(), frozen: BTreeMap::new() }
    }

    /// Polls until every task waits, or one asks for a process to die.
    pub(crate) fn run_ready(&mut self) {
        loop {
            self.adopt();
            let Some(id) = self.kernel.ready.0.lock().expect("one thread").pop_front() else { return };
            let Some(slot) = self.tasks.get_mut(&id) else { continue };
            if let Some(woken) = self.frozen.get_mut(&slot.group) {
                woken.push(id);
                continue;
            }
            slot.waker.queued.store(false, Ordering::Relaxed);
            let waker = Waker::from(slot.waker.clone());
            if slot.task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                self.tasks.remove(&id);
            }
            if self.kernel.state().killed.is_some() {
                return;
            }
        }
    }

    /// From now on a process does not run.
    pub(crate) fn freeze(&mut self, group: Group) {
        self.frozen.entry(group).or_default();
    }

    /// Whether a process does not run.
    pub(crate) fn is_frozen(&self, group: Group) -> bool {
        self.frozen.contains_key(&group)
    }

    /// It runs again, with all that it was woken for.
    pub(crate) fn thaw(&mut self, group: Group) {
        let woken = self.frozen.remove(&group).unwrap_or_default();
        self.kernel.ready.0.lock().expect("one thread").extend(woken);
    }

    /// Drops all tasks of a process, as they stand.
    pub(crate) fn end(&mut self, group: Group) {
        self.adopt();
        self.frozen.remove(&group);
        let dead: Vec<u64> = self.tasks.iter().filter(|(_, slot)| slot.group == group).map(|(id, _)| *id).collect();
        for id in dead {
            drop(self.tasks.remove(&id));
        }
    }

    fn adopt(&mut self) {
        let spawned = std::mem::take(&mut self.kernel.state().spawned);
        for (id, group, task) in spawned {
            // Its first turn is in the queue already.
            let waker = TaskWaker { id, queued: AtomicBool::new(true), ready: self.kernel.ready.clone() };
            self.tasks.insert(id, Slot { group, task, waker: Arc::new(waker) });
        }
    }
}
