//! Several real nodes on one Postgres and one Redis, alone and behind nginx.

mod balanced;
mod degraded;
mod quotas;
mod revocation;
mod stage;
mod stock;
mod told;
