//! What is left out when more waits for the writer than it gets through: typing, then presence, then receipts. Messages
//! never are; what the queue cannot take at all is answered `overloaded`.

use std::sync::atomic::{AtomicUsize, Ordering};

use roomcast_protocol::{ErrorBody, ErrorCode, Event, event::Degraded};

use super::{Inner, Plan, Service, write::ready};
use crate::{hub::Packet, metrics::FeatureLabel, store::WriterSettings};

/// A feature that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    Typing,
    Presence,
    Receipts,
}

impl Feature {
    /// In the order in which they are left out.
    const ALL: [Self; 3] = [Self::Typing, Self::Presence, Self::Receipts];

    const fn name(self) -> &'static str {
        match self {
            Self::Typing => "typing",
            Self::Presence => "presence",
            Self::Receipts => "receipts",
        }
    }

    /// So many changes wait when it is left out.
    fn depth(self) -> usize {
        let eighths = match self {
            Self::Typing => 4,
            Self::Presence => 5,
            Self::Receipts => 6,
        };
        WriterSettings::default().queue / 8 * eighths
    }
}

/// How many of the features clients were last told to be without.
#[derive(Debug, Default)]
pub(super) struct Told(AtomicUsize);

impl Service {
    /// Whether a feature is left out now, which is counted.
    pub(super) fn sheds(&self, feature: Feature) -> bool {
        let sheds = self.writer.depth() >= feature.depth();
        if sheds {
            self.inner.metrics.sheds.get_or_create(&FeatureLabel { feature: feature.name() }).inc();
        }
        sheds
    }

    /// What is answered to a command that is left out: the same again, later, will be taken.
    pub(super) fn shed(feature: Feature) -> Plan {
        let why = format!("unable to take the command; the server has too much to do for {}", feature.name());
        ready(Err(ErrorBody::new(ErrorCode::Overloaded, why).retry_after(1_000)))
    }

    /// Tells clients what they are without, where that changed. What was left out is said to be back when half as much
    /// waits, or it would come and go with each transaction.
    pub(super) fn tell_shed(&self) {
        let depth = self.writer.depth();
        let told = self.inner.shed.0.load(Ordering::Relaxed);
        let least = |place: usize, feature: &Feature| if place < told { feature.depth() / 2 } else { feature.depth() };
        let shed = Feature::ALL.iter().enumerate().filter(|(place, feature)| depth >= least(*place, feature)).count();
        if shed != told {
            self.inner.shed.0.store(shed, Ordering::Relaxed);
            self.inner.tell_degraded();
        }
    }
}

impl Inner {
    /// What clients are told that this node lacks or leaves out; `None` = nothing.
    pub(super) fn degraded_packet(&self) -> Option<Packet> {
        let features = self.missing();
        (!features.is_empty()).then(|| Packet::from(&Event::Degraded(Box::new(Degraded { features }))))
    }

    /// Tells all clients what this node lacks or leaves out now.
    pub(super) fn tell_degraded(&self) {
        let packet = Packet::from(&Event::Degraded(Box::new(Degraded { features: self.missing() })));
        let mut arriving = self.arriving();
        let conns: Vec<_> = self.roster().conns.keys().copied().collect();
        for conn in conns {
            self.emit(&mut arriving, conn, &packet);
        }
    }

    fn missing(&self) -> Vec<String> {
        let bus = self.is_degraded().then_some("redis");
        let shed = Feature::ALL.iter().take(self.shed.0.load(Ordering::Relaxed)).map(|feature| feature.name());
        bus.into_iter().chain(shed).map(str::to_owned).collect()
    }
}
