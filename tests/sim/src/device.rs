//! A client's shell: the real core, with a model storage, a model token provider and clocks of its own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use roomcast_client_core::{
    Client, CommandId, Config, ConnId, Now, OpId, Outcome, Saved, SavedItem, Storage, StorageChange, StorageOp,
    Transports, UserCommand,
};
use roomcast_protocol::{ClientId, UserId};

use crate::{check::Screens, kernel::WALL_START_MS, net::LinkId, rng::Rng};

/// What a user asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// In which life of the client.
    pub life: u64,
    /// What.
    pub command: UserCommand,
    /// The message that it is about, of a send.
    pub client_id: Option<ClientId>,
    /// How it went.
    pub outcome: Option<Outcome>,
}

/// A message that a user wrote.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// Its place in the order of all that this device wrote; a retry is written anew.
    pub order: u64,
    /// The first place of what the next life sends, where the device forgot this: its client died, and had not stored it.
    pub forgotten: Option<u64>,
}

/// What survives a client.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// The outbox.
    pub items: BTreeMap<ClientId, SavedItem>,
    /// Operations under way, in order.
    pub queue: VecDeque<StorageOp>,
    /// When the last of them is done.
    pub last: u64,
    /// What could not be stored.
    pub refused: BTreeSet<ClientId>,
    /// What is stored as it was before: a later life knows nothing of a refusal, and sends it again.
    pub outdated: BTreeSet<ClientId>,
}

impl Disk {
    /// Takes a change in.
    pub(crate) fn apply(&mut self, change: StorageChange) {
        match change {
            StorageChange::Put(item) => {
                if let Some(client_id) = item.client_id().cloned() {
                    self.items.insert(client_id, *item);
                }
            }
            StorageChange::Remove(client_id) => drop(self.items.remove(&client_id)),
        }
    }
}

/// How a client's surroundings misbehave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trouble {
    /// The storage refuses.
    pub storage_full: bool,
    /// The storage takes up to so many milliseconds.
    pub storage_ms: u64,
    /// The token provider fails so often in a hundred times.
    pub provider_fails: u64,
    /// The token provider does not answer so often in a hundred times.
    pub provider_hangs: u64,
    /// How long tokens last, in milliseconds.
    pub token_ms: u64,
    /// How far the wall clock is off, in milliseconds.
    pub wall_offset: i64,
}

/// A client on a device.
pub(crate) struct Device {
    /// Whose.
    pub user: UserId,
    /// The real core; none while it does not run.
    pub core: Option<Client>,
    /// How often it was started.
    pub life: u64,
    /// Whether the user has closed the connection for now.
    pub closed_by_user: bool,
    /// Its sockets.
    pub links: BTreeMap<ConnId, LinkId>,
    /// What survives it.
    pub disk: Disk,
    /// Whether it uses that.
    pub storage: Storage,
    /// When it wants to be woken.
    pub armed: Option<u64>,
    /// Its surroundings.
    pub trouble: Trouble,
    /// Tokens that the server refused.
    pub refused: BTreeSet<String>,
    /// Ends of tokens that the running core was told.
    pub expiry_told: BTreeSet<u64>,
    /// The number of the newest token that it was given.
    pub newest_token: u64,
    /// All that was asked for.
    pub asked: BTreeMap<CommandId, Asked>,
    /// All that was written.
    pub written: BTreeMap<ClientId, Written>,
    /// On which connections each message went out, and under which names.
    pub sent: BTreeMap<ClientId, BTreeSet<(LinkId, u64)>>,
    /// What the checker has seen on it.
    pub screens: Screens,
    /// Its own chance.
    pub rng: Rng,
    next_command: u64,
    next_order: u64,
    origin_ms: u64,
}

impl Device {
    /// A device that is off.
    #[must_use]
    pub(crate) fn new(seed: u64, index: usize, user: UserId, token_ms: u64) -> Self {
        let mut rng = Rng::stream(seed, 100 + index as u64);
        let storage = if rng.percent(80) { Storage::Durable } else { Storage::None };
        let trouble = Trouble {
            storage_full: false,
            storage_ms: 3,
            provider_fails: 0,
            provider_hangs: 0,
            token_ms,
            wall_offset: 0,
        };
        Self {
            user,
            core: None,
            life: 0,
            closed_by_user: false,
            links: BTreeMap::new(),
            disk: Disk::default(),
            storage,
            armed: None,
            trouble,
            refused: BTreeSet::new(),
            expiry_told: BTreeSet::new(),
            newest_token: 0,
            asked: BTreeMap::new(),
            written: BTreeMap::new(),
            sent: BTreeMap::new(),
            screens: Screens::default(),
            origin_ms: rng.below(1_000_000),
            rng,
            next_command: 0,
            next_order: 0,
        }
    }

    /// Its clocks.
    #[must_use]
    pub(crate) fn now(&self, now: u64) -> Now {
        Now {
            mono_ms: self.origin_ms + now,
            wall_ms: (WALL_START_MS + now).saturating_add_signed(self.trouble.wall_offset),
        }
    }

    /// When the core wants to be woken, in virtual time.
    #[must_use]
    pub(crate) fn wants(&self) -> Option<u64> {
        let (at, _) = self.core.as_ref()?.poll_timeout()?;
        Some(at.saturating_sub(self.origin_ms))
    }

    /// Starts the core from what survived.
    pub(crate) fn start(&mut self, now: u64) {
        self.life += 1;
        let kept = self.disk.items.keys().filter_map(|client_id| self.written.get(client_id));
        let next = kept.map(|written| written.order).min().unwrap_or(self.next_order + 1);
        for (client_id, written) in &mut self.written {
            if !self.disk.items.contains_key(client_id) {
                written.forgotten.get_or_insert(next);
            }
        }
        let saved = Saved { outbox: self.disk.items.values().cloned().collect() };
        let config = Config {
            storage: self.storage,
            connect_timeout_ms: 5_000,
            request_timeout_ms: 6_000,
            token_timeout_ms: 3_000,
            reconnect_ms: (300, 6_000),
            // The model network knows no HTTP.
            transports: Transports::WebSocket,
            ..Config::default()
        };
        self.core = Some(Client::new(config, self.rng.next(), self.now(now), saved));
        self.closed_by_user = false;
        self.expiry_told.clear();
        self.screens = Screens::default();
    }

    /// A name for a command.
    pub(crate) fn next_command(&mut self) -> CommandId {
        self.next_command += 1;
        CommandId(self.next_command)
    }

    /// A place in the order of what is written.
    pub(crate) fn next_order(&mut self) -> u64 {
        self.next_order += 1;
        self.next_order
    }

    /// Does a storage operation whose time has come; whether it went well.
    pub(crate) fn store(&mut self, op: OpId) -> Option<bool> {
        let front = self.disk.queue.pop_front()?;
        assert_eq!(front.id, op, "storage works in order");
        if let StorageChange::Put(item) = &front.change
            && self.trouble.storage_full
        {
            let client_id = item.client_id().cloned();
            self.disk.outdated.extend(client_id.clone().filter(|client_id| self.disk.items.contains_key(client_id)));
            self.disk.refused.extend(client_id);
            return Some(false);
        }
        self.disk.apply(front.change);
        Some(true)
    }
}
