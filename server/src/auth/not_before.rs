//! From when on tokens are to count, as an operator says it.

use roomcast_protocol::Timestamp;

/// The furthest that a revocation may reach into the future. What was revoked cannot be taken back, and who says
/// milliseconds in place of seconds would be locked out for ever.
const FUTURE_MS: u64 = 366 * 24 * 3_600 * 1_000;

/// A moment that cannot be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unable to revoke from {0} on; it is in seconds since 1970, and at most a year ahead")]
pub struct BadMoment(u64);

/// The moment, from seconds since the Unix epoch. Without one it is the next full second: tokens know no finer time, so
/// this is the first that strikes all that were issued until now.
///
/// # Errors
/// [`BadMoment`]
pub fn not_before(asked_s: Option<u64>, now: Timestamp) -> Result<Timestamp, BadMoment> {
    let Some(asked_s) = asked_s else { return Ok(Timestamp::new((now.value() / 1_000 + 1) * 1_000)) };
    let asked = Timestamp::new(asked_s.saturating_mul(1_000));
    if asked > now.plus_ms(FUTURE_MS) { Err(BadMoment(asked_s)) } else { Ok(asked) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g16_without_a_moment_all_that_was_issued_until_now_is_struck() {
        let now = Timestamp::new(1_764_000_000_250);
        assert_eq!(not_before(None, now), Ok(Timestamp::new(1_764_000_001_000)));
        assert_eq!(not_before(Some(1_763_000_000), now), Ok(Timestamp::new(1_763_000_000_000)));
        assert_eq!(not_before(Some(1_764_000_000_250), now), Err(BadMoment(1_764_000_000_250)), "milliseconds");
        assert!(not_before(Some(u64::MAX), now).is_err());
    }
}
