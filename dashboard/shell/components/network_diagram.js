// The diagram of a network: the maps of all units in blocks by layer, and lines for weights. Units,
// lines and biases can be pointed at and clicked.
//
// Parts: the data sources
//   blocks   layer, units, columns, cell, left, top of each block of squares
//   links    layer, row, column, and the curve x0, y0, cx0, cy0, cx1, cy1, x1, y1 of each line
//   biases   layer, row, column, x, y of each bias
//   frame    x, y, size of the square that is pointed at
//   lit      the curve of the lines that are pointed at
// and the `width` and `height` of the diagram, in whose units all of them are. The commands are
//   unit    layer, unit         the unit that is pointed at
//   weight  layer, row, column  the weight or bias that is pointed at
//   leave                       nothing is pointed at
//   toggle  layer, unit         ablate the unit, or restore it
//   edit    layer, row, column  choose the weight or bias for editing
//   seen    0 or 1              whether any of the diagram is in sight

import { CommandChannel, announceText, componentOf, setColumns } from "./figure_component.js"



const INTERVAL = 60 // milliseconds between two things that are pointed at
const REACH = 7 // pixels within which a line or a bias is meant
const SAMPLES = 24 // points of a curve whose distances to the pointer are compared
const CURVE = ["x0", "y0", "cx0", "cy0", "cx1", "cy1", "x1", "y1"]

/**
 * Set up pointing and clicking.
 *
 * @param {object} parts the parts named above, with `figure` and `channel`
 */
export default (parts, _cause, _data, { index }) => {
  componentOf(parts, index, (surface) => new NetworkDiagram(parts, surface))
}

class NetworkDiagram {
  constructor({ channel, blocks, links, biases, frame, lit, width, height }, surface) {
    Object.assign(this, { blockSource: blocks, links, biases, frame, lit, width, height, surface })
    this.channel = new CommandChannel(channel, INTERVAL, surface.signal)
    this.pointed = null // {name, values}: the newest command `unit` or `weight`
    this.chosen = { block: 0, unit: 0 } // by the keys
    surface.label =
      gettext("The network. Arrow keys choose a unit, space ablates it or restores it, Enter edits its bias.")
    surface.touchAction = "pan-y"
    surface.onPointer({
      pointerdown: () => {},
      pointermove: (event) => event.pointerType !== "touch" && this.pointAt(this.targetAt(event)),
      pointerup: () => {},
      click: (event) => this.click(event),
    })
    surface.onLeave((event) => event.pointerType !== "touch" && this.pointAt(null))
    surface.onKey((event) => this.keyDown(event))
    surface.onFocus((visible) => this.pointAt(visible ? this.chosenTarget() : null))
    this.reportSight()
  }

  /** Tell Python whether the diagram is in sight, so that nothing is computed for it otherwise. */
  reportSight() {
    const { element, signal } = this.surface
    const observer = new IntersectionObserver((entries) => {
      this.channel.send("seen", Number(entries.at(-1).isIntersecting))
    })
    observer.observe(element)
    signal.addEventListener("abort", () => observer.disconnect())
  }

  get blocks() {
    const { layer, units, columns, cell, left, top } = this.blockSource.data
    return Array.from(layer, (_, index) => ({
      layer: layer[index],
      units: units[index],
      columns: columns[index],
      cell: cell[index],
      left: left[index],
      top: top[index],
    }))
  }

  // ---- What is at a place ----------------------------------------------------------------------

  targetAt(event) {
    const { x, y } = this.surface.position(event)
    const at = { x: x * this.width, y: (1 - y) * this.height }
    const reach = (REACH * this.width) / this.surface.box.width
    return this.biasAt(at, reach) ?? this.unitAt(at) ?? this.linkAt(at, reach)
  }

  biasAt(at, reach) {
    const { x, y } = this.biases.data
    const distances = Array.from(x, (_, row) => Math.hypot(x[row] - at.x, y[row] - at.y))
    return this.nearestWeight(this.biases, distances, reach)
  }

  unitAt(at) {
    for (const block of this.blocks) {
      const column = Math.floor((at.x - block.left) / block.cell)
      const row = Math.floor((block.top - at.y) / block.cell)
      const unit = row * block.columns + column
      if (column >= 0 && column < block.columns && row >= 0 && unit < block.units) {
        return { name: "unit", values: [block.layer, unit] }
      }
    }
    return null
  }

  linkAt(at, reach) {
    const curves = CURVE.map((name) => this.links.data[name])
    const distances = Array.from(curves[0], (_, row) => {
      const points = curves.map((column) => column[row])
      return distanceToCurve(points, at)
    })
    return this.nearestWeight(this.links, distances, reach)
  }

  nearestWeight(source, distances, reach) {
    const nearest = Math.min(...distances)
    if (!(nearest <= reach)) {
      return null
    }
    const row = distances.indexOf(nearest)
    const values = ["layer", "row", "column"].map((name) => source.data[name][row])
    return { name: "weight", values }
  }

  // ---- Pointing and clicking -------------------------------------------------------------------

  pointAt(target) {
    if (isSame(target, this.pointed)) {
      return
    }
    this.pointed = target
    this.surface.element.style.cursor = target == null ? "default" : "pointer"
    this.showTarget()
    if (target == null) {
      this.channel.sendSoon("leave", () => [])
    } else if (target.name === "unit") {
      this.channel.sendSoon("unit", () => target.values)
    } else {
      this.channel.sendSoon("weight", () => target.values)
    }
  }

  showTarget() {
    const { name, values } = this.pointed ?? {}
    const [layer, ...rest] = values ?? []
    const square = name === "unit" ? this.squareOf(layer, rest[0]) : null
    setColumns(this.frame, {
      x: square == null ? [] : [square.x],
      y: square == null ? [] : [square.y],
      size: square == null ? [] : [square.size],
    })
    const { data } = this.links
    const isLit = (row) => {
      if (name === "unit") {
        const isInto = data.layer[row] === layer && data.column[row] === rest[0]
        const isFrom = data.layer[row] === layer + 1 && data.row[row] === rest[0]
        return isInto || isFrom
      }
      const [source, target] = rest
      return (
        name === "weight" &&
        data.layer[row] === layer &&
        data.row[row] === source &&
        data.column[row] === target
      )
    }
    const rows = Array.from(data.layer, (_, row) => row).filter(isLit)
    setColumns(
      this.lit,
      Object.fromEntries(CURVE.map((column) => [column, rows.map((row) => data[column][row])])),
    )
  }

  squareOf(layer, unit) {
    const block = this.blocks.find((each) => each.layer === layer)
    if (block == null || unit >= block.units) {
      return null
    }
    const { columns, cell, left, top } = block
    const row = Math.floor(unit / columns)
    return { x: left + ((unit % columns) + 0.5) * cell, y: top - (row + 0.5) * cell, size: cell }
  }

  /** With a finger, the first tap points and the second one on the same thing clicks. */
  click(event) {
    const target = this.targetAt(event)
    const isKnown = isSame(target, this.pointed)
    this.pointAt(target)
    if (target != null && (isKnown || event.pointerType !== "touch")) {
      this.use(target)
    }
  }

  use({ name, values }) {
    if (name === "unit") {
      this.chosen = { block: values[0] + 1, unit: values[1] }
      this.channel.send("toggle", ...values)
    } else {
      this.channel.send("edit", ...values)
    }
  }

  // ---- Keys ------------------------------------------------------------------------------------

  chosenTarget() {
    const block = this.blocks[this.chosen.block]
    if (block == null || this.chosen.unit >= block.units) {
      this.chosen = { block: 0, unit: 0 }
    }
    return { name: "unit", values: [this.blocks[this.chosen.block].layer, this.chosen.unit] }
  }

  keyDown(event) {
    const [layer, unit] = this.chosenTarget().values
    const { columns, units } = this.blocks[this.chosen.block]
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const next = unit + (event.key === "ArrowUp" ? -columns : columns)
      this.chosen.unit = next >= 0 && next < units ? next : unit
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      this.moveSideways(event.key === "ArrowLeft" ? -1 : 1)
    } else if (event.key === " ") {
      this.use({ name: "unit", values: [layer, unit] })
    } else if (event.key === "Enter" && layer >= 0) {
      this.channel.send("edit", layer, -1, unit)
    } else {
      return false
    }
    this.pointAt(this.chosenTarget())
    announceText(".ink-spiral-pointed")
    return true
  }

  /** Choose the next square of the row, in the neighbouring block from the edge on. */
  moveSideways(step) {
    const { block, unit } = this.chosen
    const { columns, units } = this.blocks[block]
    const column = (unit % columns) + step
    if (column >= 0 && column < columns && unit + step < units) {
      this.chosen.unit = unit + step
      return
    }
    const next = this.blocks[block + step]
    if (next != null) {
      const row = Math.floor(unit / columns)
      const nearest = row * next.columns + (step > 0 ? 0 : next.columns - 1)
      this.chosen = { block: block + step, unit: Math.min(nearest, next.units - 1) }
    }
  }
}

const isSame = (a, b) => a?.name === b?.name && String(a?.values) === String(b?.values)

/** The distance of a place to the nearest of some points of a cubic Bézier curve. */
function distanceToCurve([x0, y0, cx0, cy0, cx1, cy1, x1, y1], at) {
  if (at.x < x0 || at.x > x1) {
    return Infinity
  }
  let nearest = Infinity
  for (let sample = 0; sample <= SAMPLES; sample++) {
    const t = sample / SAMPLES
    const [a, b, c, d] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t ** 2 * (1 - t), t ** 3]
    const x = a * x0 + b * cx0 + c * cx1 + d * x1
    const y = a * y0 + b * cy0 + c * cy1 + d * y1
    nearest = Math.min(nearest, Math.hypot(x - at.x, y - at.y))
  }
  return nearest
}
