// IndexedDB as a store of bytes. Python evaluates this script in its worker; the value is an
// object of asynchronous functions.

(() => {
  const RECORDS = "records"
  const LOCK = "inkling-session "
  const OPEN_WITHIN = 5000 // milliseconds; some browsers never answer in private mode

  let database = null

  function answer(request) {
    return new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  }

  async function open(name) {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(RECORDS)
    const timeout = new Promise((_resolve, reject) => {
      setTimeout(() => reject(new Error("its database does not answer")), OPEN_WITHIN)
    })
    database = await Promise.race([answer(request), timeout])
    // An open connection would block the deletion of the site's data.
    database.onversionchange = () => database.close()
  }

  // A record is stored when its transaction is complete, not before.
  function transact(mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(RECORDS, mode)
      const request = work(transaction.objectStore(RECORDS))
      transaction.oncomplete = () => resolve(request.result)
      transaction.onabort = () => reject(transaction.error ?? new Error("the write was aborted"))
    })
  }

  // The lock is held until the worker ends, in whatever way. Without a secure context there are
  // no locks, and tabs do not know of each other.
  async function enter(session) {
    if (navigator.locks == null) {
      return
    }
    await new Promise((resolve, reject) => {
      const hold = () => {
        resolve()
        return new Promise(() => {})
      }
      navigator.locks.request(LOCK + session, hold).catch(reject)
    })
  }

  async function openSessions() {
    if (navigator.locks == null) {
      return []
    }
    const { held } = await navigator.locks.query()
    const names = held.map((lock) => lock.name).filter((name) => name.startsWith(LOCK))
    return names.map((name) => name.slice(LOCK.length))
  }

  return {
    open,
    names: () => transact("readonly", (records) => records.getAllKeys()),
    read: (name) => transact("readonly", (records) => records.get(name)),
    write: (name, content) => transact("readwrite", (records) => records.put(content, name)),
    remove: (name) => transact("readwrite", (records) => records.delete(name)),
    enter,
    openSessions,
  }
})()
