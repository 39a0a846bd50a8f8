// What the components on Bokeh figures share: their setting up and removal, the commands to Python,
// and the pointer and key events on the figure.
//
// Python calls the default export of a component's module with the component's parts, among them
//   figure    the Bokeh figure
//   channel   the model whose property `command` carries commands to Python

const components = new WeakMap() // by the view of the figure

/**
 * Return the component of the present view of a figure; it is made when the view is new.
 *
 * @param {object} parts the component's parts, among them `figure`
 * @param {object} index Bokeh's index of views
 * @param {function(FigureSurface): object} make makes the component
 * @returns {object|null} the component, or null while the figure has no view
 */
export function componentOf(parts, index, make) {
  const view = index.find_one(parts.figure)
  if (view?.canvas_view == null) {
    return null
  }
  if (!components.has(view)) {
    const lifetime = new AbortController()
    view.removed.connect(() => {
      lifetime.abort()
      // The next view has the same width, and would be set up only when it changes.
      view.model.setv({ inner_width: 0 }, { silent: true })
    })
    components.set(view, make(new FigureSurface(view, lifetime.signal)))
  }
  return components.get(view)
}

/**
 * Call a function whenever a property of a Bokeh model changes.
 *
 * @param {object} property such as `source.properties.data`
 * @param {function(): void} callback
 * @param {AbortSignal} signal ends the connection
 */
export function onChange(property, callback, signal) {
  property.change.connect(callback)
  signal.addEventListener("abort", () => property.change.disconnect(callback))
}

/**
 * Replace columns that only the page draws. They are changed in place, so Python is not told.
 *
 * @param {object} source a ColumnDataSource
 * @param {object} columns the new columns by name
 */
export function setColumns(source, columns) {
  Object.assign(source.data, columns)
  source.change.emit()
}

/**
 * Sends commands to Python as [number, name, arguments ...].
 *
 * A command holds whole values, never a change of an earlier one, so of those that follow each
 * other quickly only the newest is sent. The number makes every command differ from the one before.
 */
export class CommandChannel {
  /**
   * @param {object} model the model whose property `command` is synchronised with Python
   * @param {number} interval the least time between two commands of `sendSoon`, in milliseconds
   * @param {AbortSignal} signal drops what has not been sent
   */
  constructor(model, interval, signal) {
    this.model = model
    this.interval = interval
    this.waiting = null // {name, argumentsOf}: the newest command of sendSoon
    this.timer = null
    this.lastSent = 0
    signal.addEventListener("abort", () => clearTimeout(this.timer))
  }

  /** Send a command at once. A waiting one of the same name is dropped, another one goes first. */
  send(name, ...values) {
    if (this.waiting?.name !== name) {
      this.flush()
    }
    clearTimeout(this.timer)
    this.timer = null
    this.waiting = null
    this.lastSent = performance.now()
    const [number = 0] = this.model.command
    this.model.command = [number + 1, name, ...values]
  }

  /**
   * Send a command within the interval, unless a newer one of the same name replaces it.
   *
   * @param {string} name
   * @param {function(): Array} argumentsOf called when the command is sent
   */
  sendSoon(name, argumentsOf) {
    if (this.waiting != null && this.waiting.name !== name) {
      this.flush()
    }
    this.waiting = { name, argumentsOf }
    if (this.timer == null) {
      const wait = this.interval - (performance.now() - this.lastSent)
      this.timer = setTimeout(() => this.flush(), Math.max(0, wait))
    }
  }

  /** Send the waiting command, if there is one, now. */
  flush() {
    if (this.waiting != null) {
      const { name, argumentsOf } = this.waiting
      this.waiting = null
      this.send(name, ...argumentsOf())
    }
  }
}

const PEN_IN_USE = 2000 // milliseconds after the last event of a pen
const PALM_WIDTH = 80 // CSS pixels: wider touches are a resting hand, not a finger

const focused = new CSSStyleSheet()
focused.replaceSync(":focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }")

const filled = new CSSStyleSheet()
filled.replaceSync(
  ".bk-layer, .bk-events, canvas { width: 100% !important; height: 100% !important; }",
)

/** The area of a figure that receives pointer and key events. */
export class FigureSurface {
  /**
   * @param {object} view the view of the figure
   * @param {AbortSignal} signal aborted when the view is removed; it ends all listeners
   */
  constructor(view, signal) {
    this.signal = signal
    this.host = view.el
    this.canvas = view.canvas_view
    this.element = view.canvas_view.events_el // gets the focus
    this.penTime = -Infinity // of the last event of a pen
    this.element.setAttribute("role", "application")
    this.element.tabIndex = 0
    const root = this.element.getRootNode()
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, focused]
    this.host.addEventListener("contextmenu", (event) => event.preventDefault(), { signal })
    const observer = new ResizeObserver(() => this.fit())
    observer.observe(this.host)
    signal.addEventListener("abort", () => observer.disconnect())
  }

  /** Fill the figure where the page is zoomed or scaled by CSS: Bokeh then draws it too large. */
  fit() {
    const scale = this.host.getBoundingClientRect().width / this.host.offsetWidth
    const root = this.element.getRootNode()
    const isScaled = Math.abs(scale - 1) > 0.01
    if (isScaled !== root.adoptedStyleSheets.includes(filled)) {
      const others = root.adoptedStyleSheets.filter((sheet) => sheet !== filled)
      root.adoptedStyleSheets = isScaled ? [...others, filled] : others
    }
  }

  /** Set the name that screen readers announce. */
  set label(text) {
    this.element.setAttribute("aria-label", text)
  }

  /** Set what a finger on the figure does besides drawing: a value of CSS's `touch-action`. */
  set touchAction(value) {
    this.element.style.touchAction = value
  }

  get box() {
    this.fit()
    return this.element.getBoundingClientRect()
  }

  /** The position of a pointer as fractions of width and height, from the upper left. */
  position(event) {
    const { left, top, width, height } = this.box
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height }
  }

  /**
   * Handle pointer events before Bokeh does and keep them from it: its own recogniser of gestures
   * would report every movement to Python. A resting hand is no pointer.
   *
   * @param {Object<string, function(PointerEvent): void>} handlers by the type of the event
   */
  onPointer(handlers) {
    for (const [type, handler] of Object.entries(handlers)) {
      const handle = (event) => {
        event.stopImmediatePropagation()
        if (!this.isPalm(event)) {
          handler(event)
        }
      }
      const options = { capture: true, passive: false, signal: this.signal }
      this.host.addEventListener(type, handle, options)
    }
  }

  /** Return whether a touch begins that is wide, or that comes while a pen is in use. */
  isPalm(event) {
    if (event.pointerType === "pen") {
      this.penTime = event.timeStamp
    }
    const isTouch = event.type === "pointerdown" && event.pointerType === "touch"
    const isWide = Math.max(event.width, event.height) >= PALM_WIDTH
    return isTouch && (isWide || event.timeStamp - this.penTime < PEN_IN_USE)
  }

  /** Call a function when the pointer leaves the figure. */
  onLeave(handler) {
    this.host.addEventListener("pointerleave", handler, { signal: this.signal })
  }

  /**
   * Handle keys while the figure has the focus.
   *
   * @param {function(KeyboardEvent): boolean} handler returns whether the key is used here
   */
  onKey(handler) {
    const handle = (event) => {
      if (handler(event)) {
        event.preventDefault()
        event.stopPropagation()
      }
    }
    this.host.addEventListener("keydown", handle, { capture: true, signal: this.signal })
  }

  /**
   * Handle keys anywhere on the page while the figure can be seen, but for those of text fields and
   * dialogs.
   *
   * @param {function(KeyboardEvent): boolean} handler returns whether the key is used here
   */
  onPageKey(handler) {
    const handle = (event) => {
      const isSeen = this.element.getClientRects().length > 0
      const isOthers = event.defaultPrevented || takesText(event.composedPath()[0])
      if (isSeen && !isOthers && document.querySelector("dialog[open]") == null && handler(event)) {
        event.preventDefault()
      }
    }
    document.addEventListener("keydown", handle, { signal: this.signal })
  }

  /**
   * Call a function when the figure gets or loses the focus.
   *
   * @param {function(boolean): void} handler gets whether the keyboard has brought the focus
   */
  onFocus(handler) {
    const { element, signal } = this
    element.addEventListener("focus", () => handler(element.matches(":focus-visible")), { signal })
    element.addEventListener("blur", () => handler(false), { signal })
  }
}

/**
 * Announce a sentence to screen readers.
 *
 * @param {string} sentence
 */
export function announce(sentence) {
  dispatchEvent(new CustomEvent("inkling-say", { detail: { sentence } }))
}

/**
 * Announce a text that Python writes, once it has changed after a key, or as it is if it does not.
 *
 * @param {string} selector of the component with the text
 */
export function announceText(selector) {
  dispatchEvent(new CustomEvent("inkling-say", { detail: { selector } }))
}

const WITHOUT_TEXT = ["button", "checkbox", "color", "file", "radio", "range"]

function takesText(target) {
  return (
    target.isContentEditable ||
    target.localName === "textarea" ||
    (target.localName === "input" && !WITHOUT_TEXT.includes(target.type))
  )
}
