/** Where the outbox and what was shown survive a reload: IndexedDB, or memory where there is none. */

import type { ClientId } from "./protocol.js";
import type { ChatSnapshot, OpenStorage, Storage, StorageChange, StoredItem } from "./types.js";

const ITEMS = "outbox";
const SNAPSHOT = "snapshot";

/** Memory: what was not acknowledged dies with the page. `ChatState.durable` says so. */
export function memory(): Storage {
  const items = new Map<ClientId, StoredItem>();
  return {
    open: async () => ({
      durable: false,
      load: async () => [...items.values()],
      apply: async (changes) => {
        for (const change of changes) {
          if ("put" in change) items.set(change.put.clientId, change.put);
          else items.delete(change.remove);
        }
      },
      close: () => undefined,
    }),
  };
}

/**
 * The browser's IndexedDB, one database for each name: give each user their own. Where there is none (a server, a
 * private window of some browsers), memory, which `ChatState.durable` says.
 */
export function indexedDb(name = "roomcast"): Storage {
  const open = async (): Promise<OpenStorage> => {
    try {
      return opened(await database(name));
    } catch {
      return memory().open();
    }
  };
  return { open };
}

function database(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(ITEMS, { keyPath: "clientId" });
      request.result.createObjectStore(SNAPSHOT);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("unable to open the database"));
    request.onblocked = () => reject(new Error("unable to open the database; another page holds an older one"));
  });
}

function opened(db: IDBDatabase): OpenStorage {
  /** Runs one transaction; what it gives is what the last request gave. */
  const transact = <T>(
    store: string,
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => IDBRequest<T> | undefined,
    durability: IDBTransactionDurability = "strict",
  ): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      const transaction = db.transaction(store, mode, { durability });
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("unable to store"));
    });
  const write = (store: IDBObjectStore, changes: readonly StorageChange[]): undefined => {
    for (const change of changes) {
      if ("put" in change) store.put(change.put);
      else store.delete(change.remove);
    }
  };
  // Another page that wants a newer database must not wait for this one.
  db.onversionchange = () => db.close();
  return {
    durable: true,
    load: async () => (await transact<StoredItem[]>(ITEMS, "readonly", (store) => store.getAll())) ?? [],
    apply: async (changes) => {
      await transact(ITEMS, "readwrite", (store) => write(store, changes));
    },
    loadSnapshot: () => transact<ChatSnapshot>(SNAPSHOT, "readonly", (store) => store.get(SNAPSHOT)),
    saveSnapshot: async (snapshot) => {
      await transact(SNAPSHOT, "readwrite", (store) => void store.put(snapshot, SNAPSHOT), "relaxed");
    },
    close: () => db.close(),
  };
}
