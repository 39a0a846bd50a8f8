// The drawing pad: paints on the client so that ink appears without a round trip to Python.
//
// One instance of this module serves one pad. Bokeh calls the exported function for every event
// that the pad listens to; `figure.tags` carries the finished picture to Python as
// [number, base64 of SENT × SENT bytes], never a change of one.

const SIDE = 168 // painted pixels along one side of the pad
const SENT = 84 // pixels along one side of what Python gets
const CELLS = 28 // cells of the net's own grid
const CELL = SIDE / CELLS
const SEND_EVERY = 80 // milliseconds between two pictures while the pen is down
const UNDO_LIMIT = 40

const PEN = 0
const ERASER = 1

let models = null
let surface = null // the element that receives pointer and key events
let undo_stack = []
let before_load = new Uint8Array(SIDE * SIDE)
let pen = null // {x, y, erase} while the pen is down
let cursor = { column: 14, row: 14 }
let number = 0
let last_sent = 0
let send_timer = null

const pixels = () => models.ink.data.image[0]
const in_cells = () => models.grid_mode.active

function repaint() {
  models.ink.change.emit()
}

function remember() {
  undo_stack.push(Uint8Array.from(pixels()))
  if (undo_stack.length > UNDO_LIMIT) {
    undo_stack.shift()
  }
}

function restore(picture) {
  pixels().set(picture)
  finish()
}

function finish() {
  before_load = Uint8Array.from(pixels())
  repaint()
  send()
}

function shrink() {
  const step = SIDE / SENT
  const picture = pixels()
  const small = new Uint8Array(SENT * SENT)
  for (let row = 0; row < SENT; row++) {
    for (let column = 0; column < SENT; column++) {
      let sum = 0
      for (let y = row * step; y < (row + 1) * step; y++) {
        for (let x = column * step; x < (column + 1) * step; x++) {
          sum += picture[y * SIDE + x]
        }
      }
      small[row * SENT + column] = Math.round(sum / (step * step))
    }
  }
  return small
}

function base64(bytes) {
  let text = ""
  for (const byte of bytes) {
    text += String.fromCharCode(byte)
  }
  return btoa(text)
}

function send() {
  clearTimeout(send_timer)
  send_timer = null
  last_sent = performance.now()
  number += 1
  models.figure.tags = [number, base64(shrink())]
}

function send_soon() {
  if (send_timer == null) {
    const wait = Math.max(0, SEND_EVERY - (performance.now() - last_sent))
    send_timer = setTimeout(send, wait)
  }
}

// Paint a round-ended line: full ink within the radius, fading over one pixel at its edge.
function paint_line(from, to, radius, erase) {
  const picture = pixels()
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length_squared = dx * dx + dy * dy
  const reach = radius + 1
  const left = Math.max(0, Math.floor(Math.min(from.x, to.x) - reach))
  const right = Math.min(SIDE - 1, Math.ceil(Math.max(from.x, to.x) + reach))
  const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - reach))
  const bottom = Math.min(SIDE - 1, Math.ceil(Math.max(from.y, to.y) + reach))
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y]
      const along = length_squared > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length_squared)) : 0
      const distance = Math.hypot(px - along * dx, py - along * dy)
      const cover = Math.round(255 * Math.min(1, Math.max(0, radius + 0.5 - distance)))
      const index = y * SIDE + x
      picture[index] = erase ? Math.min(picture[index], 255 - cover) : Math.max(picture[index], cover)
    }
  }
}

function paint_cell(column, row, erase) {
  if (column < 0 || row < 0 || column >= CELLS || row >= CELLS) {
    return
  }
  const picture = pixels()
  for (let y = row * CELL; y < (row + 1) * CELL; y++) {
    picture.fill(erase ? 0 : 255, y * SIDE + column * CELL, y * SIDE + (column + 1) * CELL)
  }
}

function paint_cells(from, to, erase) {
  const steps = Math.max(1, Math.ceil(Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y)) / (CELL / 2)))
  for (let step = 0; step <= steps; step++) {
    const x = from.x + ((to.x - from.x) * step) / steps
    const y = from.y + ((to.y - from.y) * step) / steps
    paint_cell(Math.floor(x / CELL), Math.floor(y / CELL), erase)
  }
}

function paint(from, to, erase) {
  if (in_cells()) {
    paint_cells(from, to, erase)
  } else {
    paint_line(from, to, models.brush.value / 2, erase)
  }
}

function place(event) {
  const box = surface.getBoundingClientRect()
  return {
    x: ((event.clientX - box.left) / box.width) * SIDE,
    y: ((event.clientY - box.top) / box.height) * SIDE,
  }
}

function pen_down(event) {
  if (event.button !== 0 && event.button !== 2 && event.button !== 5) {
    return
  }
  if (pen != null) {
    return // a second finger neither draws nor breaks the stroke
  }
  event.preventDefault()
  surface.focus({ preventScroll: true })
  surface.setPointerCapture(event.pointerId)
  remember()
  const erase = models.tool.active === ERASER || event.button === 2 || event.button === 5
  pen = { ...place(event), id: event.pointerId, erase }
  paint(pen, pen, erase)
  repaint()
  send_soon()
}

function pen_move(event) {
  if (pen == null || event.pointerId !== pen.id) {
    return
  }
  event.preventDefault()
  const events = event.getCoalescedEvents?.() ?? []
  for (const part of events.length > 0 ? events : [event]) {
    const point = place(part)
    paint(pen, point, pen.erase)
    pen.x = point.x
    pen.y = point.y
  }
  repaint()
  send_soon()
}

function pen_up(event) {
  if (pen != null && event.pointerId === pen.id) {
    pen = null
    finish()
  }
}

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

function key_down(event) {
  if ((event.ctrlKey || event.metaKey) && event.key === "z") {
    undo()
  } else if (event.key === "Delete" || event.key === "Backspace") {
    clear()
  } else if (in_cells() && event.key in MOVES) {
    const [right, down] = MOVES[event.key]
    cursor.column = Math.min(CELLS - 1, Math.max(0, cursor.column + right))
    cursor.row = Math.min(CELLS - 1, Math.max(0, cursor.row + down))
    show_cursor(true)
  } else if (in_cells() && (event.key === " " || event.key === "Enter")) {
    remember()
    const set = pixels()[(cursor.row * SIDE + cursor.column) * CELL] > 127
    paint_cell(cursor.column, cursor.row, set || models.tool.active === ERASER)
    finish()
  } else {
    return
  }
  event.preventDefault()
  event.stopPropagation()
}

function show_cursor(visible) {
  const shown = visible && in_cells()
  models.cursor.data = shown ? { x: [cursor.column + 0.5], y: [CELLS - cursor.row - 0.5] } : { x: [], y: [] }
}

function undo() {
  if (undo_stack.length > 0) {
    restore(undo_stack.pop())
  }
}

function clear() {
  if (pixels().some((value) => value > 0)) {
    remember()
  }
  pixels().fill(0)
  finish()
}

// A picture from Python replaced ours: let Undo bring the earlier one back.
function loaded() {
  if (before_load.some((value) => value > 0)) {
    undo_stack.push(before_load)
  }
  before_load = Uint8Array.from(pixels())
}

function attach(index) {
  const view = index.find_one(models.figure)
  const element = view?.canvas_view?.events_el
  if (element == null || element === surface) {
    return
  }
  surface = element
  surface.style.touchAction = "none"
  surface.setAttribute("role", "application")
  surface.setAttribute("aria-label", "Drawing pad. In grid mode, arrow keys move and space sets a cell.")
  // Bokeh's own gesture recogniser must not see the strokes: it would report every move to Python.
  const own = (handler) => (event) => {
    event.stopImmediatePropagation()
    handler(event)
  }
  const first = { capture: true, passive: false }
  surface.parentNode.addEventListener("pointerdown", own(pen_down), first)
  surface.parentNode.addEventListener("pointermove", own(pen_move), first)
  surface.parentNode.addEventListener("pointerup", own(pen_up), first)
  surface.parentNode.addEventListener("pointercancel", own(pen_up), first)
  surface.parentNode.addEventListener("keydown", key_down, first)
  surface.addEventListener("contextmenu", (event) => event.preventDefault())
  surface.addEventListener("focus", () => show_cursor(surface.matches(":focus-visible")))
  surface.addEventListener("blur", () => show_cursor(false))
}

function show_grid() {
  for (const grid of models.figure.center.filter((part) => part.type === "Grid")) {
    grid.visible = in_cells()
  }
  show_cursor(false)
}

export default (args, event, _data, { index }) => {
  models = args
  const origin = event.origin ?? event.model ?? event
  if (origin === args.clear) {
    clear()
  } else if (origin === args.undo) {
    undo()
  } else if (origin === args.grid_mode) {
    show_grid()
  } else if (origin === args.ink) {
    loaded()
  } else {
    attach(index)
  }
}
