//! The only code that knows the Socket.IO engine.

mod connection;
mod drain;
mod engine;
mod handshake;
mod incoming;
mod intake;
mod mailbox;

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use socketioxide::{SocketIo, TransportType, handler::ConnectHandler as _, layer::SocketIoLayer};

pub use engine::Engine;

use crate::service::Service;

/// Which ways a client may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transports {
    /// WebSocket and long polling.
    All,
    /// WebSocket only: needs no stickiness from a balancer.
    WebSocket,
    /// Long polling only.
    Polling,
}

/// What can be set about the engine.
#[derive(Debug, Clone)]
pub struct GatewaySettings {
    /// How often the server pings.
    pub ping_interval: Duration,
    /// How long it waits for the pong.
    pub ping_timeout: Duration,
    /// How long a client may take from the transport's handshake to CONNECT.
    pub connect_timeout: Duration,
    /// Longest packet, in bytes.
    pub frame_bytes: usize,
    /// Most packets that wait for a reader; one more closes the connection.
    pub outbound_packets: usize,
    /// Which ways a client may connect.
    pub transports: Transports,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            // The waiting before the gate is part of it.
            connect_timeout: Duration::from_secs(10),
            frame_bytes: 128 * 1024,
            outbound_packets: 256,
            transports: Transports::All,
        }
    }
}

/// The gateway of a node.
pub struct Gateway {
    io: SocketIo,
    engine: Arc<Engine>,
    draining: Arc<AtomicBool>,
}

impl Gateway {
    /// Builds the engine. Its layer goes around the application's router; nobody is let in before
    /// [`Gateway::open`].
    #[must_use]
    pub fn build(settings: &GatewaySettings) -> (SocketIoLayer, Self) {
        let builder = SocketIo::builder()
            .ping_interval(settings.ping_interval)
            .ping_timeout(settings.ping_timeout)
            .connect_timeout(settings.connect_timeout)
            .max_payload(settings.frame_bytes as u64)
            .ws_max_message_size(settings.frame_bytes)
            .ws_max_frame_size(settings.frame_bytes)
            .max_buffer_size(settings.outbound_packets);
        let builder = match settings.transports {
            Transports::All => builder,
            Transports::WebSocket => builder.transports([TransportType::Websocket]),
            Transports::Polling => builder.transports([TransportType::Polling]),
        };
        let (layer, io) = builder.build_layer();
        let engine = Arc::new(Engine::new(io.clone()));
        (layer, Self { io, engine, draining: Arc::default() })
    }

    /// The face that services use.
    #[must_use]
    pub fn engine(&self) -> Arc<Engine> {
        self.engine.clone()
    }

    /// Whether the node is on its way down.
    #[must_use]
    pub fn draining(&self) -> Arc<AtomicBool> {
        self.draining.clone()
    }

    /// Lets clients in.
    pub fn open(&self, service: Service) {
        let door = handshake::Door::new(service, self.engine.clone(), self.draining.clone());
        self.io.ns("/", handshake::begin.with(door.middleware()));
    }
}
