//! What happened, as a number that two runs of a seed must agree on, and as lines to read.

use std::fmt::Write as _;

/// The history of a run.
#[derive(Debug, Default)]
pub struct History {
    hash: u64,
    lines: Option<Vec<String>>,
}

impl History {
    /// A history; with lines only where somebody will read them.
    #[must_use]
    pub fn new(traced: Traced) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, lines: (traced == Traced::Yes).then(Vec::new) }
    }

    /// Takes note of something.
    pub fn note(&mut self, now: u64, who: Who, what: &str, text: &str) {
        self.mix(now);
        for part in [what.as_bytes(), text.as_bytes()] {
            for chunk in part.chunks(8) {
                let mut bytes = [0; 8];
                bytes[..chunk.len()].copy_from_slice(chunk);
                self.mix(u64::from_le_bytes(bytes));
            }
        }
        if let Some(lines) = &mut self.lines {
            lines.push(line(now, who, what, text));
        }
    }

    /// Takes note of something whose text only readers need; it must follow from what is noted otherwise.
    pub fn explain(&mut self, now: u64, who: Who, what: &str, text: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(line(now, who, what, &text()));
        }
    }

    fn mix(&mut self, value: u64) {
        self.hash = (self.hash ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }

    /// The number.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}

/// Whether lines are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traced {
    /// They are.
    Yes,
    /// Only the number.
    No,
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// A client.
    Device(usize),
    /// A server node.
    Node(usize),
    /// The world around them.
    World,
}

fn line(now: u64, who: Who, what: &str, text: &str) -> String {
    let mut line = format!("{:>7.3}  ", now as f64 / 1_000.0);
    match who {
        Who::Device(device) => _ = write!(line, "d{device}    "),
        Who::Node(node) => _ = write!(line, "n{node}    "),
        Who::World => line.push_str("world "),
    }
    let mut end = text.len().min(1_500);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    _ = write!(line, "  {what:<12} {}", &text[..end]);
    line
}
