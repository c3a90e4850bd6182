//! The bounded queue between a socket's synchronous handler and the one task that drains it (G-5).

use std::sync::Mutex;

use roomcast_protocol::{ErrorBody, ErrorCode};
use socketioxide::extract::AckSender;
use tokio::sync::mpsc;

use crate::{
    limits::Inbound,
    service::{self, rate_limited},
};

type Arrival = service::Arrival<AckSender>;

/// Most commands of one connection that wait.
const WAITING: usize = 512;

/// The sending side; closing it lets the task drain what was taken and end.
pub(super) struct Mailbox {
    queue: Mutex<Option<mpsc::Sender<Arrival>>>,
    inbound: Inbound,
}

impl Mailbox {
    pub(super) fn new(inbound: Inbound) -> (Self, mpsc::Receiver<Arrival>) {
        let (queue, arrivals) = mpsc::channel(WAITING);
        (Self { queue: Mutex::new(Some(queue)), inbound }, arrivals)
    }

    /// Takes an arrival, or gives it back with the reason. The rate is checked before anything is parsed.
    #[expect(clippy::result_large_err, reason = "the refused arrival goes back to be answered")]
    pub(super) fn put(&self, arrival: Arrival) -> Result<(), (Arrival, ErrorBody)> {
        if let Err(too_fast) = self.inbound.check() {
            return Err((arrival, rate_limited(too_fast)));
        }
        let queue = self.queue.lock().expect("nothing panics while it holds the queue");
        // After the goodbye there is nobody left to answer.
        let Some(queue) = &*queue else { return Ok(()) };
        queue.try_send(arrival).map_err(|error| {
            let why = "unable to queue the command; too many of this connection wait";
            (error.into_inner(), ErrorBody::new(ErrorCode::Overloaded, why).retry_after(1_000))
        })
    }

    pub(super) fn close(&self) {
        self.queue.lock().expect("nothing panics while it holds the queue").take();
    }
}
