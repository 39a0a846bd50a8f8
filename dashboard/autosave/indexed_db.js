// IndexedDB as a store of bytes. Python evaluates this script in its worker; the value is a function
// that takes the name of a database and returns asynchronous functions. Their errors are plain `Error`s with the name of the cause:
// Pyodide takes some exceptions of the browser, such as QuotaExceededError, for no errors at all.

(databaseName) => {
  const RECORDS = "records"
  const LOCK = "inkling-session "
  const ANSWER_WITHIN = 5000 // milliseconds; some browsers never answer in private mode
  const TRANSACT_WITHIN = 30000
  const BEAT = "alive/"
  const BEAT_EVERY = 2000
  const BEAT_WITHIN = 10000 // milliseconds; Python may compute for some seconds without a pause
  const BEAT_KEPT = 86_400_000

  let opening = null // a promise of the open database; null when it must be opened

  function plain(error) {
    const cause = error?.name ?? "Error"
    const made = new Error(error?.message || cause)
    made.name = cause
    return made
  }

  // The same function with plain errors.
  function plainly(work) {
    return async (...values) => {
      try {
        return await work(...values)
      } catch (error) {
        throw plain(error)
      }
    }
  }

  function timeout(milliseconds) {
    return new Promise((_resolve, reject) => {
      setTimeout(() => reject(new Error("its database does not answer")), milliseconds)
    })
  }

  function forget() {
    opening = null
  }

  async function openDatabase() {
    if (self.indexedDB == null) {
      throw new Error("it has no database")
    }
    const request = indexedDB.open(databaseName, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(RECORDS)
    const opened = new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const database = await Promise.race([opened, timeout(ANSWER_WITHIN)]).catch((error) => {
      opened.then((late) => late.close(), () => {}) // nobody uses it, and it would block others
      throw error
    })
    // An open connection would block the deletion of the site's data.
    database.onversionchange = () => { forget(); database.close() }
    database.onclose = forget
    return database
  }

  function database() {
    opening ??= openDatabase()
    opening.catch(forget)
    return opening
  }

  // A record is stored when its transaction is complete, not before.
  async function transact(mode, work) {
    const opened = await database()
    let transaction = null
    const done = new Promise((resolve, reject) => {
      try {
        transaction = opened.transaction(RECORDS, mode)
      } catch (error) {
        forget() // the connection is closed, or its database was deleted
        throw error
      }
      const request = work(transaction.objectStore(RECORDS))
      transaction.oncomplete = () => resolve(request.result)
      transaction.onabort = () => {
        reject(transaction.error ?? request.error ?? new Error("the write was aborted"))
      }
    })
    try {
      return await Promise.race([done, timeout(TRANSACT_WITHIN)])
    } catch (error) {
      done.catch(() => {}) // it may fail after its time was up
      try {
        transaction?.abort()
      } catch {
        // it has ended
      }
      throw error
    }
  }

  // Functions that end the open sessions of this worker, by their names.
  const sessions = new Map()

  // The lock is held until the worker ends, in whatever way.
  async function lock(session) {
    const options = { ifAvailable: true }
    await new Promise((resolve, reject) => {
      const hold = (found) => {
        if (found == null) {
          reject(new Error("another tab has the same name"))
          return undefined
        }
        return new Promise((release) => { sessions.set(session, release); resolve() })
      }
      navigator.locks.request(LOCK + session, options, hold).catch(reject)
    })
  }

  // Without a secure context there are no locks: an open session writes the time now and then.
  async function beat(session) {
    await transact("readwrite", (records) => records.put(Date.now(), BEAT + session))
  }

  async function startBeating(session) {
    const tryToBeat = () => beat(session).catch(() => {}) // the autosave tells why nothing is stored
    const timer = setInterval(tryToBeat, BEAT_EVERY)
    sessions.set(session, async () => {
      clearInterval(timer)
      await transact("readwrite", (records) => records.delete(BEAT + session))
    })
    await tryToBeat()
  }

  async function beatingSessions() {
    const keys = await transact("readonly", (records) => records.getAllKeys())
    const found = []
    for (const key of keys.filter((key) => key.startsWith(BEAT))) {
      const age = Date.now() - await transact("readonly", (records) => records.get(key))
      if (age < BEAT_WITHIN) {
        found.push(key.slice(BEAT.length))
      } else if (age > BEAT_KEPT) {
        await transact("readwrite", (records) => records.delete(key))
      }
    }
    return found
  }

  async function enter(session) {
    await (navigator.locks == null ? startBeating(session) : lock(session))
  }

  async function leave(session) {
    const end = sessions.get(session)
    sessions.delete(session)
    await end?.()
  }

  async function openSessions() {
    if (navigator.locks == null) {
      return beatingSessions()
    }
    const { held } = await navigator.locks.query()
    const names = held.map((lock) => lock.name).filter((name) => name.startsWith(LOCK))
    return withoutEnding(names.map((name) => name.slice(LOCK.length)))
  }

  // A worker that computes can outlive its page by many seconds, most of all in Firefox. A tab that
  // has more workers than pages, each page with a lock of the time 0, is being loaded again: the
  // oldest of its workers are ending, and their work is that of the page before.
  function withoutEnding(sessions) {
    const [pages, workers] = [new Map(), new Map()]
    for (const session of sessions) {
      const at = session.lastIndexOf(".")
      const [tab, began] = [session.slice(0, at), Number(session.slice(at + 1))]
      const ofTab = began === 0 ? pages : workers
      ofTab.set(tab, [...(ofTab.get(tab) ?? []), began])
    }
    const ending = new Set()
    for (const [tab, all] of workers) {
      const count = pages.has(tab) ? all.length - pages.get(tab).length : 0
      const oldest = all.sort((one, other) => one - other).slice(0, Math.max(count, 0))
      for (const began of oldest) ending.add(`${tab}.${began}`)
    }
    return sessions.filter((session) => !ending.has(session))
  }

  async function names() {
    const keys = await transact("readonly", (records) => records.getAllKeys())
    return keys.filter((key) => !key.startsWith(BEAT))
  }

  return {
    releaseSeconds: navigator.locks == null ? BEAT_WITHIN / 1000 + 2 : 3,
    names: plainly(names),
    read: plainly((name) => transact("readonly", (records) => records.get(name))),
    write: plainly((name, content) => transact("readwrite", (records) => records.put(content, name))),
    remove: plainly((name) => transact("readwrite", (records) => records.delete(name))),
    enter: plainly(enter),
    leave: plainly(leave),
    openSessions: plainly(openSessions),
  }
}
