//! The writer: one task that gathers what arrives during a commit into the next transaction (G-2).
//!
//! Alone, a change waits for nothing. Under load, a hundred changes share one commit. Whoever submits learns the
//! outcome after the commit and never before (G-3); news goes out in commit order, by one task.

use std::sync::Arc;

use roomcast_protocol::{ErrorBody, Limits};
use tokio::sync::{mpsc, oneshot};

use super::{Outcomes, StoreError, WriteStore};
use crate::{
    domain::{Change, Decision, Done},
    env::SharedEnv,
    planted::{self, Bug},
};

/// How much the writer takes at once.
#[derive(Debug, Clone, Copy)]
pub struct WriterSettings {
    /// Most changes that wait; further ones are refused as [`Full`].
    pub queue: usize,
    /// Most changes of one transaction.
    pub batch: usize,
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self { queue: 4_096, batch: 200 }
    }
}

/// The writer's queue is full: nothing was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unable to queue the change; the writer is behind")]
pub struct Full;

/// A change that is durable.
#[derive(Debug)]
pub struct Committed {
    /// What was asked for, and by whom.
    pub change: Change,
    /// What came of it.
    pub decision: Decision,
}

/// What the writer passes on to whoever tells the clients.
#[derive(Debug)]
pub enum Written {
    /// These are durable, in commit order.
    Committed(Vec<Committed>),
    /// A transaction of these changes ended without an answer: it may be durable, and nobody knows what it said (G-4).
    Unsure(Vec<Change>),
}

/// Who is told what the writer does.
pub trait Observer: Send + Sync + 'static {
    /// A transaction of so many changes took so long.
    fn wrote(&self, changes: usize, ms: u64);

    /// A transaction failed.
    fn failed(&self, error: &StoreError);
}

struct Job {
    change: Change,
    reply: oneshot::Sender<Result<Done, ErrorBody>>,
}

/// The handle to the writer's task. The task ends when the last handle is dropped and its queue is empty.
#[derive(Debug, Clone)]
pub struct Writer {
    queue: mpsc::Sender<Job>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").finish_non_exhaustive()
    }
}

impl Writer {
    /// Starts the writer's task. What becomes durable goes into `news`, in commit order.
    #[must_use]
    pub fn start(
        store: Arc<dyn WriteStore>,
        observer: Arc<dyn Observer>,
        news: mpsc::Sender<Written>,
        env: SharedEnv,
        limits: Limits,
        settings: WriterSettings,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(settings.queue);
        let task = WriterTask { store, observer, news, env: env.clone(), limits, batch: settings.batch };
        env.spawn(Box::pin(task.run(jobs)));
        Self { queue }
    }

    /// Hands a change in. Changes handed in one after the other are decided in that order (G-5).
    ///
    /// The receiver gets the outcome; if it gets none, the process is ending and the outcome is unknown.
    ///
    /// # Errors
    /// [`Full`]
    pub fn submit(&self, change: Change) -> Result<oneshot::Receiver<Result<Done, ErrorBody>>, Full> {
        let (reply, outcome) = oneshot::channel();
        self.queue.try_send(Job { change, reply }).map_err(|_| Full)?;
        Ok(outcome)
    }

    /// How many changes wait.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}

struct WriterTask {
    store: Arc<dyn WriteStore>,
    observer: Arc<dyn Observer>,
    news: mpsc::Sender<Written>,
    env: SharedEnv,
    limits: Limits,
    batch: usize,
}

impl WriterTask {
    async fn run(self, mut jobs: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(self.batch);
        while jobs.recv_many(&mut batch, self.batch).await > 0 {
            self.write(std::mem::take(&mut batch)).await;
        }
    }

    /// Commits a batch; where a statement fails, halves it until the poison is alone (G-2).
    async fn write(&self, batch: Vec<Job>) {
        let mut pending = vec![batch];
        while let Some(mut jobs) = pending.pop() {
            let started = self.env.mono_ms();
            let changes: Vec<&Change> = jobs.iter().map(|job| &job.change).collect();
            let result = self.store.commit(&changes, self.env.now(), &self.limits).await;
            self.observer.wrote(jobs.len(), self.env.mono_ms() - started);
            match result {
                Ok(outcomes) => self.answer(jobs, outcomes).await,
                Err(error) => {
                    self.observer.failed(&error);
                    let whole = matches!(error, StoreError::Unavailable(_));
                    if whole || jobs.len() == 1 {
                        let mut unsure = Vec::new();
                        for job in jobs {
                            // A receiver that is gone has lost interest, which is no failure.
                            let _ = job.reply.send(Err(error.told()));
                            unsure.push(job.change);
                        }
                        if whole && !planted::has(Bug::UnsureForgotten) {
                            let _ = self.news.send(Written::Unsure(unsure)).await;
                        }
                    } else {
                        let second = jobs.split_off(jobs.len() / 2);
                        pending.push(second);
                        pending.push(jobs);
                    }
                }
            }
        }
    }

    /// Commit, then ack, then publish (G-3).
    async fn answer(&self, jobs: Vec<Job>, outcomes: Outcomes) {
        let mut committed = Vec::with_capacity(jobs.len());
        for (mut job, outcome) in jobs.into_iter().zip(outcomes) {
            match outcome {
                Ok(decision) => {
                    if job.reply.send(Ok(decision.done.clone())).is_err() {
                        // Who was told that the outcome is unknown hears of it like everybody else.
                        job.change.author.conn = None;
                    }
                    if !decision.news.is_empty() {
                        committed.push(Committed { change: job.change, decision });
                    }
                }
                Err(error) => {
                    let _ = job.reply.send(Err(error));
                }
            }
        }
        if !committed.is_empty() {
            // Nobody to tell is left only when the process ends.
            let _ = self.news.send(Written::Committed(committed)).await;
        }
    }
}
