//! What happens, for programs that act upon it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::Stream;
use roomcast_client_core::Notice;
use tokio::sync::broadcast;
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// A stream of what happens from the subscription on. Bounded: a reader that is too slow loses the oldest and is
/// told how many.
#[derive(Debug)]
pub struct Events(BroadcastStream<Notice>);

/// So many events were lost, because the reader was too slow. The views are up to date all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unable to deliver {0} events; the reader was too slow")]
pub struct Lagged(pub u64);

impl Events {
    pub(crate) fn new(receiver: broadcast::Receiver<Notice>) -> Self {
        Self(BroadcastStream::new(receiver))
    }

    /// The next event; `None` once the client is closed.
    pub async fn next(&mut self) -> Option<Result<Notice, Lagged>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Events {
    type Item = Result<Notice, Lagged>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = Pin::new(&mut self.0).poll_next(cx);
        item.map(|next| next.map(|result| result.map_err(|BroadcastStreamRecvError::Lagged(count)| Lagged(count))))
    }
}
