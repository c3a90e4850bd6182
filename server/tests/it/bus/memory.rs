//! The bus within a process.

use roomcast_server::hub::{Exchange, Link, NodeId};

use super::suite::{Subject, whole_suite};

impl Subject for Exchange {
    fn link(&self, name: &str) -> Link {
        Exchange::link(self, NodeId::new(name.to_owned()))
    }

    async fn take_down(&mut self) {
        Exchange::take_down(self);
    }

    async fn bring_up(&mut self) {
        Exchange::bring_up(self);
    }
}

async fn exchange() -> Exchange {
    Exchange::default()
}

whole_suite!(exchange);
