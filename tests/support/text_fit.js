// Tells which texts of the page do not fit their place, and which controls it shows; makes texts longer
// and wider spaced.

window.textFit = (() => {
  const HIDING = ".unseen, svg, svg *, option, script, style, title"

  function* elements(root = document) {
    for (const element of root.querySelectorAll("*")) {
      yield element
      if (element.shadowRoot) yield* elements(element.shadowRoot)
    }
  }

  // All texts, each with the element that holds it.
  function* texts() {
    for (const element of elements()) {
      if (element.matches(HIDING)) continue
      for (const part of [element, element.shadowRoot]) {
        for (const node of part?.childNodes ?? []) {
          if (node.nodeType === Node.TEXT_NODE && node.data.trim()) yield [node, element]
        }
      }
    }
  }

  function parent_of(element) {
    return element.assignedSlot ?? element.parentElement ?? element.getRootNode().host
  }

  // ---- A pseudo-language, and the spacing of WCAG 2.2, 1.4.12 -----------------------------------

  const [LETTERS, ACCENTED] = ["aeiouyncAEIOUYNC", "áéíóúýñçÁÉÍÓÚÝÑÇ"]
  const WORDS = "lorem ipsum dolor sit amet ".repeat(40)
  const lengthened = new WeakMap()

  // Gives texts accents, and makes them longer by a share; those that have it are left.
  function pseudo_localize(share) {
    document.documentElement.lang = "eo"
    for (const [node, element] of texts()) {
      if (element.closest("h1, #language, [translate=no], code, pre, textarea")) continue
      if (!/[A-Za-z]{2}/.test(node.data) || lengthened.get(node) === node.data) continue
      const [, before, text, after] = /^(\s*)(.*?)(\s*)$/s.exec(node.data)
      const shown = text.replace(/[aeiouyncAEIOUYNC]/g, (it) => ACCENTED[LETTERS.indexOf(it)])
      const more = text.length < 3 ? "" : ` ${WORDS.slice(0, Math.ceil(share * text.length)).trim()}`
      // What stands before a value ends with a colon.
      const [words, colon] = shown.endsWith(":") ? [shown.slice(0, -1), ":"] : [shown, ""]
      node.data = before + words + more + colon + after
      if (element.style?.getPropertyValue("--length")) {
        element.style.setProperty("--length", node.data.length)
      }
      if (element.matches("label")) make_room(element, node.data.length)
      lengthened.set(node, node.data)
    }
  }

  // The bar at the top makes room for a name by its length.
  function make_room(label, length) {
    for (let at = label; at instanceof Element; at = parent_of(at)) {
      if (at.style.getPropertyValue("--label-length")) {
        at.style.setProperty("--label-length", length)
      }
    }
  }

  const spacing = new CSSStyleSheet()
  spacing.replaceSync(`
    * { letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
    * { line-height: 1.5 !important; }
    p { margin-bottom: 2em !important; }
  `)

  function space() {
    for (const root of [document, ...[...elements()].map((it) => it.shadowRoot)]) {
      if (root != null && !root.adoptedStyleSheets.includes(spacing)) {
        root.adoptedStyleSheets = [...root.adoptedStyleSheets, spacing]
      }
    }
  }

  // ---- What does not fit ------------------------------------------------------------------------

  // How a text is shown within all that may cut it: `fault` is null if none does.
  function look(node, element, width, may_shorten) {
    const range = document.createRange()
    range.selectNodeContents(node)
    const lines = [...range.getClientRects()].filter((it) => it.width > 1 && it.height > 1)
    const seen = {
      left: Math.min(...lines.map((it) => it.left)),
      right: Math.max(...lines.map((it) => it.right)),
      top: Math.min(...lines.map((it) => it.top)),
      bottom: Math.max(...lines.map((it) => it.bottom)),
    }
    let [is_hidden, is_scrolled, fault, layer] = [lines.length === 0, false, null, null]
    for (let at = element; at instanceof Element && !is_hidden; at = parent_of(at)) {
      const style = getComputedStyle(at)
      const { overflowX, overflowY, position, webkitLineClamp } = style
      const box = at.getBoundingClientRect()
      if (box.width <= 1.5 || box.height <= 1.5) {
        is_hidden = overflowX !== "visible"
        continue
      }
      if (position !== "static" && position !== "relative") layer ??= at
      if (at.matches("dialog, [popover]")) layer ??= at
      const left = box.left + at.clientLeft
      const [right, bottom] = [left + at.clientWidth, box.top + at.clientTop + at.clientHeight]
      if (overflowX === "auto" || overflowX === "scroll") is_scrolled = true
      else if (!is_scrolled && overflowX !== "visible" && at.clientWidth > 0) {
        const over = Math.round(Math.max(seen.right - right, left - seen.left))
        // The name of a network is as long as the network; its menu has it whole.
        const may_end_early = may_shorten || element.closest(".model, .network") != null
        const is_shortened = may_end_early && style.textOverflow === "ellipsis"
        if (over > 1 && !is_shortened) fault ??= ["is cut at the side", over]
        if (is_shortened) seen.right = Math.min(seen.right, right)
      }
      if (is_scrolled) {
        seen.left = Math.max(seen.left, box.left)
        seen.right = Math.min(seen.right, box.right)
      }
      if (overflowY === "auto" || overflowY === "scroll") {
        seen.top = Math.max(seen.top, box.top)
        seen.bottom = Math.min(seen.bottom, box.bottom)
      } else if (overflowY !== "visible" && webkitLineClamp !== "none") {
        // A notice of many lines has a button that shows them all.
        seen.bottom = Math.min(seen.bottom, bottom)
      } else if (overflowY !== "visible") {
        is_hidden ||= seen.top >= bottom
        if (seen.bottom > bottom + 2) fault ??= ["is cut below", Math.round(seen.bottom - bottom)]
      }
      is_hidden ||= seen.right < seen.left || seen.bottom < seen.top
    }
    const beyond = Math.round(Math.max(seen.right - width, -seen.left))
    if (!is_scrolled && beyond > 1) fault ??= ["lies beyond the window", beyond]
    const boxes = lines.map((it) => ({
      left: Math.max(seen.left, it.left),
      right: Math.min(seen.right, it.right),
      top: Math.max(seen.top, it.top),
      bottom: Math.min(seen.bottom, it.bottom),
      height: it.height,
    }))
    return { text: node.data.trim().slice(0, 50), element, boxes, layer, is_hidden, fault }
  }

  function overlap(one, other) {
    for (const a of one.boxes) {
      for (const b of other.boxes) {
        const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
        const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
        if (width > 2 && height > 0.4 * Math.min(a.height, b.height)) return Math.round(width)
      }
    }
    return 0
  }

  // `may_shorten` allows an ellipsis in place of the end of a text.
  function layout_faults(may_shorten) {
    // The window of a phone grows with what it shows.
    const width = Math.min(innerWidth, screen.width)
    const seen = [...texts()]
      .filter(([, it]) => it.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
      .map(([node, element]) => look(node, element, width, may_shorten))
      .filter(({ is_hidden }) => !is_hidden)
    const found = seen.filter(({ fault }) => fault).map(({ text, fault }) => [text, ...fault])
    for (const [at, one] of seen.entries()) {
      for (const other of seen.slice(at + 1)) {
        const is_inside = one.element.contains(other.element) || other.element.contains(one.element)
        const pixels = one.layer === other.layer && !is_inside ? overlap(one, other) : 0
        if (pixels) found.push([one.text, `overlaps “${other.text}”`, pixels])
      }
    }
    const { scrollWidth } = document.documentElement
    if (scrollWidth > width) found.push(["the page", "scrolls sideways", scrollWidth - width])
    return [...new Map(found.map((it) => [JSON.stringify(it), it])).values()]
  }

  // ---- Controls ---------------------------------------------------------------------------------

  const CONTROLS = `button, select, input, textarea, summary, a[href], [role=slider], [role=tab],
    [role=application]`

  // What chooses the part of a pane that a narrow page shows, what closes the drawer that a wide one
  // has instead, and what opens a long notice.
  const SWITCHES = ".sheets button, #more, .settings-close, .notice summary"

  // Roles and names of the controls that are shown; numbers in names are left out.
  function controls() {
    const found = new Set()
    for (const element of elements()) {
      const { width, height } = element.getBoundingClientRect()
      const is_shown = element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
      if (!element.matches(CONTROLS) || element.matches(SWITCHES)) continue
      if (!is_shown || width <= 1 || height <= 1) continue
      const labels = [...(element.labels ?? [])].map((it) => it.textContent).join(" ")
      // The page names a slider by its title, within half a second.
      const slider = element.matches("[role=slider]") ? element.getRootNode().querySelector(".bk-slider-title") : null
      const title = slider?.firstChild?.textContent.replace(/:\s*$/, "")
      const name = element.ariaLabel || title || labels || element.textContent || element.title
      const role = element.getAttribute("role") ?? element.type ?? element.localName
      const text = name.replace(/\s+/g, " ").replace(/[\d.,%:]+/g, "0").trim()
      found.add(`${role} ${text}`.slice(0, 80))
    }
    return [...found].sort()
  }

  return { pseudo_localize, space, layout_faults, controls }
})()
