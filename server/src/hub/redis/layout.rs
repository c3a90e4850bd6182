//! Which masters there are, and what lives on each.

use std::ops::RangeInclusive;

use redis::{Value, aio::MultiplexedConnection, cmd};

use super::{
    slot,
    target::{Address, Kind, Target, patience},
};

/// Why nobody could say.
#[derive(Debug, thiserror::Error)]
pub(super) enum LayoutError {
    #[error("{0}")]
    Redis(#[from] redis::RedisError),
    #[error("no Sentinel knows a master of this name")]
    UnknownMaster,
    #[error("the cluster does not serve every slot")]
    Incomplete,
    #[error("the answer about the cluster cannot be read")]
    Unreadable,
}

/// The masters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) masters: Vec<Master>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Master {
    pub(super) address: Address,
    /// Sorted.
    pub(super) slots: Vec<RangeInclusive<u16>>,
}

/// Finds out, and remembers a cluster's nodes: those of the URL may be gone one day.
#[derive(Debug, Clone)]
pub(super) struct Finder {
    target: Target,
    known: Vec<Address>,
}

impl Finder {
    pub(super) fn new(target: Target) -> Self {
        Self { known: target.servers().collect(), target }
    }

    pub(super) const fn target(&self) -> &Target {
        &self.target
    }

    /// Asks whoever answers first.
    pub(super) async fn find(&mut self) -> Result<Layout, LayoutError> {
        let mut failed = LayoutError::Unreadable;
        for address in self.known.clone() {
            match self.ask(&address).await {
                Ok(layout) => {
                    self.remember(&layout);
                    return Ok(layout);
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    async fn ask(&self, address: &Address) -> Result<Layout, LayoutError> {
        if self.target.kind == Kind::Single {
            return Ok(Layout::of_one(address.clone()));
        }
        let client = self.target.server(address)?;
        let mut connection = client.get_multiplexed_async_connection_with_config(&patience()).await?;
        match &self.target.kind {
            Kind::Sentinel { master } => {
                let mut ask = cmd("SENTINEL");
                ask.arg("get-master-addr-by-name").arg(master);
                let found: Option<(String, u16)> = ask.query_async(&mut connection).await?;
                let (host, port) = found.ok_or(LayoutError::UnknownMaster)?;
                Ok(Layout::of_one(Address { host, port }))
            }
            _ => Layout::of_cluster(&mut connection, address).await,
        }
    }

    fn remember(&mut self, layout: &Layout) {
        if self.target.kind != Kind::Cluster {
            return;
        }
        self.known = self.target.servers().collect();
        for master in &layout.masters {
            if !self.known.contains(&master.address) {
                self.known.push(master.address.clone());
            }
        }
    }
}

impl Layout {
    fn of_one(address: Address) -> Self {
        Self { masters: vec![Master { address, slots: vec![0..=slot::SLOTS - 1] }] }
    }

    /// As one of the cluster's nodes sees it.
    pub(super) async fn of_cluster(
        connection: &mut MultiplexedConnection,
        asked: &Address,
    ) -> Result<Self, LayoutError> {
        let answer: Value = cmd("CLUSTER").arg("SLOTS").query_async(connection).await?;
        Self::read(answer, asked)
    }

    fn read(answer: Value, asked: &Address) -> Result<Self, LayoutError> {
        let Value::Array(ranges) = answer else { return Err(LayoutError::Unreadable) };
        let mut masters: Vec<Master> = Vec::new();
        for range in ranges {
            let (slots, address) = read_range(range, asked).ok_or(LayoutError::Unreadable)?;
            match masters.iter_mut().find(|master| master.address == address) {
                Some(master) => master.slots.push(slots),
                None => masters.push(Master { address, slots: vec![slots] }),
            }
        }
        for master in &mut masters {
            master.slots.sort_by_key(|range| *range.start());
        }
        masters.sort_by(|one, other| one.address.cmp(&other.address));
        let served: usize = masters.iter().flat_map(|master| &master.slots).map(ExactSizeIterator::len).sum();
        if served == usize::from(slot::SLOTS) { Ok(Self { masters }) } else { Err(LayoutError::Incomplete) }
    }

    /// Which master a channel lives on.
    pub(super) fn master_of(&self, channel: &str) -> usize {
        if self.masters.len() == 1 {
            return 0;
        }
        let slot = slot::of(channel.as_bytes());
        let serves = |master: &Master| master.slots.iter().any(|range| range.contains(&slot));
        self.masters.iter().position(serves).expect("every slot is served")
    }
}

/// `[first, last, [host, port, …], replicas…]`. A host that is unknown or empty is the one that was asked.
fn read_range(range: Value, asked: &Address) -> Option<(RangeInclusive<u16>, Address)> {
    let Value::Array(parts) = range else { return None };
    let mut parts = parts.into_iter();
    let mut slot = || redis::from_redis_value::<u16>(parts.next()?).ok();
    let slots = slot()?..=slot()?;
    let Value::Array(master) = parts.next()? else { return None };
    let mut master = master.into_iter();
    let host = redis::from_redis_value::<Option<String>>(master.next()?).ok()?;
    let host = host.filter(|host| !host.is_empty() && host != "?").unwrap_or_else(|| asked.host.clone());
    let port = redis::from_redis_value(master.next()?).ok()?;
    Some((slots, Address { host, port }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: i64, last: i64, host: Value, port: i64) -> Value {
        let master =
            Value::Array(vec![host, Value::Int(port), Value::BulkString(b"id".to_vec()), Value::Array(vec![])]);
        Value::Array(vec![Value::Int(first), Value::Int(last), master])
    }

    fn host(name: &str) -> Value {
        Value::BulkString(name.as_bytes().to_vec())
    }

    #[test]
    fn a_channel_lives_where_its_slot_is() {
        let asked = Address { host: "asked".to_owned(), port: 1 };
        let answer =
            vec![range(12_182, 16_383, Value::Nil, 7), range(0, 100, host("a"), 7), range(101, 12_181, host("b"), 7)];
        let layout = Layout::read(Value::Array(answer), &asked).expect("it can be read");
        let hosts: Vec<&str> = layout.masters.iter().map(|master| master.address.host.as_str()).collect();
        assert_eq!(hosts, ["a", "asked", "b"]);
        assert_eq!(layout.master_of("foo"), 1, "slot 12182");
    }

    #[test]
    fn a_cluster_with_a_hole_is_none() {
        let asked = Address { host: "asked".to_owned(), port: 1 };
        let answer = Value::Array(vec![range(0, 16_382, host("a"), 7)]);
        assert!(matches!(Layout::read(answer, &asked), Err(LayoutError::Incomplete)));
        assert!(matches!(Layout::read(Value::Nil, &asked), Err(LayoutError::Unreadable)));
    }
}
