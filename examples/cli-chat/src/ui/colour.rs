//! Colours of names: the same for the same person, everywhere and always.

use ratatui::style::Color;

/// Of the 256 that every terminal has, those that can be read on dark and on light.
const PALETTE: [u8; 12] = [39, 71, 208, 168, 37, 105, 179, 31, 166, 204, 141, 107];

/// The colour of somebody.
pub(crate) fn of(id: &str) -> Color {
    // FNV-1a: small, and the same on every machine.
    let hash = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let place = usize::try_from(hash % PALETTE.len() as u64).unwrap_or_default();
    Color::Indexed(PALETTE[place])
}
