// Keys for charts: with the focus on a chart, left and right go along a curve, up and down to another
// one, and each point is announced. A chart takes part by its attribute data-chart; its curves are the
// renderers with a name, and the rows of multiple lines by their column "name".

(() => {
  const SHARE = 10 // Page Up and Page Down go along a tenth of the points
  const STEPS = {
    ArrowLeft: () => -1,
    ArrowRight: () => 1,
    PageDown: (count) => -Math.ceil(count / SHARE),
    PageUp: (count) => Math.ceil(count / SHARE),
    Home: () => -Infinity,
    End: () => Infinity,
  }
  const TURNS = { ArrowUp: -1, ArrowDown: 1 }

  const places = new WeakMap() // {curve, point}: where the keys are, by the element of a chart

  const ring = document.createElement("div") // marks the point in the chart that has the focus
  ring.setAttribute("aria-hidden", "true")
  ring.style.cssText =
    "position: absolute; width: 14px; height: 14px; margin: -7px 0 0 -7px; border-radius: 50%; " +
    "border: 2px solid var(--text); outline: 2px solid var(--card); pointer-events: none;"

  function find_chart(event) {
    return event.composedPath().find((element) => element.dataset?.chart != null)
  }

  function view_of(chart) {
    const found = Bokeh.index.query((view) => view.model.type === "Figure" && view.el === chart)
    return [...found][0]
  }

  const column_of = (renderer, property) => renderer.data_source.data[renderer.glyph[property]?.field]

  // Returns the curves that are shown: {name, x, y}.
  function read_curves({ model }) {
    const curves = []
    for (const renderer of model.renderers.filter(({ visible }) => visible)) {
      const { name, glyph } = renderer
      if (glyph.type === "MultiLine") {
        const [xs, ys] = [column_of(renderer, "xs"), column_of(renderer, "ys")]
        const names = renderer.data_source.data.name ?? []
        names.forEach((label, row) => curves.push({ name: label, x: xs[row], y: ys[row] }))
      } else if (name) {
        const y = column_of(renderer, "y") ?? column_of(renderer, "top") // of bars
        curves.push({ name, x: column_of(renderer, "x"), y })
      }
    }
    return curves.filter(({ x, y }) => x?.length > 0 && x.length === y?.length)
  }

  function nearest(values, wanted) {
    let best = 0
    for (let index = 1; index < values.length; index++) {
      if (Math.abs(values[index] - wanted) < Math.abs(values[best] - wanted)) best = index
    }
    return best
  }

  function write(value, axis) {
    if (!Number.isFinite(value)) return gettext("no value")
    const { format, code } = axis.formatter // the one in English, the other in other languages
    if (/%|percent/.test(format ?? code ?? "")) {
      return format_percent(value, { maximumFractionDigits: 2 })
    }
    return format_number(value, { maximumSignificantDigits: Math.abs(value) < 1000 ? 4 : 9 })
  }

  function describe({ model }, curves, { curve, point }) {
    const { name, x, y } = curves[curve]
    const [across, up] = [model.below[0], model.left[0]]
    return gettext("{curve}: {quantity} {value} at {axis} {place}, point {number} of {count}", {
      curve: name,
      quantity: up.axis_label ?? "",
      value: write(y[point], up),
      axis: across.axis_label ?? "",
      place: write(x[point], across),
      number: point + 1,
      count: x.length,
    })
  }

  // Returns where the keys are, moved into what is drawn now.
  function clip(place, curves) {
    const curve = Math.min(Math.max(place.curve, 0), curves.length - 1)
    const point = Math.min(Math.max(place.point, 0), curves[curve].x.length - 1)
    return { curve, point }
  }

  function move(place, key, curves) {
    const { curve, point } = clip(place, curves)
    if (key in STEPS) {
      return clip({ curve, point: point + STEPS[key](curves[curve].x.length) }, curves)
    }
    const next = Math.min(Math.max(curve + TURNS[key], 0), curves.length - 1)
    return { curve: next, point: nearest(curves[next].x, curves[curve].x[point]) }
  }

  function draw_ring(chart) {
    const view = view_of(chart)
    const curves = view == null ? [] : read_curves(view)
    if (curves.length === 0 || !places.has(chart)) {
      ring.remove()
      return
    }
    const { curve, point } = clip(places.get(chart), curves)
    const { x_scale, y_scale } = view.frame
    ring.style.left = `${x_scale.compute(curves[curve].x[point])}px`
    ring.style.top = `${y_scale.compute(curves[curve].y[point])}px`
    const parent = view.canvas_view.events_el.parentNode
    if (ring.parentNode !== parent) parent.append(ring)
  }

  // What is drawn moves while a network trains.
  let focused = null
  function follow() {
    if (focused?.isConnected && focused.matches(":focus")) {
      draw_ring(focused)
      requestAnimationFrame(follow)
    } else {
      focused = null
      ring.remove()
    }
  }

  function say(text) {
    dispatchEvent(new CustomEvent("inkling-say", { detail: { sentence: text } }))
  }

  addEventListener("keydown", (event) => {
    const chart = find_chart(event)
    if (chart == null || !(event.key in STEPS || event.key in TURNS)) return
    event.preventDefault()
    event.stopPropagation()
    const view = view_of(chart)
    const curves = view == null ? [] : read_curves(view)
    if (curves.length === 0) {
      say(gettext("Nothing is drawn yet"))
      return
    }
    const isFirst = !places.has(chart)
    const start = { curve: 0, point: curves[0].x.length - 1 }
    places.set(chart, isFirst ? start : move(places.get(chart), event.key, curves))
    say(describe(view, curves, places.get(chart)))
    if (focused !== chart) {
      focused = chart
      follow()
    }
  }, true)
})()
