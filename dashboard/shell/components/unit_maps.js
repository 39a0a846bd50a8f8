// The maps of hidden units: one picture of many small maps, each of which can be pointed at and
// clicked.
//
// Parts: the data sources `maps`, whose columns `columns`, `rows` and `units` say how the picture
// is divided, from the upper left, and `frame`. The commands are
//   look    unit   the unit that is pointed at, -1 for none
//   toggle  unit   switch the unit off or on

import { CommandChannel, componentOf, setColumns } from "./figure_component.js"

const INTERVAL = 60 // milliseconds between two units that are pointed at

/**
 * Set up pointing and clicking.
 *
 * @param {object} parts the parts named above, with `figure` and `channel`
 */
export default (parts, _cause, _data, { index }) => {
  componentOf(parts, index, (surface) => new UnitMaps(parts, surface))
}

class UnitMaps {
  constructor({ channel, maps, frame }, surface) {
    Object.assign(this, { maps, frame, surface })
    this.channel = new CommandChannel(channel, INTERVAL, surface.signal)
    this.pointed = -1
    this.chosen = 0 // by the keys
    surface.label = "Maps of the hidden units. Arrow keys choose one, space switches it off and on."
    surface.touchAction = "pan-y"
    surface.element.style.cursor = "pointer"
    surface.onPointer({
      pointerdown: () => {},
      pointermove: (event) => this.pointAt(this.unitAt(event)),
      pointerup: () => {},
      click: (event) => this.toggle(this.unitAt(event)),
    })
    surface.onLeave(() => this.pointAt(-1))
    surface.onKey((event) => this.keyDown(event))
    surface.onFocus((visible) => this.pointAt(visible ? this.chosen : -1))
  }

  /** How the picture is divided: {columns, rows, units}. */
  get division() {
    const { columns, rows, units } = this.maps.data
    return { columns: columns[0], rows: rows[0], units: units[0] }
  }

  /** The unit under a pointer, or -1. */
  unitAt(event) {
    const { columns, rows, units } = this.division
    const { x, y } = this.surface.position(event)
    const [column, row] = [Math.floor(x * columns), Math.floor(y * rows)]
    const unit = row * columns + column
    const isInside = column >= 0 && column < columns && row >= 0 && row < rows && unit < units
    return isInside ? unit : -1
  }

  pointAt(unit) {
    if (unit !== this.pointed) {
      this.pointed = unit
      this.showFrame(unit)
      this.channel.sendSoon("look", () => [this.pointed])
    }
  }

  showFrame(unit) {
    const { columns, rows } = this.division
    const isShown = unit >= 0
    setColumns(this.frame, {
      x: isShown ? [(unit % columns) + 0.5] : [],
      y: isShown ? [rows - Math.floor(unit / columns) - 0.5] : [],
    })
  }

  toggle(unit) {
    if (unit >= 0) {
      this.chosen = unit
      this.channel.send("toggle", unit)
    }
  }

  keyDown(event) {
    const { columns, units } = this.division
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }
    if (event.key in steps) {
      const next = this.chosen + steps[event.key]
      this.chosen = next >= 0 && next < units ? next : this.chosen
      this.pointAt(this.chosen)
    } else if (event.key === " " || event.key === "Enter") {
      this.toggle(this.chosen)
    } else {
      return false
    }
    return true
  }
}
