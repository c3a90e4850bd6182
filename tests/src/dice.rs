//! Randomness that can be had again.

use std::{
    env,
    time::{SystemTime, UNIX_EPOCH},
};

/// The seed of a randomised test: `ROOMCAST_SEED`, or the time. It is printed, and shown when the test fails.
#[must_use]
pub fn seed() -> u64 {
    let given = env::var("ROOMCAST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
    println!("seed {seed}: ROOMCAST_SEED={seed} draws the same");
    seed
}

/// A small generator (SplitMix64).
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Draws from this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where that is 0.
    pub const fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.roll() % end }
    }
}
