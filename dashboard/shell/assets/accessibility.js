// What screen readers and the keyboard need beyond the elements themselves: names of sliders, states
// of buttons, help of fields, one live region that announces answers and training, the skip link, and
// the list of keys.

(() => {
  const INTERVAL = 500 // milliseconds between two checks of the page
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

  // ---- Buttons and fields ----------------------------------------------------------------------

  // Bokeh shows by a class alone which buttons of a group are pressed. Train is none of them: its
  // label says what it does.
  const GROUPS = /(Radio|Checkbox)ButtonGroup|Toggle/

  function mark_buttons(parts) {
    for (const part of parts.filter(({ host }) => GROUPS.test(host?.className))) {
      const { classList } = part.host
      if (classList.contains("ink-train") || classList.contains("ink-spiral-train")) {
        continue
      }
      const state = classList.contains("disclosure") ? "aria-expanded" : "aria-pressed"
      for (const button of part.querySelectorAll("button")) {
        const value = String(button.classList.contains("bk-active"))
        if (button.getAttribute(state) !== value) {
          button.setAttribute(state, value)
        }
      }
    }
  }

  // A figure without a name has nothing that keys could do.
  function skip_pictures(roots) {
    for (const area of find_all(".bk-events[tabindex='0']:not([role])", roots)) {
      area.tabIndex = -1
    }
  }

  // Bokeh replaces a button whose label changes, as that of Train: its successor gets the focus.
  let lost = null // {element, root, index}: what has the focus, or had it when it was removed

  function buttons_of(root) {
    return [...root.querySelectorAll("button")]
  }

  const replacements = new MutationObserver(() => {
    const is_gone = lost != null && !lost.element.isConnected && lost.root.host.isConnected
    if (is_gone && document.activeElement === document.body) {
      buttons_of(lost.root)[lost.index]?.focus({ preventScroll: true })
    }
  })

  function follow_focus(event) {
    const [element] = event.composedPath()
    const root = element.getRootNode()
    replacements.disconnect()
    lost = null
    if (root instanceof ShadowRoot && element.localName === "button") {
      lost = { element, root, index: buttons_of(root).indexOf(element) }
      replacements.observe(root, { childList: true })
    }
  }

  // The help of a field, which a pointer sees at its question mark.
  function describe_field(event) {
    const field = event.composedPath()[0]
    const mark = field.matches?.("input, select, textarea") && field.getRootNode().querySelector(".bk-description")
    if (mark && !field.ariaDescription) {
      const views = Bokeh.index.query((view) => view.model.type === "Tooltip" && view.target === mark)
      const [help] = [...views].map((view) => view.model.content)
      if (typeof help === "string") {
        field.ariaDescription = help
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

  // What fine-tuning on own digits did, and what else is said beside the ten digits to choose from.
  let taught = ""

  function tell_teaching() {
    const text = read_text(find_text(".ink-choice", "[data-announce]"))
    if (text !== taught) {
      taught = text
      say(text)
    }
  }

  // A text that a key changes, such as the values at the cursor, once it has changed; and sentences of
  // the components.
  const awaited = { selector: null, since: 0, before: "" }

  function read_awaited() {
    const host = find(awaited.selector)
    return read_text((host?.shadowRoot ?? host)?.querySelector("p, div"))
  }

  function tell_of_key({ detail: { sentence, selector } }) {
    if (sentence != null) {
      say(sentence)
      return
    }
    if (awaited.selector == null) {
      awaited.selector = selector
      awaited.before = read_awaited()
    }
    awaited.selector = selector
    awaited.since = performance.now()
  }

  function tell_awaited(now) {
    if (awaited.selector == null) {
      return
    }
    const [text, waited] = [read_awaited(), now - awaited.since]
    if (waited > LATEST || (waited > SETTLED && text !== awaited.before)) {
      awaited.selector = null
      say(text)
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
    const values = find_text(`.${hook}-status`, ".status")?.dataset ?? {}
    const validation = digits_pane() ? find_text(".ink-progress", "b")?.textContent : null
    const iteration = format_number(Number(values.iteration ?? 0))
    const significant = { minimumSignificantDigits: 3, maximumSignificantDigits: 3 }
    const number = format_number(Number(values.loss), significant)
    const share = (value) => ({ percent: format_percent(Number(value)) })
    return [
      is_training() ? gettext("Training, iteration {iteration}", { iteration }) : gettext("Paused, iteration {iteration}", { iteration }),
      values.loss ? gettext("loss {number}", { number }) : "",
      values.accuracy ? gettext("training accuracy {percent}", share(values.accuracy)) : "",
      values.testAccuracy ? gettext("test accuracy {percent}", share(values.testAccuracy)) : "",
      validation?.includes("%") ? gettext("validation accuracy {percent}", { percent: validation }) : "",
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

  function check() {
    const [now, roots] = [performance.now(), find_roots()]
    name_sliders(roots)
    mark_buttons(roots)
    skip_pictures(roots)
    listen(now, roots)
    tell_answer(now)
    tell_awaited(now)
    tell_teaching()
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
    const areas = find_all(".bk-events[role=application]", find_roots(pane))
    const target = areas[0] ?? pane.querySelector("button")
    target?.focus()
  }

  const press = (is_down) => () => { is_pressed = is_down }
  addEventListener("pointerdown", press(true), true)
  addEventListener("pointerup", press(false), true)
  addEventListener("pointercancel", press(false), true)
  addEventListener("inkling-drawing", drawing_changed)
  addEventListener("inkling-say", tell_of_key)
  addEventListener("keydown", key_down)
  addEventListener("focusin", follow_focus)
  addEventListener("pointerdown", () => { lost = null }, true)
  addEventListener("focusin", describe_field)
  addEventListener("click", (event) => {
    const part = event.composedPath()[0].getRootNode()
    requestAnimationFrame(() => mark_buttons([part]))
  }, true)

  // A script of Panel fires this event a second time.
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("skip").addEventListener("click", skip)
    document.getElementById("tell").addEventListener("click", () => say(read_training()))
    document.getElementById("keys-open").addEventListener("click", open_keys)
    setInterval(check, INTERVAL)
  }, { once: true })
})()
