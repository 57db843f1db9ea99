// What this page keeps over reload and power loss, in IndexedDB: its pairing, what the hall told it, and the
// ratings that the daemon has not vouched for yet. A rating leaves only by `drop`.

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export class Keeping {
  static async open(name) {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("kept");
      request.result.createObjectStore("queue", { keyPath: "id" });
    };
    return new Keeping(await done(request));
  }

  constructor(database) {
    this.database = database;
  }

  // Resolves when it is on disk.
  write(store, change) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(store, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
      change(transaction.objectStore(store));
    });
  }

  recall(key) {
    return done(this.database.transaction("kept").objectStore("kept").get(key));
  }

  keep(key, value) {
    return this.write("kept", (store) => store.put(value, key));
  }

  add(rating) {
    return this.write("queue", (store) => store.put(rating));
  }

  drop(id) {
    return this.write("queue", (store) => store.delete(id));
  }

  waiting() {
    return done(this.database.transaction("queue").objectStore("queue").getAll());
  }
}
