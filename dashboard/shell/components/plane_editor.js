// The editor of the plane: pointer and keys on the picture of the decision surface, answered on the
// client first.
//
// Parts: the data sources of points `train` and `test`, of the points `painted` here that Python
// has not sent back yet, of the `line` and of the `cursor`; the widgets `tool`, whose entries are
// TOOLS in this order, and `classes`; `colors` and `markers`, one for each class. Coordinates go
// from -LIMIT to LIMIT; `part` is "train" or "test", `row` the row of a point in it. The commands
// are
//   look     x, y             the place that the pointer or the cursor is at
//   leave                     no place
//   line     x0, y0, x1, y1   the line whose profile is wanted
//   no-line
//   paint    stroke, class, [x, y, x, y, ...]   all points so far of the stroke of that name
//   move     part, row, x, y
//   delete   part, row

import { CommandChannel, announce, announceText, componentOf, onChange, setColumns } from "./figure_component.js"



const LIMIT = 1.25
const REACH = 12 // pixels within which a point is meant
const STRIDE = 14 // pixels between two points of a painted stroke
const INTERVAL = 80 // milliseconds between two commands of a gesture
const KEY_STEP = 0.05

const TOOLS = ["look", "line", "paint", "move", "delete"]
const LABELS = {
  look: gettext("The plane. Inspect: the arrow keys move the cursor, the prediction there is shown below."),
  line: gettext("The plane. Cross-section: space sets its beginning, then its end."),
  paint: gettext("The plane. Paint: space sets a point of the chosen class."),
  move: gettext("The plane. Move: space picks the nearest point up, arrow keys move it, space puts it down."),
  delete: gettext("The plane. Delete: space deletes the nearest point."),
}
const DRAGGING_TOOLS = ["line", "paint", "move"] // a finger uses these instead of scrolling
const BUTTONS = { main: 0, right: 2 }
const READOUT = ".ink-spiral-place" // the text of the values at the cursor
const MAIN_IS_DOWN = 1 // in `buttons` of an event
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }

const clip = (value) => Math.min(LIMIT, Math.max(-LIMIT, value))
const round = (value) => Math.round(value * 1e4) / 1e4
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y)

/**
 * Set up the editor.
 *
 * @param {object} parts the parts named above, with `figure` and `channel`
 */
export default (parts, _cause, _data, { index }) => {
  componentOf(parts, index, (surface) => new PlaneEditor(parts, surface))
}

class PlaneEditor {
  constructor(parts, surface) {
    const { train, test, painted, line, tool, colors, markers } = parts
    Object.assign(this, { train, test, painted, line, colors, markers, surface })
    this.cursorSource = parts.cursor
    this.toolChoice = tool
    this.classChoice = parts.classes
    this.channel = new CommandChannel(parts.channel, INTERVAL, surface.signal)
    this.gesture = null // {id, tool, ...} while the pointer is down
    this.lineStart = null // the first end of a line whose second end is still to come
    this.carried = null // the point that the keys carry
    this.cursor = { x: 0, y: 0 }
    interpolateImages(surface.canvas)
    surface.onPointer({
      pointerdown: (event) => this.pointerDown(event),
      pointermove: (event) => this.pointerMove(event),
      pointerup: (event) => this.pointerUp(event),
      // The browser took the gesture away, to scroll for example.
      pointercancel: (event) => this.cancelGesture(event.pointerId),
      lostpointercapture: (event) => this.cancelGesture(event.pointerId),
    })
    surface.onLeave(() => this.pointerLeave())
    surface.onKey((event) => this.keyDown(event))
    surface.onFocus((visible) => this.showCursor(visible))
    onChange(tool.properties.active, () => this.changeTool(), surface.signal)
    onChange(train.properties.data, () => this.clearPainted(), surface.signal)
    this.changeTool()
  }

  get tool() {
    return TOOLS[this.toolChoice.active]
  }

  get reach() {
    return REACH * this.unitsPerPixel
  }

  get unitsPerPixel() {
    return (2 * LIMIT) / this.surface.box.width
  }

  changeTool() {
    this.cancelGesture()
    this.carried = null
    this.surface.label = LABELS[this.tool]
    this.surface.touchAction = DRAGGING_TOOLS.includes(this.tool) ? "none" : "pan-y"
    this.surface.element.style.cursor = this.tool === "move" ? "grab" : "crosshair"
    if (this.lineStart != null) {
      this.removeLine()
    }
  }

  // ---- Looking ---------------------------------------------------------------------------------

  look(at) {
    this.channel.sendSoon("look", () => [round(at.x), round(at.y)])
  }

  // ---- The line --------------------------------------------------------------------------------

  drawLine(from, to) {
    setColumns(this.line, { x: [from.x, to.x], y: [from.y, to.y] })
  }

  beginLine(at) {
    this.lineStart = at
    this.drawLine(at, at)
  }

  endLine(at) {
    const from = this.lineStart
    this.lineStart = null
    this.drawLine(from, at)
    this.channel.send("line", ...[from.x, from.y, at.x, at.y].map(round))
  }

  removeLine() {
    this.lineStart = null
    setColumns(this.line, { x: [], y: [] })
    this.channel.send("no-line")
  }

  // ---- Points ----------------------------------------------------------------------------------

  /** The point nearest to a place among those that are shown: {source, row, far}, or null. */
  nearest(at, within) {
    let best = null
    for (const source of [this.train, this.test]) {
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

  address(found) {
    return [found.source === this.train ? "train" : "test", found.row]
  }

  move(found, at) {
    const { x, y } = found.source.data
    x[found.row] = clip(at.x)
    y[found.row] = clip(at.y)
    found.source.change.emit()
    const position = [round(x[found.row]), round(y[found.row])]
    this.channel.sendSoon("move", () => [...this.address(found), ...position])
  }

  delete(found) {
    if (found != null) {
      this.channel.send("delete", ...this.address(found))
    }
  }

  newStroke() {
    return { name: `${performance.timeOrigin}-${performance.now()}`, points: [] }
  }

  /** Every command of a stroke holds all of it, so it does not matter which of them arrive. */
  strokeArguments({ name, points }) {
    return [name, this.classChoice.active, points.flatMap((point) => [point.x, point.y])]
  }

  addToStroke(stroke, at) {
    const last = stroke.points.at(-1)
    if (last != null && distance(last, at) < STRIDE * this.unitsPerPixel) {
      return
    }
    const point = { x: round(clip(at.x)), y: round(clip(at.y)) }
    stroke.points.push(point)
    this.showPainted(point)
    this.channel.sendSoon("paint", () => this.strokeArguments(stroke))
  }

  endStroke(stroke) {
    this.channel.send("paint", ...this.strokeArguments(stroke))
  }

  /** Show a painted point at once, until Python has sent it among the others. */
  showPainted(point) {
    const { x, y, color, marker } = this.painted.data
    const label = this.classChoice.active
    setColumns(this.painted, {
      x: [...x, point.x],
      y: [...y, point.y],
      color: [...color, this.colors[label]],
      marker: [...marker, this.markers[label]],
    })
  }

  clearPainted() {
    if (this.gesture == null && this.painted.data.x.length > 0) {
      setColumns(this.painted, { x: [], y: [], color: [], marker: [] })
    }
  }

  // ---- Mouse, finger and pen -------------------------------------------------------------------

  position(event) {
    const { x, y } = this.surface.position(event)
    return { x: (2 * x - 1) * LIMIT, y: (1 - 2 * y) * LIMIT }
  }

  pointerDown(event) {
    if (event.pointerType === "pen" && this.gesture?.pointerType === "touch") {
      this.cancelGesture() // the hand that holds the pen came first
    }
    if (this.gesture != null || !Object.values(BUTTONS).includes(event.button)) {
      return
    }
    event.preventDefault()
    this.surface.element.focus({ preventScroll: true })
    this.showCursor(false)
    const at = this.position(event)
    if (event.button === BUTTONS.right) {
      this.delete(this.nearest(at, this.reach))
      return
    }
    this.surface.element.setPointerCapture(event.pointerId)
    this.gesture = { id: event.pointerId, pointerType: event.pointerType, tool: this.tool }
    this.begin(at)
  }

  begin(at) {
    const { tool } = this.gesture
    if (tool === "look") {
      this.look(at)
      this.channel.flush()
    } else if (tool === "line" && this.lineStart == null) {
      this.beginLine(at)
    } else if (tool === "paint") {
      this.gesture.stroke = this.newStroke()
      this.addToStroke(this.gesture.stroke, at)
    } else if (tool === "move") {
      this.gesture.found = this.nearest(at, this.reach)
    } else if (tool === "delete") {
      this.delete(this.nearest(at, this.reach))
    }
  }

  pointerMove(event) {
    const at = this.position(event)
    if (event.pointerId === this.gesture?.id) {
      event.preventDefault()
      // While another button is held, the release of the main one is a movement.
      event.buttons & MAIN_IS_DOWN ? this.drag(at) : this.endGesture(at)
    } else if (this.gesture == null && event.pointerType !== "touch") {
      if (this.lineStart != null) {
        this.drawLine(this.lineStart, at)
      }
      this.look(at)
    }
  }

  drag(at) {
    const { tool, stroke, found } = this.gesture
    if (tool === "look") {
      this.look(at)
    } else if (tool === "line") {
      this.drawLine(this.lineStart, at)
    } else if (tool === "paint") {
      this.addToStroke(stroke, at)
    } else if (tool === "move" && found != null) {
      this.move(found, at)
    }
  }

  pointerUp(event) {
    if (event.pointerId === this.gesture?.id) {
      this.endGesture(this.position(event))
    }
  }

  /** End the gesture as intended, with the pointer at a place. */
  endGesture(at) {
    const { tool, stroke } = this.gesture
    this.gesture = null
    if (tool === "line" && distance(this.lineStart, at) > this.reach) {
      this.endLine(at) // otherwise it is the first of two clicks
    } else if (tool === "paint") {
      this.endStroke(stroke)
    }
    this.channel.flush()
  }

  /** End the gesture of a pointer, or any, where it was; an unfinished line is removed. */
  cancelGesture(pointer = this.gesture?.id) {
    if (this.gesture == null || pointer !== this.gesture.id) {
      return
    }
    const { tool, stroke } = this.gesture
    this.gesture = null
    if (tool === "paint") {
      this.endStroke(stroke)
    } else if (tool === "line") {
      this.removeLine()
    }
    this.channel.flush()
  }

  pointerLeave() {
    if (this.gesture == null && this.lineStart == null) {
      this.channel.sendSoon("leave", () => [])
    }
  }

  // ---- Keys ------------------------------------------------------------------------------------

  keyDown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return false
    }
    if (event.key in ARROWS) {
      const steps = event.shiftKey ? 5 : 1
      this.moveCursor(...ARROWS[event.key].map((direction) => direction * steps))
    } else if (event.key === " " || event.key === "Enter") {
      if (this.gesture == null) {
        this.useTool()
      }
    } else if (event.key === "Escape") {
      this.cancelGesture()
      this.removeLine()
      this.carried = null
    } else {
      return false
    }
    return true
  }

  moveCursor(right, up) {
    const { x, y } = this.cursor
    this.cursor = { x: clip(x + right * KEY_STEP), y: clip(y + up * KEY_STEP) }
    this.showCursor(true)
    if (this.carried != null) {
      this.move(this.carried, this.cursor)
      return
    }
    if (this.lineStart != null) {
      this.drawLine(this.lineStart, this.cursor)
    }
    this.look(this.cursor)
    announceText(READOUT)
  }

  /** Do at the cursor what a click with the tool does. */
  useTool() {
    const { tool, cursor } = this
    const place = coordinates(cursor.x, cursor.y)
    if (tool === "look") {
      this.look(cursor)
      this.channel.flush()
      announceText(READOUT)
    } else if (tool === "line") {
      const begins = this.lineStart == null
      announce(begins ? gettext("Beginning of the line at {place}", { place }) : gettext("End of the line at {place}", { place }))
      this.lineStart == null ? this.beginLine(cursor) : this.endLine(cursor)
    } else if (tool === "paint") {
      const stroke = this.newStroke()
      this.addToStroke(stroke, cursor)
      this.channel.flush()
      announce(gettext("Point of class {label} at {place}", { label: this.classChoice.active, place }))
    } else if (tool === "move") {
      this.pickUpOrPutDown()
    } else {
      const found = this.nearest(cursor, Infinity)
      this.delete(found)
      announce(found == null ? gettext("No point") : gettext("Deleted {point}", { point: this.describe(found) }))
    }
  }

  describe({ source, row }) {
    const { x, y } = source.data
    const place = coordinates(x[row], y[row])
    return source === this.train
      ? gettext("the training point at {place}", { place })
      : gettext("the test point at {place}", { place })
  }

  pickUpOrPutDown() {
    this.carried = this.carried == null ? this.nearest(this.cursor, Infinity) : null
    this.channel.flush()
    announce(this.carried == null ? gettext("Put down") : gettext("Picked up {point}", { point: this.describe(this.carried) }))
    if (this.carried != null) {
      const { source, row } = this.carried
      this.cursor = { x: source.data.x[row], y: source.data.y[row] }
      this.showCursor(true)
    }
  }

  showCursor(visible) {
    const { x, y } = this.cursor
    setColumns(this.cursorSource, visible ? { x: [x], y: [y] } : { x: [], y: [] })
  }
}

function coordinates(x, y) {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 }
  return gettext("x {x}, y {y}", { x: format_number(x, digits), y: format_number(y, digits) })
}

/**
 * Let the browser interpolate the images of a figure. Bokeh turns that off for every image, and
 * has no setting for it.
 */
function interpolateImages(canvas) {
  const alwaysOn = { get: () => true, set: () => {}, configurable: true }
  Object.defineProperty(canvas.primary.ctx, "imageSmoothingEnabled", alwaysOn)
}
