//! A run: calm, then one fault after the other while everybody talks, then healing, then the checker.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use roomcast_protocol::{
    ClientId, RoomId, UserId,
    command::{CreateRoom, PolicyPatch},
};
use roomcast_tests::Dice;
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{
    book::{Book, Label, Outcome, Violation},
    broker::Kind,
    check::{self, Depth},
    device::{Device, Habits, Mood},
    fault::{Fault, Pace},
    house::House,
    plan::Plan,
    rows::{Rows, TRIGGERS},
    street::Nuisance,
};

/// What to run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long faults strike.
    pub time: Duration,
    /// How many devices.
    pub clients: usize,
    /// How many people are in a room at most.
    pub largest_room: usize,
    /// What all chance is drawn from.
    pub seed: u64,
    /// How many nodes.
    pub nodes: usize,
    /// How Redis is set up.
    pub redis: Kind,
    /// How long each fault lasts.
    pub pace: Pace,
    /// Only these, or all where there are none.
    pub faults: Vec<Fault>,
    /// Between two actions of a device, about.
    pub pause: Duration,
}

/// Talk before the first fault, to compare with.
const CALM: Duration = Duration::from_secs(10);
/// How long after a fault is mended all is as before.
const RECOVERY: Duration = Duration::from_secs(5);
/// How long screens may be wrong once everything is healed and nothing becomes better.
const HEALING: Duration = Duration::from_secs(60);
/// Per so many messages one device fewer loads them all in the end.
const WHOLE: usize = 20_000;
/// Clients that are slow to notice would only wait.
const HOUSE: [(&str, &str); 2] = [("ROOMCAST_PING_INTERVAL_MS", "4000"), ("ROOMCAST_PING_TIMEOUT_MS", "4000")];

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// Broken promises; none = all kept.
    pub violations: Vec<Violation>,
    /// What happened, and when.
    pub diary: Vec<String>,
    /// What is to be printed.
    pub figures: String,
    /// What each node logged.
    pub logs: Vec<String>,
}

/// Runs.
///
/// # Panics
/// If what everything stands on cannot be started.
pub async fn run(settings: &Settings) -> Report {
    let mut dice = Dice::new(settings.seed);
    let plan = Plan::draw(settings.clients, settings.largest_room, &mut dice);
    let mut house = House::start_on(settings.redis, settings.nodes, &HOUSE, settings.seed).await;
    house.sql(TRIGGERS);
    let book = Arc::<Book>::default();
    let (mood, moods) = watch::channel(Mood::Quiet);
    let habits = Arc::new(Habits { pause: settings.pause, public: plan.public().cloned().collect() });
    let mut devices = Vec::new();
    for (number, user) in plan.devices.iter().enumerate() {
        let (user, book) = (plan.users[*user].clone(), Arc::clone(&book));
        let device =
            Device::new(number, user, &house.balancer, book, moods.clone(), Arc::clone(&habits), settings.seed).await;
        devices.push(Arc::new(device));
    }
    for device in &devices {
        device.start(Dice::new(dice.roll())).await;
    }
    furnish(&plan, &devices).await;
    book.diary(None, format!("{} devices, {} users, {} rooms", devices.len(), plan.users.len(), plan.rooms.len()));

    mood.send_replace(Mood::Talking);
    sleep(CALM).await;
    let end = Instant::now() + settings.time;
    let street = tokio::spawn(annoy(devices.clone(), Arc::clone(&book), Dice::new(dice.roll()), end));
    break_things(settings, &mut house, &book, &mut dice, end).await;
    street.await.expect("no panic");
    mood.send_replace(Mood::Quiet);
    book.diary(Some(Label::Calm), "everything is healed and everybody is quiet".to_owned());

    for difference in heal(&house, &devices, &book).await {
        book.violate("screens", difference);
    }
    let users: Vec<UserId> = devices.iter().map(|device| device.user.clone()).collect();
    let failed = failed(&devices, &book).await;
    check::check_history(&book, &Rows::read(&house), &users, &failed);
    let logs: Vec<String> = house.nodes.iter_mut().map(|node| node.server.take_log()).collect();
    for (n, _) in logs.iter().enumerate().filter(|(_, log)| log.contains("panicked at")) {
        book.violate("no panic", format!("node {n} panicked"));
    }
    report(&book, &devices, logs)
}

/// Makes the rooms.
async fn furnish(plan: &Plan, devices: &[Arc<Device>]) {
    for device in devices {
        // Only who was there once can be brought into a room.
        device.client().expect("it runs").connected().await.expect("it connects");
    }
    for room in &plan.rooms {
        let device = plan.devices.iter().position(|user| *user == room.owner).expect("everybody has a device");
        let client = devices[device].client().expect("it runs");
        let most = plan.largest.max(room.members.len() + 1) as u64;
        let create = CreateRoom {
            room_id: Some(room.id.clone()),
            name: room.id.to_string(),
            visibility: room.visibility,
            members: room.members.iter().map(|user| plan.users[*user].clone()).collect(),
            topic: None,
            policy: Some(PolicyPatch { max_members: Some(most), ..PolicyPatch::default() }),
        };
        client.request(create).await.expect("the room can be made");
    }
}

async fn break_things(settings: &Settings, house: &mut House, book: &Book, dice: &mut Dice, end: Instant) {
    let mut left: Vec<Fault> = Vec::new();
    while Instant::now() < end {
        if left.is_empty() {
            let chosen = if settings.faults.is_empty() { &Fault::ALL[..] } else { &settings.faults };
            left = chosen.iter().copied().filter(|fault| fault.is_possible(house)).collect();
            assert!(!left.is_empty(), "none of the faults is possible here");
        }
        let fault = left.swap_remove(usize::try_from(dice.below(left.len() as u64)).expect("there are a few"));
        book.diary(Some(Label::House(fault)), format!("{fault:?}"));
        *book.open().figures.faults.entry(format!("{fault:?}")).or_default() += 1;
        let broken = fault.strike(house, dice).await;
        let node = broken.node;
        sleep(fault.lasts(settings.pace)).await;
        broken.mend(house).await;
        book.diary(Some(Label::Mended), format!("{fault:?} is mended (node {node})"));
        sleep(RECOVERY).await;
        book.open().label = Label::Calm;
        sleep(Duration::from_millis(dice.below(4_000))).await;
    }
}

/// Troubles a few devices at a time.
async fn annoy(devices: Vec<Arc<Device>>, book: Arc<Book>, mut dice: Dice, end: Instant) {
    let mut troubles = JoinSet::new();
    while Instant::now() < end {
        sleep(Duration::from_millis(500 + dice.below(3_000))).await;
        let nuisance = Nuisance::ALL[usize::try_from(dice.below(Nuisance::ALL.len() as u64)).expect("ten")];
        let victims = 1 + dice.below(1 + devices.len() as u64 / 15);
        for _ in 0..victims {
            let victim = &devices[usize::try_from(dice.below(devices.len() as u64)).expect("a few")];
            if victim.disturbed.swap(true, Ordering::Relaxed) {
                continue;
            }
            *book.open().figures.faults.entry(format!("client {nuisance:?}")).or_default() += 1;
            troubles.spawn(trouble(Arc::clone(victim), nuisance, Dice::new(dice.roll())));
        }
        while troubles.try_join_next().is_some() {}
    }
    while troubles.join_next().await.is_some() {}
}

async fn trouble(device: Arc<Device>, nuisance: Nuisance, mut dice: Dice) {
    nuisance.strike(&device.link, &mut dice);
    if nuisance == Nuisance::Killed {
        device.kill().await;
    }
    let lasts = match nuisance {
        Nuisance::Reset | Nuisance::Killed => dice.below(1_000),
        _ => 1_000 + dice.below(9_000),
    };
    sleep(Duration::from_millis(lasts)).await;
    if dice.below(2) == 0 {
        device.move_on();
    }
    device.link.set(roomcast_tests::faulty::Weather::default());
    if nuisance == Nuisance::Killed {
        device.start(Dice::new(dice.roll())).await;
    }
    sleep(RECOVERY).await;
    device.disturbed.store(false, Ordering::Relaxed);
}

/// What devices show as failed, in the rooms where something was refused.
async fn failed(devices: &[Arc<Device>], book: &Book) -> BTreeSet<ClientId> {
    let refused: BTreeSet<(usize, RoomId)> = {
        let pages = book.open();
        let refused = pages.sends.values().filter(|send| matches!(send.outcome, Outcome::Refused(_)));
        refused.map(|send| (send.device, send.room.clone())).collect()
    };
    let shown = refused.iter().map(|(device, room)| devices[*device].failed(room));
    join_all(shown).await.into_iter().flatten().collect()
}

/// Waits until every screen shows what the database has; then has every device load the rest, and gives what is
/// wrong with any of it.
async fn heal(house: &House, devices: &[Arc<Device>], book: &Book) -> Vec<String> {
    let look = async |rows: &Rows, devices: &[&Arc<Device>], depth| {
        let found = join_all(devices.iter().map(|device| check::differences(device, rows, depth))).await;
        found.into_iter().flatten().collect::<Vec<String>>()
    };
    let all: Vec<&Arc<Device>> = devices.iter().collect();
    let began = Instant::now();
    let (mut better, mut best) = (began, (0, usize::MAX));
    loop {
        let rows = Rows::read(house);
        let wrong = look(&rows, &all, Depth::Window).await;
        if wrong.is_empty() {
            break;
        }
        // As long as what had piled up is still being stored, or shown, it goes on.
        let stored = rows.messages.values().map(Vec::len).sum::<usize>();
        if stored > best.0 || wrong.len() < best.1 {
            (better, best) = (Instant::now(), (stored, wrong.len().min(best.1)));
        }
        if better.elapsed() > HEALING {
            book.diary(None, format!("the screens are wrong after {:.1} s", began.elapsed().as_secs_f64()));
            return wrong;
        }
        sleep(Duration::from_millis(500)).await;
    }
    book.diary(None, format!("the screens were right after {:.1} s", began.elapsed().as_secs_f64()));
    let rows = Rows::read(house);
    // After a long run not everybody can hold everything at once; each was told all of it in order before.
    let stored: usize = rows.messages.values().map(Vec::len).sum();
    let some: Vec<&Arc<Device>> = devices.iter().step_by(1 + stored / WHOLE).collect();
    book.diary(None, format!("{} of the devices load all of {stored} messages", some.len()));
    look(&rows, &some, Depth::Whole).await
}

fn report(book: &Book, devices: &[Arc<Device>], logs: Vec<String>) -> Report {
    let pages = book.open();
    let count = |fits: fn(&Outcome) -> bool| pages.sends.values().filter(|send| fits(&send.outcome)).count();
    let acked = count(|outcome| matches!(outcome, Outcome::Acked(_)));
    let refused = count(|outcome| matches!(outcome, Outcome::Refused(_)));
    let lost = count(|outcome| matches!(outcome, Outcome::Lost));
    let figures = format!(
        "{} devices: {} sends, {acked} acknowledged, {refused} refused, {lost} unknown\n{}",
        devices.len(),
        pages.sends.len(),
        pages.figures
    );
    let diary = pages.diary.iter().map(|(at, what)| format!("{:>8.1} s  {what}", *at as f64 / 1_000.0)).collect();
    Report { violations: pages.violations.clone(), diary, figures, logs }
}
