//! What each fault may cost, measured one at a time on real processes. The figures are printed: `--nocapture`.

mod node_killed;
mod postgres_away;
mod redis_away;
mod stage;
mod stampede;
