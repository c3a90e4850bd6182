//! A room's conversation as rows of the screen: grouped, marked, divided by days. Pure: a view in, lines out.

mod marks;
mod rows;
#[cfg(test)]
mod tests;
mod times;
mod window;

pub(crate) use rows::{Row, Shown, rows};
pub(crate) use window::{Anchor, Scroll, Step, window};
