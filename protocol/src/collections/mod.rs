//! Ordered maps and sets: the standard library's, and for what a page loads ones that are small once compiled.
//!
//! A B-tree costs eight kilobytes for each pair of types; a sorted vector half of one. What a client holds is either
//! small or grows at its end, so a vector is quick enough ([why](../../../docs/adr/0008-browser-package.md)).

#[cfg(any(test, target_arch = "wasm32"))]
mod sorted;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "wasm32")]
pub use sorted::{BTreeMap, BTreeSet};
#[cfg(not(target_arch = "wasm32"))]
pub use std::collections::{BTreeMap, BTreeSet};
