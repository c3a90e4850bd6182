//! socketioxide, behind the narrow face that services know.

use std::{
    collections::BTreeMap,
    sync::{
        RwLock, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use roomcast_protocol::RoomId;
use socketioxide::{
    BroadcastError, SendError, SocketError, SocketIo, TransportType, extract::SocketRef, operators::BroadcastOperators,
    socket::Sid,
};

use crate::{
    domain::ConnId,
    hub::{CloseReason, Packet, Transport},
    serve::Peer,
};

/// The engine's sockets by the node's connection ids.
pub struct Engine {
    io: SocketIo,
    conns: RwLock<BTreeMap<ConnId, Link>>,
    next: AtomicU64,
}

/// How a connection is reached.
enum Link {
    /// Still in its handshake: the engine does not list it yet.
    Pending(SocketRef),
    /// Connected: the engine lists it for as long as it lives.
    Live(Sid),
}

impl Engine {
    pub(super) fn new(io: SocketIo) -> Self {
        Self { io, conns: RwLock::default(), next: AtomicU64::new(1) }
    }

    pub(super) fn register(&self, socket: SocketRef) -> ConnId {
        let conn = ConnId(self.next.fetch_add(1, Ordering::Relaxed));
        self.conns().insert(conn, Link::Pending(socket));
        conn
    }

    /// The handshake is over.
    pub(super) fn connected(&self, conn: ConnId) {
        if let Some(link) = self.conns().get_mut(&conn)
            && let Link::Pending(socket) = link
        {
            *link = Link::Live(socket.id);
        }
    }

    pub(super) fn unregister(&self, conn: ConnId) {
        self.conns().remove(&conn);
    }

    fn conns(&self) -> RwLockWriteGuard<'_, BTreeMap<ConnId, Link>> {
        self.conns.write().expect("nothing panics while it holds the map")
    }

    pub(super) fn connections(&self) -> Vec<ConnId> {
        self.conns.read().expect("nothing panics while it holds the map").keys().copied().collect()
    }

    pub(super) fn socket(&self, conn: ConnId) -> Option<SocketRef> {
        match self.conns.read().expect("nothing panics while it holds the map").get(&conn)? {
            Link::Pending(socket) => Some(socket.clone()),
            Link::Live(sid) => self.all()?.get_socket(*sid),
        }
    }

    /// The engine's namespace. It is not there before clients are let in, nor once the engine is closed: what is told
    /// then is told to nobody. The engine's shorter ways to it panic.
    fn all(&self) -> Option<BroadcastOperators> {
        self.io.of("/")
    }

    /// Of the sockets in these rooms, closes those whose queue is full: the engine tells that there are some, but
    /// not which. A packet without content finds out.
    fn evict_full(&self, rooms: &[RoomId]) {
        let probe = serde_json::json!({ "rooms": {} });
        let sockets = self.all().map(|all| all.within(names(rooms)).sockets());
        for socket in sockets.into_iter().flatten() {
            if let Err(SendError::Socket(SocketError::InternalChannelFull)) = socket.emit("heads", &probe) {
                close(socket, CloseReason::Slow);
            }
        }
    }
}

impl Transport for Engine {
    // The roster is told of a disconnect before the adapter forgets the socket, and subscribes nobody after it.
    fn subscribe(&self, conn: ConnId, room: &RoomId) {
        if let Some(socket) = self.socket(conn) {
            socket.join(name(room));
        }
    }

    fn unsubscribe(&self, conn: ConnId, room: &RoomId) {
        if let Some(socket) = self.socket(conn) {
            socket.leave(name(room));
        }
    }

    fn emit(&self, conn: ConnId, packet: &Packet) {
        let Some(socket) = self.socket(conn) else { return };
        if let Err(SendError::Socket(SocketError::InternalChannelFull)) = socket.emit(packet.name, &packet.json) {
            close(socket, CloseReason::Slow);
        }
    }

    fn broadcast(&self, rooms: &[RoomId], except: Option<ConnId>, packet: &Packet) {
        if rooms.is_empty() {
            return;
        }
        let to = match except.and_then(|conn| self.socket(conn)) {
            Some(socket) => socket.to(names(rooms)),
            None => match self.all() {
                Some(all) => all.to(names(rooms)),
                None => return,
            },
        };
        let sent = futures_util::FutureExt::now_or_never(to.emit(packet.name, &packet.json));
        if let Some(Err(BroadcastError::Socket(errors))) = sent
            && errors.iter().any(|error| matches!(error, SocketError::InternalChannelFull))
        {
            self.evict_full(rooms);
        }
    }

    fn close(&self, conn: ConnId, reason: CloseReason) {
        if let Some(socket) = self.socket(conn) {
            close(socket, reason);
        }
    }
}

/// Room names of ours, apart from those that the engine makes of socket ids.
fn name(room: &RoomId) -> String {
    format!("r:{room}")
}

fn names(rooms: &[RoomId]) -> Vec<String> {
    rooms.iter().map(name).collect()
}

/// A namespace disconnect tells a stock client to stay away, so one who should come back, or who does not read,
/// loses the connection beneath instead.
fn close(socket: SocketRef, reason: CloseReason) {
    let direct = socket.transport_type() == TransportType::Websocket
        && socket.req_parts().uri.query().is_some_and(|query| query.contains("transport=websocket"));
    let peer = socket.req_parts().extensions.get::<Peer>().filter(|_| direct);
    match (reason, peer) {
        (CloseReason::Draining | CloseReason::Slow, Some(peer)) => peer.cut(),
        _ => {
            // A full queue refuses even this: then the kernel's own time-out ends the connection.
            let _ = socket.disconnect();
        }
    }
}

#[cfg(test)]
mod tests {
    use roomcast_protocol::Event;

    use super::*;

    #[tokio::test]
    async fn what_is_told_before_the_engine_is_open_or_once_it_is_closed_is_told_to_nobody() {
        let (_layer, io) = SocketIo::new_layer();
        let engine = Engine::new(io.clone());
        let rooms = [RoomId::parse("r").expect("a good id")];
        let packet = Packet::from(&Event::TokenRevoked(Box::default()));
        engine.broadcast(&rooms, None, &packet);
        io.ns("/", async || {});
        engine.broadcast(&rooms, None, &packet);
        io.close().await;
        engine.broadcast(&rooms, None, &packet);
        engine.evict_full(&rooms);
    }
}
