//! Commands that wait for their acknowledgement, and those that wait for their turn.
//!
//! Ack ids belong to a connection and start again with the next. What was in flight when a connection died is
//! given back: its outcome is unknown, and only the one who asked knows whether asking again is harmless.

use std::collections::VecDeque;

use roomcast_protocol::{Command, collections::BTreeMap};

use crate::time::Millis;

/// A command on its way; `P` says what for.
#[derive(Debug, Clone)]
pub(crate) struct Request<P> {
    pub(crate) purpose: P,
    pub(crate) command: Command,
    pub(crate) deadline: Millis,
}

/// All commands on their way.
#[derive(Debug, Clone)]
pub(crate) struct Requests<P> {
    next_id: u64,
    in_flight: BTreeMap<u64, Request<P>>,
    waiting: VecDeque<Request<P>>,
    deferred: Vec<(Millis, Request<P>)>,
}

impl<P> Default for Requests<P> {
    fn default() -> Self {
        Self { next_id: 0, in_flight: BTreeMap::new(), waiting: VecDeque::new(), deferred: Vec::new() }
    }
}

impl<P> Requests<P> {
    /// Queues a command for this connection or the next.
    pub(crate) fn push(&mut self, request: Request<P>) {
        self.waiting.push_back(request);
    }

    /// The next command to send, if fewer than `most` are in flight.
    pub(crate) fn take_next(&mut self, most: u64) -> Option<Request<P>> {
        if self.room_for(most) == 0 { None } else { self.waiting.pop_front() }
    }

    /// Counts a command as sent now and gives it its ack id.
    pub(crate) fn start(&mut self, request: Request<P>) -> (u64, &Request<P>) {
        let id = self.next_id;
        self.next_id += 1;
        (id, self.in_flight.entry(id).or_insert(request))
    }

    /// Queues a command for later.
    pub(crate) fn defer(&mut self, request: Request<P>, until: Millis) {
        self.deferred.push((until, request));
    }

    /// Queues what was deferred until now.
    pub(crate) fn release(&mut self, now: Millis) {
        let due = self.deferred.extract_if(.., |(until, _)| *until <= now);
        self.waiting.extend(due.map(|(_, request)| request));
    }

    /// How many more may be in flight.
    pub(crate) fn room_for(&self, most: u64) -> u64 {
        most.saturating_sub(self.in_flight.len() as u64)
    }

    /// The command that an acknowledgement answers; `None` for a late or an invented one.
    pub(crate) fn acknowledged(&mut self, id: u64) -> Option<Request<P>> {
        self.in_flight.remove(&id)
    }

    /// The connection is gone: gives back what was in flight, in the order of sending.
    pub(crate) fn connection_lost(&mut self) -> Vec<Request<P>> {
        self.next_id = 0;
        std::mem::take(&mut self.in_flight).into_values().collect()
    }

    /// Puts commands at the head of the queue, in their order.
    pub(crate) fn push_front(&mut self, requests: Vec<Request<P>>) {
        for request in requests.into_iter().rev() {
            self.waiting.push_front(request);
        }
    }

    /// Gives back everything that waits for its turn.
    pub(crate) fn take_waiting(&mut self) -> Vec<Request<P>> {
        let deferred = std::mem::take(&mut self.deferred).into_iter().map(|(_, request)| request);
        std::mem::take(&mut self.waiting).into_iter().chain(deferred).collect()
    }

    /// Gives back what passed its deadline. What is in flight stays so where `late` gives it another purpose: the
    /// server may yet answer.
    pub(crate) fn expired(&mut self, now: Millis, late: impl Fn(&Request<P>) -> Option<P>) -> Vec<Request<P>> {
        let passed: Vec<_> = self.in_flight.iter().filter(|(_, r)| r.deadline <= now).map(|(id, _)| *id).collect();
        let mut expired = Vec::new();
        for id in passed {
            let Some(request) = self.in_flight.remove(&id) else { continue };
            if let Some(purpose) = late(&request) {
                let command = request.command.clone();
                self.in_flight.insert(id, Request { purpose, command, deadline: Millis::MAX });
            }
            expired.push(request);
        }
        if self.waiting.iter().any(|request| request.deadline <= now) {
            let (late, waiting): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(|request| request.deadline <= now);
            expired.extend(late);
            self.waiting = waiting.into();
        }
        expired
    }

    /// When the next deadline passes.
    pub(crate) fn deadline(&self) -> Option<Millis> {
        let deferred = self.deferred.iter().map(|(until, _)| *until);
        let deadlines = self.iter().map(|request| request.deadline).filter(|at| *at != Millis::MAX);
        deadlines.chain(deferred).min()
    }

    /// What is in flight or waits.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Request<P>> {
        self.in_flight.values().chain(&self.waiting)
    }
}
