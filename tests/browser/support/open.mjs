/**
 * Runs in the page before anything else of it: counts what is open. What a page leaves behind after its chat is
 * closed shows as a number that has grown.
 */
export function countOpen() {
  const open = { sockets: 0, timers: new Set(), databases: 0, channels: 0, listeners: new Map() };
  const browsers = { setTimeout, clearTimeout, setInterval, clearInterval };
  for (const name in browsers) browsers[name] = browsers[name].bind(globalThis);

  globalThis.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      open.sockets += 1;
      this.addEventListener("close", () => (open.sockets -= 1), { once: true });
    }
  };

  globalThis.setTimeout = (act, ms, ...args) => {
    const id = browsers.setTimeout(() => {
      open.timers.delete(id);
      act(...args);
    }, ms);
    open.timers.add(id);
    return id;
  };
  globalThis.setInterval = (act, ms, ...args) => {
    const id = browsers.setInterval(act, ms, ...args);
    open.timers.add(id);
    return id;
  };
  for (const clear of ["clearTimeout", "clearInterval"]) {
    globalThis[clear] = (id) => {
      open.timers.delete(id);
      browsers[clear](id);
    };
  }

  const opening = IDBFactory.prototype.open;
  IDBFactory.prototype.open = function (...args) {
    const request = opening.apply(this, args);
    request.addEventListener("success", () => (open.databases += 1), { once: true });
    return request;
  };
  const closing = IDBDatabase.prototype.close;
  const closed = new WeakSet();
  IDBDatabase.prototype.close = function () {
    if (!closed.has(this)) open.databases -= 1;
    closed.add(this);
    closing.call(this);
  };

  globalThis.BroadcastChannel = class extends BroadcastChannel {
    constructor(...args) {
      super(...args);
      open.channels += 1;
    }
    close() {
      open.channels -= 1;
      super.close();
    }
  };

  // Of things that outlive a component: the window, the document, the network, the screen.
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const name = (target) => (target === globalThis || target === undefined ? "window" : target === document ? "document" : undefined);
  const key = (type, options) => `${type}/${typeof options === "object" ? options?.capture === true : options === true}`;
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const place = name(this);
    if (place !== undefined && typeof options?.signal === "undefined" && options?.once !== true) {
      const at = `${place}.${key(type, options)}`;
      const known = open.listeners.get(at) ?? new Set();
      open.listeners.set(at, known.add(listener));
    }
    return addEventListener.call(this, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    const place = name(this);
    if (place !== undefined) open.listeners.get(`${place}.${key(type, options)}`)?.delete(listener);
    return removeEventListener.call(this, type, listener, options);
  };

  globalThis.stillOpen = async () => ({
    sockets: open.sockets,
    timers: open.timers.size,
    databases: open.databases,
    channels: open.channels,
    locks: (await navigator.locks.query()).held.length + (await navigator.locks.query()).pending.length,
    listeners: [...open.listeners].filter(([, known]) => known.size > 0).map(([at, known]) => `${at} ${known.size}`).sort().join(", "),
  });
}
