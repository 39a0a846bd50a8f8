// The drawing pad: paints on the client, so that ink appears without a round trip to Python.
//
// Parts: the data sources `ink`, a picture of SIDE × SIDE levels, with the tag "example" if the first
// stroke takes its place, and `cursor`, a cell; the widgets
// `tool`, `grid`, `brush`, `undo`, `clear` and `picture`. The commands are
//   draw     base64 of SENT × SENT bytes: the whole picture, 0 blank, 255 full ink
//   picture  name, width, height and base64 of the grey values of a picture to find a digit in, which
//            Python then shows; 0 × 0 and the first bytes of a file that cannot be decoded

import { CommandChannel, componentOf, onChange, setColumns } from "./figure_component.js"
import { acceptPictures, choosePicture } from "./picture_input.js"



const SIDE = 168 // painted pixels along one side of the pad
const SENT = 84 // pixels along one side of what Python gets
const CELLS = 28 // cells of the network's own grid
const CELL = SIDE / CELLS
const INTERVAL = 80 // milliseconds between two pictures during a stroke
const UNDO_LIMIT = 40

const ERASER = 1 // the index of the tool; the pen is 0
const DRAWING_BUTTONS = [0, 2, 5] // the main button or a finger, the right one, a pen's eraser
const ERASING_BUTTONS = [2, 5]

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

/**
 * Set up the drawing pad, or handle a click on Undo, Clear or Picture.
 *
 * @param {object} parts the parts named above, with `figure` and `channel`
 * @param {object} cause what changed: the figure, or the event of a button
 */
export default (parts, cause, _data, { index }) => {
  const pad = componentOf(parts, index, (surface) => new DrawingPad(parts, surface))
  if (cause.origin === parts.undo) {
    pad?.undo()
  } else if (cause.origin === parts.clear) {
    pad?.clear()
  } else if (cause.origin === parts.picture) {
    choosePicture((picture) => pad?.sendPicture(picture))
  }
}

class DrawingPad {
  constructor({ figure, channel, ink, cursor, tool, grid, brush }, surface) {
    Object.assign(this, { ink, tool, grid, brush, surface })
    this.cursorSource = cursor
    this.gridLines = figure.center.filter((part) => part.type === "Grid")
    this.channel = new CommandChannel(channel, INTERVAL, surface.signal)
    this.undoStack = []
    this.isExample = ink.tags.includes("example")
    this.shown = Uint8Array.from(this.pixels) // the picture before Python replaces it
    this.sent = null // the picture that Python got last, as base64
    this.stroke = null // {id, pointerType, buttons, x, y, erase, wasExample} while the pen is down
    this.cursor = { column: CELLS / 2, row: CELLS / 2 }
    surface.label =
      gettext("Drawing pad. Arrow keys move the cursor, with Shift they draw; space sets or clears a cell, Delete clears the drawing.")
    surface.touchAction = "none"
    surface.onPointer({
      pointerdown: (event) => this.penDown(event),
      pointermove: (event) => this.penMove(event),
      pointerup: (event) => this.penUp(event),
      pointercancel: (event) => this.penUp(event),
      lostpointercapture: (event) => this.penUp(event),
    })
    surface.onKey((event) => this.keyDown(event))
    surface.onPageKey((event) => this.pageKeyDown(event))
    surface.onFocus((visible) => this.showCursor(visible))
    acceptPictures(surface, (picture) => this.sendPicture(picture))
    onChange(ink.properties.data, () => this.pictureReplaced(), surface.signal)
    onChange(grid.properties.active, () => this.showGrid(), surface.signal)
  }

  get pixels() {
    return this.ink.data.image[0]
  }

  // ---- What Python gets ------------------------------------------------------------------------

  repaint() {
    this.ink.change.emit()
  }

  remember() {
    this.undoStack.push(Uint8Array.from(this.pixels))
    if (this.undoStack.length > UNDO_LIMIT) {
      this.undoStack.shift()
    }
  }

  finish() {
    this.shown = Uint8Array.from(this.pixels)
    this.repaint()
    announceDrawing()
    const drawing = base64(shrink(this.pixels))
    // At the end of a tap Python often has the dot already, and may have answered.
    if (drawing !== this.sent || this.channel.waiting != null) {
      this.sent = drawing
      this.channel.send("draw", drawing)
    }
  }

  sendPicture({ name, width, height, levels }) {
    this.channel.send("picture", name, width, height, base64(levels))
  }

  /** Clear the example of the first view before the first stroke; nothing brings it back. */
  removeExample(erase) {
    if (this.isExample && !erase) {
      this.pixels.fill(0)
    }
    this.isExample = false
  }

  /** A picture from Python replaced the drawing: Undo brings the drawing back. */
  pictureReplaced() {
    const wasExample = this.isExample
    this.isExample = false
    if (!wasExample && this.shown.some((value) => value > 0)) {
      this.undoStack.push(this.shown)
    }
    this.shown = Uint8Array.from(this.pixels)
    this.sent = null // Python may have answered it with another input
    announceDrawing()
  }

  undo() {
    if (this.undoStack.length > 0) {
      this.pixels.set(this.undoStack.pop())
      this.finish()
    }
  }

  clear() {
    if (!this.isExample && this.pixels.some((value) => value > 0)) {
      this.remember()
    }
    this.isExample = false
    this.pixels.fill(0)
    this.finish()
  }

  // ---- Mouse, finger and pen -------------------------------------------------------------------

  position(event) {
    const { x, y } = this.surface.position(event)
    return { x: x * SIDE, y: y * SIDE }
  }

  penDown(event) {
    if (event.pointerType === "pen" && this.stroke?.pointerType === "touch") {
      this.cancelStroke() // the hand that holds the pen came first
    }
    // A second finger neither draws nor breaks the stroke.
    if (this.stroke != null || !DRAWING_BUTTONS.includes(event.button)) {
      return
    }
    event.preventDefault()
    this.surface.element.focus({ preventScroll: true })
    this.surface.element.setPointerCapture(event.pointerId)
    const erase = this.tool.active === ERASER || ERASING_BUTTONS.includes(event.button)
    const { pointerId: id, pointerType, buttons } = event
    const wasExample = this.isExample
    this.removeExample(erase)
    this.remember()
    this.stroke = { ...this.position(event), id, pointerType, buttons, erase, wasExample }
    this.paint(this.stroke)
    this.showStroke()
  }

  penMove(event) {
    if (event.pointerId !== this.stroke?.id) {
      return
    }
    event.preventDefault()
    if ((event.buttons & this.stroke.buttons) === 0) {
      this.penUp(event) // while another button is held, a release is a movement
      return
    }
    const events = event.getCoalescedEvents?.() ?? []
    for (const part of events.length > 0 ? events : [event]) {
      this.paint(this.position(part))
    }
    this.showStroke()
  }

  penUp(event) {
    if (event.pointerId === this.stroke?.id) {
      this.stroke = null
      this.finish()
    }
  }

  /** Undo the stroke that is being drawn. */
  cancelStroke() {
    this.undoStack.pop()
    this.pixels.set(this.shown)
    this.isExample = this.stroke.wasExample
    this.stroke = null
    this.repaint()
  }

  /** Continue the stroke to a point. */
  paint(point) {
    if (this.grid.active) {
      paintCells(this.pixels, this.stroke, point, this.stroke.erase)
    } else {
      paintLine(this.pixels, this.stroke, point, this.brush.value / 2, this.stroke.erase)
    }
    Object.assign(this.stroke, point)
  }

  showStroke() {
    this.repaint()
    this.channel.sendSoon("draw", () => [(this.sent = base64(shrink(this.pixels)))])
  }

  // ---- Keys ------------------------------------------------------------------------------------

  keyDown(event) {
    if (event.key === "Delete" || event.key === "Backspace") {
      this.clear()
    } else if (event.key in ARROWS) {
      this.moveCursor(...ARROWS[event.key])
      if (event.shiftKey) {
        this.setCell()
      }
    } else if (event.key === " " || event.key === "Enter") {
      this.toggleCell()
    } else {
      return false
    }
    return true
  }

  pageKeyDown(event) {
    const hasOthers = event.shiftKey || event.altKey
    // With Caps Lock the key is "Z".
    if (hasOthers || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") {
      return false
    }
    this.undo()
    return true
  }

  moveCursor(right, down) {
    const clip = (index) => Math.min(CELLS - 1, Math.max(0, index))
    this.cursor = { column: clip(this.cursor.column + right), row: clip(this.cursor.row + down) }
    this.showCursor(true)
  }

  toggleCell() {
    const { column, row } = this.cursor
    this.removeExample(this.tool.active === ERASER)
    const isSet = this.pixels[(row * SIDE + column) * CELL] > 127
    this.setCell(isSet)
  }

  setCell(isCleared = false) {
    const { column, row } = this.cursor
    const isEraser = this.tool.active === ERASER
    this.removeExample(isEraser)
    this.remember()
    paintCell(this.pixels, column, row, isCleared || isEraser)
    this.finish()
  }

  showCursor(visible) {
    const { column, row } = this.cursor
    setColumns(this.cursorSource, {
      x: visible ? [column + 0.5] : [],
      y: visible ? [CELLS - row - 0.5] : [],
    })
  }

  showGrid() {
    for (const lines of this.gridLines) {
      lines.visible = this.grid.active
    }
    this.showCursor(false)
  }
}

/** Tell the page that the drawing has changed, so that the answer is announced once it settles. */
function announceDrawing() {
  dispatchEvent(new Event("inkling-drawing"))
}

/** Paint a round-ended line: full ink within the radius, fading over one pixel at its edge. */
function paintLine(pixels, from, to, radius, erase) {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const lengthSquared = dx * dx + dy * dy
  const reach = radius + 1
  const left = Math.max(0, Math.floor(Math.min(from.x, to.x) - reach))
  const right = Math.min(SIDE - 1, Math.ceil(Math.max(from.x, to.x) + reach))
  const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - reach))
  const bottom = Math.min(SIDE - 1, Math.ceil(Math.max(from.y, to.y) + reach))
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y]
      const along =
        lengthSquared > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / lengthSquared)) : 0
      const distance = Math.hypot(px - along * dx, py - along * dy)
      const cover = Math.round(255 * Math.min(1, Math.max(0, radius + 0.5 - distance)))
      const index = y * SIDE + x
      pixels[index] = erase ? Math.min(pixels[index], 255 - cover) : Math.max(pixels[index], cover)
    }
  }
}

function paintCells(pixels, from, to, erase) {
  const longest = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y))
  const steps = Math.max(1, Math.ceil(longest / (CELL / 2)))
  for (let step = 0; step <= steps; step++) {
    const x = from.x + ((to.x - from.x) * step) / steps
    const y = from.y + ((to.y - from.y) * step) / steps
    paintCell(pixels, Math.floor(x / CELL), Math.floor(y / CELL), erase)
  }
}

function paintCell(pixels, column, row, erase) {
  if (column < 0 || row < 0 || column >= CELLS || row >= CELLS) {
    return
  }
  for (let y = row * CELL; y < (row + 1) * CELL; y++) {
    pixels.fill(erase ? 0 : 255, y * SIDE + column * CELL, y * SIDE + (column + 1) * CELL)
  }
}

/** The picture with SENT pixels along a side, each the mean of a square. */
function shrink(pixels) {
  const step = SIDE / SENT
  const small = new Uint8Array(SENT * SENT)
  for (let row = 0; row < SENT; row++) {
    for (let column = 0; column < SENT; column++) {
      let sum = 0
      for (let y = row * step; y < (row + 1) * step; y++) {
        for (let x = column * step; x < (column + 1) * step; x++) {
          sum += pixels[y * SIDE + x]
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
