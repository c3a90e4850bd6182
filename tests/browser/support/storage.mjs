/** How many records the page's databases hold. */
export function storedItems(page) {
  return page.evaluate(async () => {
    let items = 0;
    for (const { name, version } of await indexedDB.databases()) {
      const database = await new Promise((resolve, reject) => {
        const opening = indexedDB.open(name, version);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
      });
      for (const store of database.objectStoreNames) {
        items += await new Promise((resolve, reject) => {
          const count = database.transaction(store).objectStore(store).count();
          count.onsuccess = () => resolve(count.result);
          count.onerror = () => reject(count.error);
        });
      }
      database.close();
    }
    return items;
  });
}
