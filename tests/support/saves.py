"""Reads the saves in a browser's storage, and starts the app where storage is not as usual."""

from __future__ import annotations

RECORDS = """async () => {
  const answer = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const request = indexedDB.open("inkling", 1)
  request.onupgradeneeded = () => request.transaction.abort()
  const database = await answer(request).catch(() => null)
  if (database === null) return []
  const records = database.transaction("records").objectStore("records")
  const [names, contents] = [await answer(records.getAllKeys()), await answer(records.getAll())]
  database.close()
  return names.map((name, at) => [name, contents[at]])
}"""

# [name, title] of every save, the oldest first; none while there is no database.
SAVES = f"""({RECORDS})().then((records) => {{
  const decoder = new TextDecoder("latin1")
  const title = (content) => /"title": "([^"]*)"/.exec(decoder.decode(content))[1]
  const saves = records.filter(([name]) => !/^alive\\/|\\/piece-/.test(name))
  return saves.map(([name, content]) => [name, title(content)])
}})"""

# Whether the page says in its database that it is open, before Python does.
SAYS_THAT_IT_IS_OPEN = f"""() => ({RECORDS})().then((records) => {{
  const tab = sessionStorage["inkling-tab"]
  return records.some(([name, time]) => name === `alive/${{tab}}.0` && Date.now() - time < 10_000)
}})"""

NO_LOCKS = "Object.defineProperty(navigator, 'locks', { value: undefined })"

# A database whose transactions never end while `set_hanging` says so.
HANGS_LATER = """
{
  let isHanging = false
  const channel = new BroadcastChannel("hanging")
  channel.onmessage = ({ data }) => { isHanging = data }
  const { transaction } = IDBDatabase.prototype
  const never = () => ({})
  const hanging = { put: never, get: never, delete: never, getAll: never, getAllKeys: never }
  IDBDatabase.prototype.transaction = function (...values) {
    if (isHanging && self.document === undefined) {
      return { objectStore: () => hanging, abort() {} }
    }
    return transaction.apply(this, values)
  }
}
"""


def set_hanging(is_hanging: bool) -> str:
    """Return the script of a page whose worker's database is to hang, or not to."""
    return f"new BroadcastChannel('hanging').postMessage({str(is_hanging).lower()})"


# Ways in which a browser stores nothing.
NO_STORAGE = {
    "undefined": "Object.defineProperty(self, 'indexedDB', { value: undefined })",
    "hangs": "Object.defineProperty(self, 'indexedDB', { value: { open: () => ({}) } })",
    "refused": """
for (const name of ["indexedDB", "localStorage", "sessionStorage", "caches"]) {
  Object.defineProperty(self, name, { get() {
    throw new DOMException("Access to storage is not allowed from this context.", "SecurityError")
  } })
}
LockManager.prototype.request = LockManager.prototype.query = () => Promise.reject(
  new DOMException("Access to the Locks API is denied in this context.", "SecurityError"))
""",
}
