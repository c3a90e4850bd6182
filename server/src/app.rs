//! The one place that names concrete backends and puts the house together.

use std::{sync::Arc, time::Duration};

use axum::Router;
use roomcast_protocol::{Epoch, RoomId, UserId, command::CreateRoom, model::User, model::Visibility};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, DatabaseConfig},
    env::{Env, RealEnv},
    gateway::Gateway,
    http::{self, Health},
    hub::{self, Link, NodeId},
    limits::Quotas,
    metrics::Metrics,
    serve::{self, Proxies},
    service::{Parts, Service},
    store::{
        Store, StoreError,
        postgres::{self, PostgresSettings, PostgresStore},
        sqlite::{self, SqliteStore},
    },
};

/// How often what falls due with time is looked at.
const TICK: Duration = Duration::from_millis(100);

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The SQLite file did not open.
    #[error(transparent)]
    Sqlite(#[from] sqlite::OpenError),
    /// The Postgres database did not open.
    #[error(transparent)]
    Postgres(#[from] postgres::OpenError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A server, ready to be served or to be mounted in another axum application.
pub struct App {
    router: Router,
    admin: Router,
    gateway: Gateway,
    service: Service,
    store: Arc<dyn Store>,
    proxies: Proxies,
    stop: CancellationToken,
}

impl App {
    /// Opens the database and starts the services. Must run inside a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let env = RealEnv::shared();
        let stop = CancellationToken::new();
        // Nobody could come in without: a server that has no keys yet is not there yet.
        config.tokens.follow(stop.clone()).await;
        let store = open(&config.database, &*env).await?;
        let epoch = store.epoch().await?;
        let metrics = Arc::new(Metrics::default());
        let (layer, gateway) = Gateway::build(&config.gateway);
        let parts = Parts {
            env,
            store: store.clone(),
            transport: gateway.engine(),
            tokens: Arc::new(config.tokens.clone()),
            quotas: Quotas::new(config.rates),
            metrics: metrics.clone(),
            settings: config.service.clone(),
            link: link(config, &metrics),
        };
        let service = Service::start(parts, epoch);
        gateway.open(service.clone());
        tick(service.clone(), stop.clone());
        let draining = axum::middleware::from_fn_with_state(gateway.draining(), http::turn_away);
        let health = Health { store: store.clone(), draining: gateway.draining(), bus: metrics.bus.clone() };
        let router = http::public(health, config.key.clone().filter(|_| config.dev))
            .layer(layer)
            .layer(draining)
            .layer(http::cors(&config.origins));
        let admin = http::admin(metrics, http::Node { name: config.node.clone(), service: service.clone() });
        let proxies = config.proxies.clone();
        Ok(Self { router, admin, gateway, service, store, proxies, stop })
    }

    /// The routes for clients, to be merged into an application's own.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Serves clients and operators until [`App::shutdown`].
    pub async fn serve(&self, clients: TcpListener, admin: TcpListener) {
        let serve_admin = serve::serve(admin, self.admin.clone(), Proxies::default(), self.stop.clone());
        let serve_clients = serve::serve(clients, self.router.clone(), self.proxies.clone(), self.stop.clone());
        tokio::join!(serve_clients, serve_admin);
    }

    /// Makes a public room, unless its id is taken.
    ///
    /// # Errors
    /// The refusal, other than that it is there already.
    pub async fn seed_room(&self, id: &str) -> Result<(), roomcast_protocol::ErrorBody> {
        let id = RoomId::parse(id).map_err(|error| {
            roomcast_protocol::ErrorBody::new(roomcast_protocol::ErrorCode::BadRequest, error.to_string())
        })?;
        let owner = UserId::parse("roomcast").expect("a good id");
        let create = CreateRoom {
            name: id.as_str().to_owned(),
            room_id: Some(id),
            visibility: Visibility::Public,
            members: Vec::new(),
            topic: None,
            policy: None,
        };
        self.service.seed(User { id: owner, name: "Roomcast".to_owned(), avatar_url: None }, create).await
    }

    /// Ends it: no new clients, those who are here are told and let go, what was accepted becomes durable.
    pub async fn shutdown(&self) {
        self.gateway.drain(&self.service).await;
        self.stop.cancel();
        self.store.close().await;
    }
}

/// The way to the other nodes, if there are any. Each start makes another node: what an earlier life said is no
/// longer true.
fn link(config: &Config, metrics: &Metrics) -> Link {
    let Some(redis) = &config.redis else { return hub::alone() };
    let node = NodeId::new(format!("{}.{:08x}", config.node, rand::random::<u32>()));
    tracing::info!(%node, "this is one of several nodes");
    hub::redis::start(redis.clone(), node, metrics.bus.clone())
}

/// Opens a database, made or brought up to date where that is needed.
///
/// # Errors
/// [`StartError`]
pub async fn open(database: &DatabaseConfig, env: &dyn Env) -> Result<Arc<dyn Store>, StartError> {
    let fresh_epoch = &Epoch::parse(&env.fresh_id()).expect("a UUID is a good epoch");
    Ok(match database {
        DatabaseConfig::Sqlite { url } => Arc::new(SqliteStore::open(url, fresh_epoch).await?),
        DatabaseConfig::Postgres { url, durability } => {
            let settings = PostgresSettings { durability: *durability, ..PostgresSettings::default() };
            Arc::new(PostgresStore::open(url, fresh_epoch, settings).await?)
        }
    })
}

fn tick(service: Service, stop: CancellationToken) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut count = 0_u32;
        loop {
            tokio::select! {
                _ = ticks.tick() => service.tick(),
                () = stop.cancelled() => return,
            }
            count = count.wrapping_add(1);
            if count.is_multiple_of(600) {
                service.quotas().forget_idle();
            }
        }
    });
}
