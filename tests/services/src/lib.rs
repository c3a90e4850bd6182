//! Databases and a balancer of the tests' and the demo's own: real processes on free ports, in temporary folders, gone
//! with their handle. Nothing that runs on the machine already is ever used.

mod certificate;
mod nginx;
pub mod port;
mod postgres;
mod process;
mod redis;
mod redis_cluster;
mod redis_sentinel;

pub use certificate::Certificate;
pub use nginx::Nginx;
pub use postgres::Postgres;
pub use redis::Redis;
pub use redis_cluster::RedisCluster;
pub use redis_sentinel::RedisSentinel;
