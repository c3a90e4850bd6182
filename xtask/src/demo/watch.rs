//! Asks a part how it is, again and again, beside the rest: a frozen one takes its time to say nothing.

use std::{
    mem,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::Value;

use super::http;

const BETWEEN: Duration = Duration::from_millis(300);

/// What a part says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Seen {
    pub(super) health: Health,
    /// Who is on it, where it is a node.
    pub(super) people: Vec<String>,
}

/// How it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Health {
    /// Nobody answers.
    #[default]
    Silent,
    /// All is well.
    Ready,
    /// It serves its clients, and lacks something.
    Degraded(String),
    /// It takes nobody.
    Unready(String),
}

/// Somebody who asks; ends when it is dropped.
pub(super) struct Watch {
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Asks by `look`.
    pub(super) fn by(look: impl Fn() -> Seen + Send + 'static) -> Self {
        let (seen, stop) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let (last, stopped) = (Arc::clone(&seen), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let now = look();
                *last.lock().unwrap_or_else(PoisonError::into_inner) = now;
                thread::sleep(BETWEEN);
            }
        });
        Self { seen, stop, thread: Some(thread) }
    }

    /// Asks whether it answers at all.
    pub(super) fn answering(answers: impl Fn() -> bool + Send + 'static) -> Self {
        Self::by(move || {
            let health = if answers() { Health::Ready } else { Health::Silent };
            Seen { health, people: Vec::new() }
        })
    }

    /// Asks a node.
    pub(super) fn node(public: SocketAddr, admin: SocketAddr) -> Self {
        Self::by(move || Seen { health: health(public), people: people(admin) })
    }

    /// What was seen last.
    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = mem::take(&mut self.thread) {
            // Its panic was printed when it happened.
            let _ = thread.join();
        }
    }
}

fn health(public: SocketAddr) -> Health {
    let Ok((status, body)) = http::get(public, "/readyz") else { return Health::Silent };
    let Ok(said) = serde_json::from_str::<Value>(&body) else { return Health::Silent };
    if status != 200 {
        return Health::Unready(if said["draining"] == true { "draining" } else { "no database" }.to_owned());
    }
    let lacks: Vec<&str> = said["degraded"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if lacks.is_empty() { Health::Ready } else { Health::Degraded(format!("no {}", lacks.join(", no "))) }
}

fn people(admin: SocketAddr) -> Vec<String> {
    let said = http::get(admin, "/node").ok().and_then(|(_, body)| serde_json::from_str::<Value>(&body).ok());
    let users = said.as_ref().and_then(|said| said["users"].as_array()).into_iter().flatten();
    let mut names: Vec<String> = users.filter_map(|user| user["name"].as_str().map(tame)).collect();
    names.sort();
    names
}

/// Whoever names himself by a terminal's commands does not give any.
fn tame(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_a_terminal_no_commands() {
        assert_eq!(tame("\u{1b}[2Jal\u{9b}ice"), "\u{fffd}[2Jal\u{fffd}ice");
    }
}
