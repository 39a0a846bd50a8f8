// The plane: pointer and keys on the picture of the decision surface, answered on the client first.
//
// One instance of this module serves one figure. `figure.tags` carries what somebody did to Python
// as [number, kind, ...]: whole wishes with a number of their own, never a change of another one.

const LIMIT = 1.25 // half the side of the square that is shown
const REACH = 12 // pixels within which a point is meant
const STRIDE = 14 // pixels between two points of a painted stroke
const SEND_EVERY = 80 // milliseconds between two messages of a gesture
const KEY_STEP = 0.05

const TOOLS = ["look", "line", "paint", "move", "delete"]
const NAMES = {
  look: "Look: the arrow keys move, what the net says is told below.",
  line: "Line: space sets its beginning, then its end.",
  paint: "Paint: space sets a point of the chosen class.",
  move: "Move: space picks the nearest point up, arrow keys move it, space puts it down.",
  delete: "Delete: space deletes the nearest point.",
}

let models = null
let surface = null // the element that receives pointer and key events
let number = 0
let waiting = null // the latest message that may still be replaced by a newer one of its kind
let timer = null
let last_sent = 0
let gesture = null // what the pointer does while it is down
let line_start = null // the first end of a line whose second end is still to come
let carried = null // the point that the keys carry
let cursor = { x: 0, y: 0 }

const tool = () => TOOLS[models.tool.active]

function send_now(...message) {
  clearTimeout(timer)
  timer = null
  if (waiting != null && waiting[0] !== message[0]) {
    flush()
  }
  waiting = null
  last_sent = performance.now()
  number += 1
  models.figure.tags = [number, ...message]
}

function flush() {
  const message = waiting
  waiting = null
  if (message != null) {
    send_now(...message)
  }
}

// The newest message of a gesture goes out at most once in a while; the last one always does.
function send_soon(...message) {
  if (waiting != null && waiting[0] !== message[0]) {
    flush()
  }
  waiting = message
  if (timer == null) {
    timer = setTimeout(flush, Math.max(0, SEND_EVERY - (performance.now() - last_sent)))
  }
}

function place(event) {
  const box = surface.getBoundingClientRect()
  return {
    x: ((event.clientX - box.left) / box.width) * 2 * LIMIT - LIMIT,
    y: LIMIT - ((event.clientY - box.top) / box.height) * 2 * LIMIT,
  }
}

const per_pixel = () => (2 * LIMIT) / surface.getBoundingClientRect().width
const clip = (value) => Math.min(LIMIT, Math.max(-LIMIT, value))
const round = (value) => Math.round(value * 1e4) / 1e4
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y)

// The point nearest to a place, among those that are shown: {source, row, x, y}.
function nearest(at, within) {
  let best = null
  for (const source of [models.train, models.test]) {
    const { x, y } = source.data
    for (let row = 0; row < x.length; row++) {
      const far = Math.hypot(x[row] - at.x, y[row] - at.y)
      if (far <= within && (best == null || far < best.far)) {
        best = { source, row, far }
      }
    }
  }
  return best
}

const part = (found) => (found.source === models.train ? "train" : "test")

function shift(found, at) {
  const { x, y } = found.source.data
  x[found.row] = clip(at.x)
  y[found.row] = clip(at.y)
  found.source.change.emit()
}

// Columns that only the page draws are changed in place, which Python does not hear of.
function put(source, columns) {
  Object.assign(source.data, columns)
  source.change.emit()
}

function draw_line(from, to) {
  put(models.line, { x: [from.x, to.x], y: [from.y, to.y] })
}

// A painted point is seen at once; once Python has sent it, the copy goes.
function echo(point) {
  const { x, y, color } = models.echo.data
  const painted = models.colors[models.classes.active]
  put(models.echo, { x: [...x, point.x], y: [...y, point.y], color: [...color, painted] })
}

function forget_echo() {
  if (gesture == null && models.echo.data.x.length > 0) {
    put(models.echo, { x: [], y: [], color: [] })
  }
}

function begin_line(at) {
  line_start = at
  draw_line(at, at)
}

function end_line(at) {
  const from = line_start
  line_start = null
  draw_line(from, at)
  send_now("line", ...[from.x, from.y, at.x, at.y].map(round))
}

function paint(at) {
  const last = gesture.painted.at(-1)
  if (last != null && distance(last, at) < STRIDE * per_pixel()) {
    return
  }
  const point = { x: round(clip(at.x)), y: round(clip(at.y)) }
  gesture.painted.push(point)
  echo(point)
  send_stroke(false)
}

// Every message of a stroke holds all of it, so it does not matter which of them arrive.
function send_stroke(is_over) {
  const stroke = gesture.painted.flatMap((point) => [point.x, point.y])
  const send = is_over ? send_now : send_soon
  send("paint", gesture.stroke, models.classes.active, stroke)
}

function delete_near(at) {
  const found = nearest(at, REACH * per_pixel())
  if (found != null) {
    send_now("delete", part(found), found.row)
  }
}

const DOWN = {
  look: (at) => send_now("look", round(at.x), round(at.y)),
  line: (at) => (line_start == null ? begin_line(at) : null),
  paint: (at) => {
    gesture.stroke = `${performance.timeOrigin}-${number}`
    gesture.painted = []
    paint(at)
  },
  move: (at) => {
    gesture.found = nearest(at, REACH * per_pixel())
  },
  delete: delete_near,
}

const DRAG = {
  look: (at) => send_soon("look", round(at.x), round(at.y)),
  line: (at) => draw_line(line_start, at),
  paint,
  move: (at) => {
    if (gesture.found != null) {
      shift(gesture.found, at)
      send_soon("move", part(gesture.found), gesture.found.row, round(clip(at.x)), round(clip(at.y)))
    }
  },
  delete: () => {},
}

const UP = {
  look: () => {},
  // A line is drawn by dragging, or by two clicks.
  line: (at) => (distance(line_start, at) > REACH * per_pixel() ? end_line(at) : null),
  paint: () => send_stroke(true),
  move: () => flush(),
  delete: () => {},
}

function pointer_down(event) {
  if (gesture != null || (event.button !== 0 && event.button !== 2)) {
    return
  }
  event.preventDefault()
  surface.focus({ preventScroll: true })
  show_cursor(false)
  if (event.button === 2) {
    delete_near(place(event))
    return
  }
  surface.setPointerCapture(event.pointerId)
  gesture = { id: event.pointerId, tool: tool() }
  DOWN[gesture.tool](place(event))
}

function pointer_move(event) {
  const at = place(event)
  if (gesture != null && event.pointerId === gesture.id) {
    event.preventDefault()
    DRAG[gesture.tool](at)
  } else if (gesture == null && event.pointerType !== "touch") {
    if (line_start != null) {
      draw_line(line_start, at)
    }
    send_soon("look", round(at.x), round(at.y))
  }
}

function pointer_up(event) {
  if (gesture != null && event.pointerId === gesture.id) {
    UP[gesture.tool](place(event))
    gesture = null
  }
}

// A gesture that the browser took away, to scroll for example, is over where it was.
function pointer_cancel(event) {
  if (gesture != null && event.pointerId === gesture.id) {
    if (gesture.tool === "paint") {
      send_stroke(true)
    }
    flush()
    gesture = null
  }
}

function pointer_leave() {
  if (gesture == null && line_start == null) {
    send_soon("leave")
  }
}

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }

function key_move(right, up) {
  cursor = { x: clip(cursor.x + right * KEY_STEP), y: clip(cursor.y + up * KEY_STEP) }
  show_cursor(true)
  if (carried != null) {
    shift(carried, cursor)
    send_soon("move", part(carried), carried.row, round(cursor.x), round(cursor.y))
  } else {
    if (line_start != null) {
      draw_line(line_start, cursor)
    }
    send_soon("look", round(cursor.x), round(cursor.y))
  }
}

const ACT = {
  look: () => send_now("look", round(cursor.x), round(cursor.y)),
  line: () => (line_start == null ? begin_line({ ...cursor }) : end_line({ ...cursor })),
  paint: () => {
    const stroke = `${performance.timeOrigin}-${number}`
    send_now("paint", stroke, models.classes.active, [round(cursor.x), round(cursor.y)])
  },
  move: () => {
    carried = carried == null ? nearest(cursor, Infinity) : null
    flush()
    if (carried != null) {
      cursor = { x: carried.source.data.x[carried.row], y: carried.source.data.y[carried.row] }
      show_cursor(true)
    }
  },
  delete: () => {
    const found = nearest(cursor, Infinity)
    if (found != null) {
      send_now("delete", part(found), found.row)
    }
  },
}

function key_down(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return
  }
  if (event.key in MOVES) {
    key_move(...MOVES[event.key].map((step) => step * (event.shiftKey ? 5 : 1)))
  } else if (event.key === " " || event.key === "Enter") {
    ACT[tool()]()
  } else if (event.key === "Escape") {
    forget_line()
    carried = null
  } else {
    return
  }
  event.preventDefault()
  event.stopPropagation()
}

function show_cursor(visible) {
  put(models.cursor, visible ? { x: [cursor.x], y: [cursor.y] } : { x: [], y: [] })
}

function forget_line() {
  line_start = null
  put(models.line, { x: [], y: [] })
  send_now("no-line")
}

// One finger scrolls the page over the picture unless the tool needs it.
function change_tool() {
  carried = null
  if (surface != null) {
    surface.style.touchAction = ["line", "paint", "move"].includes(tool()) ? "none" : "pan-y"
    surface.style.cursor = tool() === "move" ? "grab" : "crosshair"
    surface.setAttribute("aria-label", `The plane. ${NAMES[tool()]}`)
  }
  if (line_start != null) {
    forget_line()
  }
}

// Bokeh paints images in squares; a surface is smooth. Should Bokeh change inside, squares remain.
function paint_smoothly(index) {
  const glyph = index.find_one(models.surface)?.glyph
  const paint = glyph?._paint
  if (typeof paint !== "function" || Object.hasOwn(glyph, "_paint")) {
    return
  }
  glyph._paint = (context, ...others) => {
    const smooth = { get: () => true, set: () => {}, configurable: true }
    Object.defineProperty(context, "imageSmoothingEnabled", smooth)
    try {
      paint.call(glyph, context, ...others)
    } finally {
      delete context.imageSmoothingEnabled
    }
  }
}

function attach(index) {
  const element = index.find_one(models.figure)?.canvas_view?.events_el
  if (element == null || element === surface) {
    return
  }
  surface = element
  paint_smoothly(index)
  models.train.properties.data.change.connect(forget_echo)
  surface.setAttribute("role", "application")
  surface.tabIndex = 0
  change_tool()
  // Bokeh's own gesture recogniser must not see this: it would report every move to Python.
  const own = (handler) => (event) => {
    event.stopImmediatePropagation()
    handler(event)
  }
  const first = { capture: true, passive: false }
  const above = surface.parentNode
  above.addEventListener("pointerdown", own(pointer_down), first)
  above.addEventListener("pointermove", own(pointer_move), first)
  above.addEventListener("pointerup", own(pointer_up), first)
  above.addEventListener("pointercancel", own(pointer_cancel), first)
  surface.addEventListener("pointerleave", pointer_leave)
  above.addEventListener("keydown", key_down, first)
  surface.addEventListener("contextmenu", (event) => event.preventDefault())
  surface.addEventListener("focus", () => show_cursor(surface.matches(":focus-visible")))
  surface.addEventListener("blur", () => show_cursor(false))
}

export default (args, event, _data, { index }) => {
  models = args
  const origin = event.origin ?? event.model ?? event
  if (origin === args.tool) {
    change_tool()
  } else {
    attach(index)
  }
}
