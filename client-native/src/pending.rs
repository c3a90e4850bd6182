//! A message on its way.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use roomcast_client_core::{Answer, Outcome};
use roomcast_protocol::{ClientId, ErrorBody, ErrorCode, Reply, model::Message};
use tokio::sync::oneshot;

use crate::Error;

/// A message in the outbox. Await it to know that the server has it; drop it, and it is sent all the same.
#[derive(Debug)]
#[must_use = "await it to know that the message arrived, or keep its id"]
pub struct Pending {
    /// The message's id until the server gives it one.
    pub client_id: ClientId,
    outcome: oneshot::Receiver<Outcome>,
}

impl Pending {
    pub(crate) const fn new(client_id: ClientId, outcome: oneshot::Receiver<Outcome>) -> Self {
        Self { client_id, outcome }
    }
}

impl Future for Pending {
    type Output = Result<Message, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.outcome).poll(cx).map(|outcome| match outcome {
            Ok(Ok(Answer::Reply(reply))) => match *reply {
                Reply::SendMessage(stored) => Ok(stored.message),
                _ => Err(unexpected()),
            },
            Ok(Ok(Answer::Done)) => Err(unexpected()),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Error::Closed),
        })
    }
}

pub(crate) fn unexpected() -> Error {
    ErrorBody::new(ErrorCode::Internal, "unable to use the answer; it fits no question").into()
}
