//! The key that frames are authenticated with.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Says what a derived key is for, so that it is good for nothing else.
const PURPOSE: &[u8] = b"roomcast bus frames, version 1";

/// A key that all nodes share. Whoever has not got it can read frames, but none of its own is heard.
#[derive(Clone)]
pub struct BusKey(Hmac<Sha256>);

/// What a key is made of never shows.
impl std::fmt::Debug for BusKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BusKey(hidden)")
    }
}

impl BusKey {
    /// The key that a secret gives for frames; whoever learns it does not learn the secret.
    #[must_use]
    pub fn derived_from(secret: &[u8]) -> Self {
        let mut derive = keyed(secret);
        derive.update(PURPOSE);
        Self(keyed(&derive.finalize().into_bytes()))
    }

    /// A fresh computation with it.
    pub(super) fn mac(&self) -> Hmac<Sha256> {
        self.0.clone()
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}
