//! Chance from a seed, so that the same inputs give the same effects.

use roomcast_protocol::ClientId;

/// SplitMix64: small, fast and good enough for jitter and ids. Not for secrets.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `most`, both included.
    pub(crate) const fn up_to(&mut self, most: u64) -> u64 {
        match most.checked_add(1) {
            Some(end) => self.next_u64() % end,
            None => self.next_u64(),
        }
    }
}

/// Makes the ids of sends: UUIDv7, in the order in which they were made.
///
/// Two generators must not share a seed: their ids would collide, and the second message would be answered
/// with `conflict` (G-4).
#[derive(Debug, Clone)]
pub struct ClientIds {
    random: Random,
    last_ms: u64,
    count: u16,
}

/// The 12 bits after a UUIDv7's version count what was made within one millisecond.
const COUNT_END: u16 = 1 << 12;

impl ClientIds {
    /// A generator; `seed` must come from the operating system's randomness.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), last_ms: 0, count: 0 }
    }

    /// The next id, at this time of the wall clock.
    pub fn next(&mut self, wall_ms: u64) -> ClientId {
        if wall_ms > self.last_ms {
            self.last_ms = wall_ms;
            self.count = 0;
        } else {
            self.count += 1;
            if self.count == COUNT_END {
                self.last_ms += 1;
                self.count = 0;
            }
        }
        let ms = self.last_ms & 0xffff_ffff_ffff;
        let tail = self.random.next_u64();
        let text = format!(
            "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
            ms >> 16,
            ms & 0xffff,
            self.count,
            0x8000 | ((tail >> 48) & 0x3fff),
            tail & 0xffff_ffff_ffff,
        );
        ClientId::parse(&text).expect("hex digits and hyphens, 36 of them")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_of_version_7_in_order() {
        let mut ids = ClientIds::new(7);
        let made: Vec<_> = (0..10_000).map(|_| ids.next(1_700_000_000_000)).collect();
        assert!(made.is_sorted() && made.windows(2).all(|pair| pair[0] != pair[1]));
        let first = made[0].as_str();
        assert_eq!((first.len(), &first[14..15]), (36, "7"));
        assert!(matches!(&first[19..20], "8" | "9" | "a" | "b"));
    }
}
