// The maps of hidden units: one picture of many small maps; this tells which of them is meant.
//
// `figure.tags` carries it to Python as [number, kind, unit]; `layout.tags` says how the picture is
// divided, as [columns, rows, units].

const SEND_EVERY = 60 // milliseconds

let models = null
let surface = null
let number = 0
let pointed = -1
let chosen = 0 // by the keys
let timer = null

function send(kind, unit) {
  clearTimeout(timer)
  timer = null
  number += 1
  models.figure.tags = [number, kind, unit]
}

function point_at(unit) {
  if (unit === pointed) {
    return
  }
  pointed = unit
  show_frame(unit)
  clearTimeout(timer)
  timer = setTimeout(() => send("look", pointed), SEND_EVERY)
}

function show_frame(unit) {
  const [columns, rows] = models.layout.tags
  const known = unit >= 0
  // In place, so that Python does not hear of it.
  Object.assign(models.frame.data, {
    x: known ? [(unit % columns) + 0.5] : [],
    y: known ? [rows - Math.floor(unit / columns) - 0.5] : [],
  })
  models.frame.change.emit()
}

function unit_at(event) {
  const [columns, rows, units] = models.layout.tags
  const box = surface.getBoundingClientRect()
  const column = Math.floor(((event.clientX - box.left) / box.width) * columns)
  const row = Math.floor(((event.clientY - box.top) / box.height) * rows)
  const unit = row * columns + column
  const inside = column >= 0 && column < columns && row >= 0 && row < rows && unit < units
  return inside ? unit : -1
}

function click(event) {
  const unit = unit_at(event)
  if (unit >= 0) {
    chosen = unit
    send("toggle", unit)
  }
}

function key_down(event) {
  const [columns, , units] = models.layout.tags
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }
  if (event.key in steps) {
    const next = chosen + steps[event.key]
    chosen = next >= 0 && next < units ? next : chosen
    point_at(chosen)
  } else if (event.key === " " || event.key === "Enter") {
    send("toggle", chosen)
  } else {
    return
  }
  event.preventDefault()
  event.stopPropagation()
}

function attach(index) {
  const element = index.find_one(models.figure)?.canvas_view?.events_el
  if (element == null || element === surface) {
    return
  }
  surface = element
  surface.tabIndex = 0
  surface.style.touchAction = "pan-y"
  surface.style.cursor = "pointer"
  surface.setAttribute("role", "application")
  surface.setAttribute(
    "aria-label",
    "Maps of the hidden units. Arrow keys choose one, space switches it off and on.",
  )
  const own = (handler) => (event) => {
    event.stopImmediatePropagation()
    handler(event)
  }
  const above = surface.parentNode
  above.addEventListener("pointermove", own((event) => point_at(unit_at(event))), { capture: true })
  above.addEventListener("pointerdown", own(() => {}), { capture: true })
  above.addEventListener("pointerup", own(() => {}), { capture: true })
  above.addEventListener("click", own(click), { capture: true })
  surface.addEventListener("pointerleave", () => point_at(-1))
  above.addEventListener("keydown", key_down, { capture: true })
  surface.addEventListener("focus", () => {
    if (surface.matches(":focus-visible")) point_at(chosen)
  })
  surface.addEventListener("blur", () => point_at(-1))
}

export default (args, _event, _data, { index }) => {
  models = args
  attach(index)
}
