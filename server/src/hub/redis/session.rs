//! The connections of one time of being up.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::try_join_all;
use redis::{Pipeline, PushInfo, PushKind, Value, aio::MultiplexedConnection, cmd, pipe};
use tokio::sync::watch;

use super::{
    inbox::Inbox,
    layout::{Layout, LayoutError, Master},
    target::{Kind, Target, patience},
};

/// Longest that Redis may take to answer anything. (G-6: nobody waits for it meanwhile.)
pub(super) const DEADLINE: Duration = Duration::from_secs(1);

/// Why the bus is down.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{0}")]
    Redis(#[from] redis::RedisError),
    #[error("{0}")]
    Layout(#[from] LayoutError),
    #[error("{0}")]
    Refused(String),
    #[error("the connection was lost")]
    Lost,
    #[error("the masters have changed")]
    Moved,
    #[error("the server is no master now")]
    NoMaster,
}

/// A connection to each master.
pub(super) struct Session {
    layout: Layout,
    connections: Vec<MultiplexedConnection>,
    sharded: bool,
    ended: watch::Receiver<Option<Ended>>,
    leaving: Leaving,
}

/// What a connection tells by itself.
#[derive(Debug, Clone, Copy)]
enum Ended {
    Lost,
    Moved,
}

/// Channels that we are unsubscribing from: an unasked farewell means that the channel's slot has moved.
type Leaving = Arc<Mutex<HashSet<Vec<u8>>>>;

impl Session {
    /// Connects to all masters; what they bring goes to the inbox under this number.
    pub(super) async fn open(target: &Target, layout: Layout, inbox: &Arc<Inbox>, number: u64) -> Result<Self, Fault> {
        let (sender, ended) = watch::channel(None);
        let leaving = Leaving::default();
        let listener = Listener { inbox: inbox.clone(), number, ended: sender, leaving: leaving.clone() };
        let listener = Arc::new(listener);
        let connections = layout.masters.iter().map(|master| connect(target, master, listener.clone()));
        let connections = try_join_all(connections).await?;
        let sharded = target.kind == Kind::Cluster;
        Ok(Self { layout, connections, sharded, ended, leaving })
    }

    /// Sends all, in order for each channel, and waits until the masters have taken them.
    pub(super) async fn publish(&self, frames: Vec<(String, Vec<u8>)>) -> Result<(), Fault> {
        let name = if self.sharded { "SPUBLISH" } else { "PUBLISH" };
        self.each(frames, |pipeline, (channel, frame)| {
            pipeline.cmd(name).arg(channel).arg(frame);
        })
        .await
    }

    /// Each confirmation goes to the inbox on its own.
    pub(super) async fn subscribe(&self, channels: Vec<(String, ())>) -> Result<(), Fault> {
        let name = if self.sharded { "SSUBSCRIBE" } else { "SUBSCRIBE" };
        self.each(channels, |pipeline, (channel, ())| {
            pipeline.cmd(name).arg(channel);
        })
        .await
    }

    pub(super) async fn unsubscribe(&self, channels: Vec<(String, ())>) -> Result<(), Fault> {
        let name = if self.sharded { "SUNSUBSCRIBE" } else { "UNSUBSCRIBE" };
        self.leaving().extend(channels.iter().map(|(channel, ())| channel.clone().into_bytes()));
        self.each(channels, |pipeline, (channel, ())| {
            pipeline.cmd(name).arg(channel);
        })
        .await?;
        self.leaving().clear();
        Ok(())
    }

    /// Asks every master whether it is there.
    pub(super) async fn ping(&self) -> Result<(), Fault> {
        let pings = self
            .connections
            .iter()
            .map(|connection| async { cmd("PING").query_async::<()>(&mut connection.clone()).await });
        try_join_all(pings).await?;
        Ok(())
    }

    /// How a cluster sees itself now.
    pub(super) async fn layout_now(&self) -> Result<Layout, LayoutError> {
        Layout::of_cluster(&mut self.connections[0].clone(), &self.layout.masters[0].address).await
    }

    /// The masters that it is connected to.
    pub(super) const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Waits until a connection says by itself that it is over.
    pub(super) async fn ended(&self) -> Fault {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await.map(|ended| *ended) {
            Ok(Some(Ended::Moved)) => Fault::Moved,
            _ => Fault::Lost,
        }
    }

    /// One pipeline a master, all at the same time.
    async fn each<T>(
        &self,
        items: Vec<(String, T)>,
        mut add: impl FnMut(&mut Pipeline, (String, T)),
    ) -> Result<(), Fault> {
        let mut pipelines: Vec<(Pipeline, usize)> = vec![(pipe(), 0); self.connections.len()];
        for item in items {
            let (pipeline, count) = &mut pipelines[self.layout.master_of(&item.0)];
            add(pipeline, item);
            *count += 1;
        }
        let sent = pipelines.iter().zip(&self.connections).filter(|((_, count), _)| *count > 0).map(
            |((pipeline, count), connection)| async {
                let answers = connection.clone().send_packed_commands(pipeline, 0, *count).await?;
                answers.into_iter().find_map(refusal).map_or(Ok(()), Err)
            },
        );
        try_join_all(sent).await?;
        Ok(())
    }

    fn leaving(&self) -> std::sync::MutexGuard<'_, HashSet<Vec<u8>>> {
        self.leaving.lock().expect("nothing panics while it holds the channels")
    }
}

fn refusal(answer: Value) -> Option<Fault> {
    let Value::ServerError(error) = answer else { return None };
    let moved = matches!(error.code(), "MOVED" | "CLUSTERDOWN" | "TRYAGAIN" | "ASK");
    Some(if moved { Fault::Moved } else { Fault::Refused(error.to_string()) })
}

async fn connect(target: &Target, master: &Master, listener: Arc<Listener>) -> Result<MultiplexedConnection, Fault> {
    let config = patience().set_push_sender(move |info| {
        listener.take(info);
        Ok::<(), redis::aio::SendError>(())
    });
    let client = target.master(&master.address)?;
    let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
    let serves = match target.kind {
        Kind::Single => true,
        // Sentinels may not know yet. A replica would take what is published, and keep it to itself.
        Kind::Sentinel { .. } => {
            let role: Value = cmd("ROLE").query_async(&mut connection).await?;
            matches!(role, Value::Array(role) if role.first() == Some(&Value::BulkString(b"master".to_vec())))
        }
        // A node that has just started knows its slots before it serves them.
        Kind::Cluster => {
            let info: String = cmd("CLUSTER").arg("INFO").query_async(&mut connection).await?;
            info.contains("cluster_state:ok")
        }
    };
    if serves { Ok(connection) } else { Err(Fault::NoMaster) }
}

/// Where the connections' pushes go. Runs on their tasks, so it never waits.
struct Listener {
    inbox: Arc<Inbox>,
    number: u64,
    ended: watch::Sender<Option<Ended>>,
    leaving: Leaving,
}

impl Listener {
    fn take(&self, info: PushInfo) {
        match info.kind {
            PushKind::Disconnection => self.end(Ended::Lost),
            PushKind::SUnsubscribe | PushKind::Unsubscribe => {
                let asked = info.data.first().is_some_and(|channel| match channel {
                    Value::BulkString(channel) => {
                        self.leaving.lock().expect("nothing panics while it holds the channels").contains(channel)
                    }
                    _ => false,
                });
                if !asked {
                    self.end(Ended::Moved);
                }
            }
            _ => self.inbox.push(self.number, info),
        }
    }

    fn end(&self, how: Ended) {
        self.ended.send_if_modified(|ended| ended.is_none().then(|| *ended = Some(how)).is_some());
    }
}
