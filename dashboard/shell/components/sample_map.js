// A map of samples: points that can be pointed at and chosen.
//
// Parts: the data sources `points`, whose columns `x` and `y` are the places of the samples in the
// ranges of the figure, and `frame`. The commands are
//   look    index   the sample that is pointed at, -1 for none
//   choose  index   put the sample on the pad

import { CommandChannel, announceText, componentOf, onChange, setColumns } from "./figure_component.js"



const INTERVAL = 60 // milliseconds between two samples that are pointed at
const REACH = 22 // pixels from a pointer to a sample, at most
const PAGE = 10 // samples that the upward and downward arrows pass over

/**
 * Set up pointing and choosing.
 *
 * @param {object} parts the parts named above, with `figure` and `channel`
 */
export default (parts, _cause, _data, { index }) => {
  componentOf(parts, index, (surface) => new SampleMap(parts, surface))
}

class SampleMap {
  constructor({ figure, channel, points, frame }, surface) {
    Object.assign(this, { figure, points, frame, surface })
    this.channel = new CommandChannel(channel, INTERVAL, surface.signal)
    this.pointed = -1
    this.pointer = null // where it is: {clientX, clientY}
    this.chosen = 0 // by the keys
    surface.label =
      gettext("Map of validation samples. Left and right arrows go from one to the next, Enter puts it on the pad.")
    surface.touchAction = "pan-y"
    surface.element.style.cursor = "pointer"
    surface.onPointer({
      pointerdown: () => {},
      pointermove: ({ clientX, clientY }) => {
        this.pointer = { clientX, clientY }
        this.pointAt(this.sampleAt(this.pointer))
      },
      pointerup: () => {},
      click: (event) => this.choose(this.sampleAt(event)),
    })
    surface.onLeave(() => {
      this.pointer = null
      this.pointAt(-1)
    })
    surface.onKey((event) => this.keyDown(event))
    surface.onFocus((visible) => this.pointAt(visible ? this.chosen : -1))
    onChange(points.properties.data, () => this.follow(), surface.signal)
  }

  /** Point at what is under the pointer now that the samples have moved, once they are drawn. */
  follow() {
    requestAnimationFrame(() => {
      if (this.pointer != null) {
        this.pointAt(this.sampleAt(this.pointer))
      }
      this.showFrame()
    })
  }

  get count() {
    return this.points.data.x.length
  }

  /** The sample nearest to a pointer, or -1 if none is near. */
  sampleAt(event) {
    const { x_range, y_range } = this.figure
    const { width, height } = this.surface.box
    const place = this.surface.position(event)
    const { x, y } = this.points.data
    const [scaleX, scaleY] = [width / (x_range.end - x_range.start), height / (y_range.end - y_range.start)]
    const left = x_range.start + (place.x * width) / scaleX
    const top = y_range.end - (place.y * height) / scaleY
    let [nearest, least] = [-1, REACH ** 2]
    for (let sample = 0; sample < this.count; sample++) {
      const distance = ((x[sample] - left) * scaleX) ** 2 + ((y[sample] - top) * scaleY) ** 2
      if (distance < least) {
        nearest = sample
        least = distance
      }
    }
    return nearest
  }

  pointAt(sample) {
    const existing = sample < this.count ? sample : -1
    if (existing !== this.pointed) {
      this.pointed = existing
      this.showFrame()
      this.channel.sendSoon("look", () => [this.pointed])
    }
  }

  showFrame() {
    const { x, y } = this.points.data
    const isShown = this.pointed >= 0 && this.pointed < this.count
    setColumns(this.frame, {
      x: isShown ? [x[this.pointed]] : [],
      y: isShown ? [y[this.pointed]] : [],
    })
  }

  choose(sample) {
    if (sample >= 0) {
      this.chosen = sample
      this.channel.send("choose", sample)
    }
  }

  keyDown(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -PAGE, ArrowDown: PAGE }
    if (event.key in steps) {
      const next = this.chosen + steps[event.key]
      this.chosen = next >= 0 && next < this.count ? next : this.chosen
      this.pointAt(this.chosen)
      announceText(".ink-map-point")
    } else if (event.key === " " || event.key === "Enter") {
      this.choose(this.chosen)
    } else {
      return false
    }
    return true
  }
}
