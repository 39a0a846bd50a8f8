// Speaks with a learning platform (SCORM 1.2) for the lesson in the frame: finds the platform's
// API, brings back where the student left off, and tells the score and whether all is done.

(() => {
  const MOST_PARENTS = 500

  // The API is an object of a window around this one, or of the one that opened it.
  function find_api(start) {
    let found = start
    for (let count = 0; found != null && count < MOST_PARENTS; count += 1) {
      try {
        if (found.API != null) {
          return found.API
        }
      } catch {
        return null // a window of another host
      }
      if (found.parent === found) {
        return null
      }
      found = found.parent
    }
    return null
  }

  const api = find_api(window) ?? (window.opener ? find_api(window.opener) : null)
  const frame = document.getElementById("lesson")
  const kept = ["step", "done", "answer"]
  const began = Date.now()
  let is_open = api != null && String(api.LMSInitialize("")) === "true"

  function get(name) {
    return is_open ? String(api.LMSGetValue(name) ?? "") : ""
  }

  function set(name, value) {
    if (is_open) {
      api.LMSSetValue(name, String(value))
    }
  }

  function session_time() {
    const seconds = Math.floor((Date.now() - began) / 1000)
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    return parts.map((part, index) => String(part).padStart(index === 0 ? 4 : 2, "0")).join(":")
  }

  function tell(event) {
    const { query, score, is_complete } = event.detail
    if (query === "") {
      return // the list of lessons
    }
    const told = new URLSearchParams(query)
    const data = new URLSearchParams()
    for (const key of kept.filter((key) => told.has(key))) {
      data.set(key, told.get(key))
    }
    set("cmi.suspend_data", data.toString())
    const is_task = told.has("task-text")
    // A lesson or task that was complete once stays so, whatever is done after it.
    if (is_done && !is_complete) {
      return
    }
    is_done = is_done || is_complete
    set("cmi.core.score.min", 0)
    set("cmi.core.score.max", 100)
    set("cmi.core.score.raw", Math.round(score))
    set("cmi.core.lesson_status", is_complete ? (is_task ? "passed" : "completed") : "incomplete")
    if (is_open) {
      api.LMSCommit("")
    }
  }

  function finish() {
    if (is_open) {
      set("cmi.core.session_time", session_time())
      set("cmi.core.exit", is_done ? "" : "suspend")
      api.LMSCommit("")
      api.LMSFinish("")
      is_open = false
    }
  }

  const status = get("cmi.core.lesson_status")
  let is_done = ["passed", "completed"].includes(status)
  if (!is_done) {
    set("cmi.core.lesson_status", "incomplete")
  }
  const query = new URLSearchParams(frame.dataset.query)
  const data = new URLSearchParams(get("cmi.suspend_data"))
  for (const key of kept.filter((key) => data.has(key))) {
    query.set(key, data.get(key))
  }
  frame.addEventListener("load", () => {
    frame.contentWindow.addEventListener("inkling-lesson", tell)
  })
  frame.src = `index.html?${query}`
  addEventListener("pagehide", finish)
})()
