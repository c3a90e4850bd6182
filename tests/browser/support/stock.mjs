import { io } from "socket.io-client";

const open = new Set();

/** A plain Socket.IO client: somebody in the room whose every word a test decides. */
export async function stockClient(server, user, name = user) {
  const token = await server.token(user, name);
  const socket = io(server.url, { auth: { token }, transports: ["websocket"], forceNew: true });
  open.add(socket);
  const state = await new Promise((resolve, reject) => {
    socket.once("initial-state", resolve);
    socket.once("connect_error", reject);
  });
  const ask = async (event, payload) => {
    const ack = await socket.timeout(10_000).emitWithAck(event, payload);
    if (!ack.success) throw Object.assign(new Error(`${event}: ${ack.error.message}`), ack.error);
    return ack;
  };
  return {
    socket,
    state,
    ask,
    enter: (roomId) => ask("join-room", { roomId }),
    say: (roomId, content, more = {}) => ask("send-message", { roomId, content, type: "text", ...more }),
    messages: (roomId, more = {}) => ask("get-messages", { roomId, limit: 100, ...more }).then((page) => page.messages),
    close: () => socket.disconnect(),
  };
}

/** Ends those that a failed test left behind. */
export function closeStockClients() {
  for (const socket of open) socket.disconnect();
  open.clear();
}
