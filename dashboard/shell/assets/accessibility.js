// What screen readers and the keyboard need beyond the elements themselves: names of sliders, one
// live region that announces answers and training, the skip link, and the list of keys.

(() => {
  const INTERVAL = 500 // milliseconds between two looks at the page
  const SETTLED = 700 // milliseconds without a stroke after which an answer is announced
  const LATEST = 3000 // milliseconds after which it is announced although it has not changed
  const QUIET = 5000 // milliseconds between two announcements of training

  const root = document.documentElement
  // Returns the document and all shadow roots in it.
  function find_roots(within = document, found = []) {
    found.push(within)
    for (const element of within.querySelectorAll("*")) {
      if (element.shadowRoot != null) {
        find_roots(element.shadowRoot, found)
      }
    }
    return found
  }

  function find_all(selector, roots = find_roots()) {
    return roots.flatMap((part) => [...part.querySelectorAll(selector)])
  }

  // Walking through all shadow roots takes milliseconds, so an element is kept while it is there.
  const kept = new Map()

  function find(selector) {
    if (!kept.get(selector)?.isConnected) {
      kept.set(selector, find_all(selector)[0])
    }
    return kept.get(selector)
  }

  // Returns the element with the values of a text that Python writes.
  function find_text(selector, values) {
    const host = find(selector)
    return (host?.shadowRoot ?? host)?.querySelector(values)
  }

  function read_text(element) {
    return element?.textContent.replace(/\s+/g, " ").trim() ?? ""
  }

  // ---- Sliders ---------------------------------------------------------------------------------

  // Bokeh's sliders have a title, but it is not the accessible name of their handle.
  function name_sliders(roots) {
    for (const handle of find_all(".noUi-handle:not([aria-label])", roots)) {
      const title = handle.getRootNode().querySelector(".bk-slider-title")
      const name = title?.firstChild?.textContent.replace(/:\s*$/, "")
      if (name) {
        handle.ariaLabel = name
      }
    }
  }

  // ---- Announcements ---------------------------------------------------------------------------

  function say(text) {
    document.getElementById("announcer").textContent = text
  }

  const digits_pane = () => root.dataset.panes.trim().split(" ")[0] === root.dataset.pane
  let is_pressed = false

  // The answer to the drawing, once it has settled after the last stroke.
  const answer = { changed: null, before: "" }

  function read_answer() {
    return find_text(".ink-prediction", "[data-state]")
  }

  function drawing_changed() {
    if (answer.changed == null) {
      answer.before = read_answer()?.outerHTML ?? ""
    }
    answer.changed = performance.now()
  }

  function tell_answer(now) {
    const element = read_answer()
    if (element == null || answer.changed == null || is_pressed || !digits_pane()) {
      return
    }
    const waited = now - answer.changed
    if (waited > SETTLED && (element.outerHTML !== answer.before || waited > LATEST)) {
      answer.changed = null
      say(read_text(element))
    }
  }

  // Training, when it starts and when it pauses, unless a notice has just been announced: it says
  // why training has started or ended.
  const training = { is_running: null, told: -QUIET, wanted: false }

  function is_training() {
    const button = find_text(digits_pane() ? ".ink-train" : ".ink-spiral-train", "button")
    return button?.classList.contains("bk-active") ?? false
  }

  function read_training() {
    const hook = digits_pane() ? "ink" : "ink-spiral"
    const state = is_training() ? "Training" : "Paused"
    const values = find_text(`.${hook}-status`, ".status")?.dataset ?? {}
    const validation = digits_pane() ? find_text(".ink-progress", "b")?.textContent : null
    const share = (name, value) => (value ? `${name} ${(100 * value).toFixed(1)} %` : "")
    return [
      `${state}, iteration ${Number(values.iteration ?? 0).toLocaleString("en")}`,
      values.loss ? `loss ${Number(values.loss).toPrecision(3)}` : "",
      share("training accuracy", values.accuracy),
      share("test accuracy", values.testAccuracy),
      validation?.includes("%") ? `validation accuracy ${validation}` : "",
    ].filter(Boolean).join(", ")
  }

  function tell_training(now) {
    const is_running = is_training()
    if (training.is_running !== is_running) {
      training.wanted = training.is_running != null
      training.is_running = is_running
    } else if (training.wanted && now - training.told > QUIET && now - heard > QUIET) {
      training.wanted = false
      training.told = now
      say(read_training())
    }
  }

  // When another live region has changed last.
  let heard = -QUIET
  const texts = new WeakMap()

  function listen(now, roots) {
    for (const element of find_all("[role=status], [role=alert]", roots)) {
      const text = element.textContent
      if (element.id !== "announcer" && texts.get(element) !== text && text !== "") {
        texts.set(element, text)
        heard = now
      }
    }
  }

  function look() {
    const [now, roots] = [performance.now(), find_roots()]
    name_sliders(roots)
    listen(now, roots)
    tell_answer(now)
    tell_training(now)
  }

  // ---- Keys ------------------------------------------------------------------------------------

  // The list of keys, by its button and by `?` wherever that is no text that is being written.
  function open_keys() {
    document.getElementById("keys").showModal()
  }

  function key_down(event) {
    const target = event.composedPath()[0]
    const writes = target.matches?.("input, textarea, select, [contenteditable]")
    if (event.key === "?" && !writes && document.querySelector("dialog[open]") == null) {
      event.preventDefault()
      open_keys()
    }
  }

  // The first stop of the Tab key leads to the pad or the plane.
  function skip() {
    const pane = document.getElementById(`pane-${root.dataset.pane}`)
    const areas = find_all("[role=application]", find_roots(pane))
    const target = areas[0] ?? pane.querySelector("button")
    target?.focus()
  }

  const press = (is_down) => () => { is_pressed = is_down }
  addEventListener("pointerdown", press(true), true)
  addEventListener("pointerup", press(false), true)
  addEventListener("pointercancel", press(false), true)
  addEventListener("inkling-drawing", drawing_changed)
  addEventListener("keydown", key_down)

  // A script of Panel fires this event a second time.
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("skip").addEventListener("click", skip)
    document.getElementById("tell").addEventListener("click", () => say(read_training()))
    document.getElementById("keys-open").addEventListener("click", open_keys)
    setInterval(look, INTERVAL)
  }, { once: true })
})()
