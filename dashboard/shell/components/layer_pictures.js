// The layers of a network: one picture for each, with the units in a grid. A unit can be pointed at
// and clicked.
//
// Parts: the data sources `layers` (a row for each layer, from the upper left of its grid) and
// `squares`, with the columns that Python's LayersView writes, among them `title`; `classes`, the
// names under the outputs; `crosses`, the ablated units; and `pointed`, the frame of the unit under
// the pointer. The commands are
//   look    layer unit row column   a unit, and the pixel of its tile, or -1 -1
//   ablate  layer unit on           ablate a unit (1) or restore it (0)
//   target  class                   the class whose logit is differentiated

import { CommandChannel, componentOf, onChange, setColumns } from "./figure_component.js"



const INTERVAL = 60 // milliseconds between two units that are pointed at
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }

/**
 * Set up pointing, clicking and the titles.
 *
 * @param {object} parts the parts named above, with `figure` and `channel`
 */
export default (parts, _cause, _data, { index }) => {
  componentOf(parts, index, (surface) => new LayerPictures(parts, surface))
}

class LayerPictures {
  constructor({ figure, channel, layers, squares, classes, crosses, pointed }, surface) {
    Object.assign(this, { figure, layers, squares, classes, crosses, pointed, surface })
    this.channel = new CommandChannel(channel, INTERVAL, surface.signal)
    this.place = null // {layer, unit, row, column}: what is pointed at, or was chosen by the keys
    this.titles = document.createElement("div")
    this.titles.className = "titles"
    surface.host.shadowRoot.append(this.titles)
    surface.label =
      gettext("The layers of the network. Arrow keys choose a unit, with Shift a pixel of its feature map, space ablates and restores it.")
    surface.touchAction = "pan-y"
    surface.onPointer({
      pointerdown: () => {},
      pointermove: (event) => this.pointAt(this.placeAt(event)),
      pointerup: () => {},
      click: (event) => this.click(event),
    })
    surface.onLeave(() => this.showFrame(null))
    surface.onKey((event) => this.keyDown(event))
    surface.onFocus((visible) => visible && this.pointAt(this.place ?? this.firstPlace()))
    for (const source of [layers, squares, classes]) {
      onChange(source.properties.data, () => this.writeTitles(), surface.signal)
    }
    this.writeTitles()
  }

  /** The grids of the layers, as objects. */
  get grids() {
    const { data } = this.layers
    return Array.from(data.layer, (layer, index) => ({
      layer,
      isHidden: data.hidden[index] === 1,
      columns: data.columns[index],
      rows: data.rows[index],
      units: data.units[index],
      side: data.side[index],
      left: data.x[index],
      top: this.height - data.y[index],
      width: data.dw[index],
      height: data.dh[index],
    }))
  }

  get width() {
    return this.figure.x_range.end
  }

  get height() {
    return this.figure.y_range.end
  }

  gridOf(place) {
    return this.grids.find((grid) => grid.layer === place.layer)
  }

  /** The unit under a pointer and the pixel of its tile, or null. */
  placeAt(event) {
    const position = this.surface.position(event)
    const [x, y] = [position.x * this.width, position.y * this.height]
    for (const grid of this.grids) {
      const across = ((x - grid.left) / grid.width) * grid.columns
      const down = ((y - grid.top) / grid.height) * grid.rows
      if (across >= 0 && across < grid.columns && down >= 0 && down < grid.rows) {
        const unit = Math.floor(down) * grid.columns + Math.floor(across)
        if (unit >= grid.units) {
          return null
        }
        const pixel = (share) => Math.min(Math.floor((share % 1) * (grid.side + 1)), grid.side - 1)
        return { layer: grid.layer, unit, row: pixel(down), column: pixel(across) }
      }
    }
    return null
  }

  firstPlace() {
    const [grid] = this.grids
    const middle = grid == null ? 0 : Math.floor(grid.side / 2)
    return grid == null ? null : { layer: grid.layer, unit: 0, row: middle, column: middle }
  }

  pointAt(place) {
    this.surface.element.style.cursor = place == null ? "" : "pointer"
    this.showFrame(place)
    if (place == null || isSame(place, this.place)) {
      return
    }
    this.place = place
    this.channel.sendSoon("look", () => {
      const { layer, unit, row, column } = this.place
      return [layer, unit, row, column]
    })
  }

  showFrame(place) {
    const grid = place == null ? null : this.gridOf(place)
    if (grid == null) {
      setColumns(this.pointed, { x: [], y: [], width: [], height: [] })
      return
    }
    const cell = grid.width / grid.columns
    setColumns(this.pointed, {
      x: [grid.left + ((place.unit % grid.columns) + 0.5) * cell],
      y: [this.height - grid.top - (Math.floor(place.unit / grid.columns) + 0.5) * cell],
      width: [cell],
      height: [cell],
    })
  }

  click(event) {
    const place = this.placeAt(event)
    if (place == null) {
      return
    }
    // A finger cannot point without a tap: the first tap chooses a unit, the next one ablates it.
    const isChosen = this.place?.layer === place.layer && this.place.unit === place.unit
    const isFinger = event.pointerType === "touch" && !(isChosen && this.tapped)
    this.pointAt(place)
    this.tapped = true
    if (!isFinger) {
      this.use(place)
    }
  }

  /** Ablate or restore a hidden unit; choose an output as the target. */
  use(place) {
    this.channel.flush()
    if (!this.gridOf(place).isHidden) {
      this.channel.send("target", place.unit)
      return
    }
    const { layer, unit } = this.crosses.data
    const isAblated = Array.from(layer).some((it, i) => it === place.layer && unit[i] === place.unit)
    this.channel.send("ablate", place.layer, place.unit, isAblated ? 0 : 1)
  }

  keyDown(event) {
    const { key, shiftKey } = event
    const place = this.place != null && this.gridOf(this.place) ? this.place : this.firstPlace()
    if (place == null) {
      return false
    }
    if (key in ARROWS) {
      this.pointAt(shiftKey ? this.nextPixel(place, ARROWS[key]) : this.nextUnit(place, ARROWS[key]))
    } else if (key === " " || key === "Enter") {
      this.use(place)
    } else {
      return false
    }
    return true
  }

  nextPixel(place, [down, across]) {
    const limit = (value) => Math.min(Math.max(value, 0), this.gridOf(place).side - 1)
    return { ...place, row: limit(place.row + down), column: limit(place.column + across) }
  }

  /** The unit beside another one; beyond the first and the last row those of the next layers. */
  nextUnit(place, [down, across]) {
    const { grids } = this
    const at = grids.findIndex((grid) => grid.layer === place.layer)
    const grid = grids[at]
    const unit = place.unit + down * grid.columns + across
    if (unit >= 0 && unit < grid.units) {
      return { ...place, unit }
    }
    const next = down === 0 ? null : grids[at + down]
    if (next == null) {
      return place
    }
    const column = Math.min(place.unit % grid.columns, next.columns - 1)
    const row = down > 0 ? 0 : next.rows - 1
    const middle = Math.floor(next.side / 2)
    return {
      layer: next.layer,
      unit: Math.min(row * next.columns + column, next.units - 1),
      row: middle,
      column: middle,
    }
  }

  /** Write the titles of the pictures, the scales at their ends, and the names of the classes. */
  writeTitles() {
    const texts = []
    const write = (text, x, top, kind = "") => {
      const element = document.createElement("span")
      element.textContent = text
      element.className = kind
      if (kind !== "end") {
        element.style.left = `${(100 * x) / this.width}%`
      }
      element.style.top = `${(100 * top) / this.height}%`
      element.style.setProperty("--length", text.length)
      texts.push(element)
    }
    const { squares, layers } = this
    for (let i = 0; i < squares.data.title.length; i++) {
      const isAtEnd = squares.data.x[i] + squares.data.dw[i] >= this.width
      write(squares.data.title[i], squares.data.x[i], 0, isAtEnd ? "end" : "")
    }
    for (let i = 0; i < layers.data.title.length; i++) {
      const top = this.height - layers.data.y[i] - 16
      write(layers.data.title[i], layers.data.x[i], top, "layer")
      write(layers.data.scale[i], 0, top, "end")
    }
    const { name, x, y, slanted } = this.classes.data
    for (let i = 0; i < name.length; i++) {
      write(name[i], x[i], y[i], slanted[i] ? "slanted" : "middle")
    }
    this.titles.replaceChildren(...texts)
  }
}

function isSame(one, other) {
  const names = ["layer", "unit", "row", "column"]
  return other != null && names.every((name) => one[name] === other[name])
}
