// The connection of a served page: notices that it is lost, says so where nothing hides it, and
// comes back by itself with the work that the server has saved. A page without a server, in which
// Python runs in a worker, only asks before it is closed while something cannot be saved.

(() => {
  const TICK_MS = 250
  // What a tick counts for at most: while the page is busy it does not hear an answer that is there.
  const LONGEST_TICK_MS = 500
  const ASK_MS = 1000 // so often the server is asked for an answer, or more often, see CONFIRM_EVERY
  // Without an answer for so long, and without any other message for QUIET_MS, the connection counts as lost.
  const SILENCE_MS = 2000
  const QUIET_MS = 1000
  // And without an answer for so long in any case: other messages may have been sent before the line was
  // cut. Before the answer come no more of them than Python sends ahead, half a second of each is enough.
  const UNANSWERED_MS = 3000
  const CONFIRM_EVERY = 2 // numbered messages; Python waits with redraws while too many are not confirmed
  const SLEPT_MS = 3000 // a tick that comes so late: the page itself was asleep
  const OPENING_MS = 8000
  const PROBE_MS = 4000
  const IDLE_REPORT_MS = 20_000
  const PAUSES = [0.3, 1, 2, 4, 8, 15, 30] // seconds between two tries
  const UPGRADE_HELP =
    gettext("If a proxy stands in between, it has to pass on WebSocket connections (the headers Upgrade and Connection).")
  const SAVED = gettext("Your work is saved on the server, but for the last seconds at most.")
  const UNSAVED = gettext("Your work could not be saved on the server.")

  const root = document.documentElement

  function stored(area, key) {
    try {
      return window[area].getItem(key)
    } catch {
      return null // storage may be forbidden
    }
  }

  function store(area, key, value) {
    try {
      if (value == null) {
        window[area].removeItem(key)
      } else {
        window[area].setItem(key, value)
      }
      return true
    } catch {
      return false
    }
  }

  function take(area, key) {
    const value = stored(area, key)
    store(area, key, null)
    return value
  }

  function is_served() {
    return root.dataset.site === undefined
  }

  // ---- The socket ------------------------------------------------------------------------------

  let state = "opening" // then "open"; "silent", "lost" or "ended"
  let socket = null
  let count = 0 // of questions; the answer has the number of its question
  let is_answered = true
  let asked_at = 0
  let waited = 0 // for the answer, while the page was awake
  let quiet = 0 // since the last message, likewise
  let received = 0 // number of the last numbered message
  let confirmed = 0 // and of the one that Python knows of
  let buffered = 0

  // Bokeh tells of a closed connection only after it has drawn the page, and not of silence.
  const PlainWebSocket = window.WebSocket
  window.WebSocket = class extends PlainWebSocket {
    constructor(url, protocols) {
      super(url, protocols)
      if (protocols?.[0] === "bokeh") {
        socket = this
        this.addEventListener("message", hear)
        this.addEventListener("close", () => { if (socket === this) lose() })
      }
    }
  }

  // Only the answer to the last question shows that the connection is there now. Other messages may have
  // piled up while the page or the whole browser was asleep.
  function hear({ data }) {
    quiet = 0
    if (typeof data !== "string" || data.length > 300) {
      return
    }
    received = Number(/^\{"number":\s*(\d+)\}$/.exec(data)?.[1] ?? received)
    if (data.includes(`"inkling-${count}"`)) {
      is_answered = true
      waited = 0
      if (state === "silent") {
        show("open")
      }
    }
    if (is_answered && received - confirmed >= CONFIRM_EVERY) {
      ask()
    }
  }

  function find_model(name) {
    const found = (window.Bokeh?.documents ?? []).map((doc) => doc.get_model_by_name(name))
    return found.find((model) => model != null && Bokeh.index.find_one(model) != null)
  }

  // A request of Bokeh's protocol that needs no document and changes nothing; Bokeh ignores the reply.
  function ask() {
    asked_at = Date.now()
    count += 1
    is_answered = false
    confirmed = received
    socket.send(JSON.stringify({ msgid: `inkling-${count}`, msgtype: "SERVER-INFO-REQ" }))
    socket.send(JSON.stringify({ received }))
    socket.send("{}")
  }

  let last_tick = Date.now()

  function tick() {
    const now = Date.now()
    const passed = Math.max(now - last_tick, 0)
    last_tick = now
    if (state === "opening") {
      send_handshake()
      if (now - opened_at > OPENING_MS && state === "opening") {
        say(`${gettext("The page is still waiting for its connection to the server.")} ${UPGRADE_HELP}`, [gettext("Reload"), come_back])
      }
    } else if ((state === "open" || state === "silent") && socket?.readyState === WebSocket.OPEN) {
      if (passed > SLEPT_MS || socket.bufferedAmount < buffered) {
        quiet = waited = 0 // the page was asleep, or a large message is on its way
      } else {
        quiet += Math.min(passed, LONGEST_TICK_MS)
        waited += is_answered ? 0 : Math.min(passed, LONGEST_TICK_MS)
      }
      buffered = socket.bufferedAmount
      if (is_answered && Math.abs(now - asked_at) >= ASK_MS) {
        ask()
      } else if (state === "open" && waited >= (quiet >= QUIET_MS ? SILENCE_MS : UNANSWERED_MS)) {
        show("silent")
      }
      if (state === "open") {
        report_idle(now)
      }
    }
    show_countdown()
  }

  // ---- What the page and Python tell each other -------------------------------------------------

  const opened_at = Date.now()
  let saved_state = "" // "yes", "no", or "" while nothing was done

  function random_text(length) {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    const bytes = crypto.getRandomValues(new Uint8Array(length))
    return Array.from(bytes, (byte) => letters[byte % 64]).join("")
  }

  // The secret of this browser, under which the server saves its work.
  function browser_key() {
    const found = stored("localStorage", "inkling-key")
    if (found != null) {
      return found
    }
    const key = random_text(48)
    return store("localStorage", "inkling-key", key) ? key : ""
  }

  function tab_name() {
    const name = stored("sessionStorage", "inkling-tab") ?? random_text(16).replace(/[-_]/g, "x")
    store("sessionStorage", "inkling-tab", name)
    return name
  }

  // Why the tab's earlier load is gone; a duplicated tab has no such note, because it is taken when
  // a page is loaded.
  const gone = is_served() ? JSON.parse(take("sessionStorage", "inkling-gone") ?? "null") : null

  function send_handshake() {
    const model = find_model("inkling-connection")
    if (model === undefined) {
      return
    }
    const was_discarded = document.wasDiscarded === true
    const is_gone = gone != null || was_discarded
    const resume = was_discarded || gone?.search === location.search
    model.tags = ["handshake", browser_key(), tab_name(), is_gone, resume, gone?.saved_state === "yes"]
    store("sessionStorage", "inkling-openings", null)
    quiet = waited = 0
    show("open")
  }

  let last_input = Date.now()
  let idle_reported = Date.now()

  for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
    addEventListener(name, () => { last_input = Date.now() }, { capture: true, passive: true })
  }

  function report_idle(now) {
    if (now - idle_reported >= IDLE_REPORT_MS) {
      idle_reported = now
      find_model("inkling-connection").tags = ["idle", (now - last_input) / 1000]
    }
  }

  function ask_before_leaving(event) {
    event.preventDefault()
  }

  addEventListener("inkling-saved", (event) => {
    const [saved_now, tab, ended] = event.detail
    saved_state = saved_now
    root.dataset.saved = saved_now
    // Only while it is needed, because it keeps browsers from keeping the page for Back and Forward.
    removeEventListener("beforeunload", ask_before_leaving)
    if (saved_state === "no") {
      addEventListener("beforeunload", ask_before_leaving)
    }
    if (tab !== "") {
      store("sessionStorage", "inkling-tab", tab)
    }
    if (ended !== "" && is_served()) {
      show("ended")
      socket.close()
    }
  })

  // ---- Lost, and back ---------------------------------------------------------------------------

  let tries = 0
  let next_try = null // when, or null
  let timer = null
  let reached = 0

  function lose() {
    if (state === "ended" || is_leaving) {
      return
    }
    show(state === "opening" ? "refused" : "lost")
  }

  function try_later() {
    const openings = Number(stored("sessionStorage", "inkling-openings") ?? 0)
    const pause = PAUSES[Math.min(tries + (state === "refused" ? openings + 2 : 0), PAUSES.length - 1)]
    tries += 1
    // Thirty pages that lost one server do not all come back in the same moment.
    const milliseconds = 1000 * pause * (1 + 0.3 * Math.random())
    next_try = Date.now() + milliseconds
    clearTimeout(timer)
    timer = setTimeout(try_now, milliseconds)
  }

  async function is_reachable() {
    const address = socket.url.replace(/^ws/, "http").replace(/\/ws(\?.*)?$/, "/metadata")
    try {
      const options = { cache: "no-store", signal: AbortSignal.timeout(PROBE_MS) }
      return (await fetch(address, options)).ok
    } catch {
      return false
    }
  }

  async function try_now() {
    clearTimeout(timer)
    next_try = null
    const found = await is_reachable()
    if (state === "open" || state === "ended") {
      return
    }
    // A server that is busy answers in their order what this page had sent before it asked.
    const is_working = state === "silent" && quiet < QUIET_MS
    reached = found && !is_working ? reached + 1 : 0
    tries = is_working ? 1 : tries
    // A silent server that answers others may be about to answer this page, too.
    if (found && (state !== "silent" || reached > 2)) {
      if (state === "refused") {
        const openings = Number(stored("sessionStorage", "inkling-openings") ?? 0)
        store("sessionStorage", "inkling-openings", openings + 1)
        come_back()
      } else if (saved_state === "no") {
        say(gettext("The server can be reached again, but your work could not be saved on the server."), [gettext("Reload"), come_back])
      } else {
        come_back()
      }
    } else {
      try_later()
    }
  }

  let is_leaving = false

  function come_back() {
    removeEventListener("beforeunload", ask_before_leaving)
    location.reload()
  }

  const ALERTS = {
    silent: () => [
      `${gettext("The server does not answer.")} ${saved()} ${gettext("The page continues as soon as it does.")}`,
      [gettext("Try now"), try_now],
    ],
    lost: () => [
      `${gettext("The connection to the server is lost.")} ${saved()} ${gettext("The page connects again by itself.")}`,
      [gettext("Try now"), try_now],
    ],
    refused: () => [
      `${gettext("The server did not open the connection that this page needs.")} ${UPGRADE_HELP} ${gettext("The page tries again by itself.")}`,
      [gettext("Try now"), try_now],
    ],
    ended: () => [
      `${gettext("Nobody used this page for a while, so its session was ended.")} ${saved_state === "yes" ? gettext("Your work is saved on the server.") : saved()}`,
      [gettext("Continue"), come_back],
    ],
  }

  function saved() {
    return { yes: SAVED, no: UNSAVED }[saved_state] ?? ""
  }

  function show(name) {
    const before = state
    state = name
    if (before === name) {
      return
    }
    tries = reached = 0
    clearTimeout(timer)
    next_try = null
    set_usable(name === "open")
    if (name === "open") {
      hide()
      return
    }
    say(...ALERTS[name]())
    if (name !== "ended") {
      try_later()
    }
  }

  // Controls that nobody answers are not shown as if somebody did; `main` remains as a landmark.
  let focused = null

  function set_usable(is_usable) {
    if (is_usable) {
      delete root.dataset.connection
    } else {
      focused ??= focused_part()
      root.dataset.connection = state
    }
    for (const part of document.querySelectorAll(".bar, main > *, .model")) {
      part.inert = !is_usable
    }
    if (is_usable) {
      focused?.focus?.()
      focused = null
    }
  }

  function focused_part() {
    let part = document.activeElement
    while (part?.shadowRoot?.activeElement != null) {
      part = part.shadowRoot.activeElement
    }
    return part
  }

  let box = null

  // The box lies in the browser's top layer, above dialogs and all else.
  function say(sentence, [label, press]) {
    if (box == null) {
      box = document.createElement("div")
      box.className = "ink-alert ink-connection"
      box.popover = "manual"
      box.role = "region"
      box.ariaLabel = gettext("Not connected to the server")
      box.innerHTML = `<span role="alert"></span><span class="countdown"></span><button type="button" class="plain"></button>`
      document.body.append(box)
      box.showPopover?.()
    }
    const [text, , button] = box.children
    if (text.textContent !== sentence) {
      text.textContent = sentence
    }
    button.textContent = label
    button.onclick = press
    show_countdown()
  }

  function hide() {
    box?.remove()
    box = null
  }

  function show_countdown() {
    if (box != null) {
      const seconds = next_try == null ? 0 : Math.ceil((next_try - Date.now()) / 1000)
      box.children[1].textContent = seconds > 1 ? gettext("Next try in {seconds} s.", { seconds }) : ""
    }
  }

  // ---- Events of the page -----------------------------------------------------------------------

  addEventListener("pagehide", () => {
    is_leaving = true
    if (is_served()) {
      const was_open = state !== "opening" && state !== "refused"
      const note = was_open ? { search: location.search, saved_state } : gone
      store("sessionStorage", "inkling-gone", note && JSON.stringify(note))
    }
  })

  addEventListener("pageshow", (event) => {
    if (!event.persisted) {
      return
    }
    is_leaving = false
    take("sessionStorage", "inkling-gone")
    last_tick = 0
    if (is_served() && socket?.readyState !== WebSocket.OPEN) {
      lose()
    }
  })

  function try_if_lost() {
    if (next_try != null && !document.hidden) {
      try_now()
    } else if (state === "ended" && !document.hidden) {
      come_back()
    }
  }

  addEventListener("online", try_if_lost)
  document.addEventListener("visibilitychange", try_if_lost)
  document.addEventListener("DOMContentLoaded", () => {
    if (is_served()) {
      setInterval(tick, TICK_MS)
    }
  }, { once: true })
})()
