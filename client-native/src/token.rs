//! Where tokens come from.

use std::{future::Future, pin::Pin, sync::Arc};

/// Any error of the application's.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) type TokenFuture = Pin<Box<dyn Future<Output = Result<String, BoxError>> + Send>>;

/// Asks the application for a token, each time anew.
#[derive(Clone)]
pub(crate) struct TokenProvider(Arc<dyn Fn() -> TokenFuture + Send + Sync>);

impl TokenProvider {
    pub(crate) fn new<F, Fut>(provider: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, BoxError>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(provider())))
    }

    pub(crate) fn fetch(&self) -> TokenFuture {
        (self.0)()
    }
}
