"""Tells which texts of the page do not fit their place, in a pseudo-language or with wider spacing."""

from __future__ import annotations

from typing import Any

from browser_page import LabPage

_TEXTS = """
const texts_of = function* (root) {
  for (const element of root.querySelectorAll("*")) {
    if (element.matches("style, script, title, svg, svg *, option, .unseen")) continue
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE && node.data.trim()) yield [node, element]
    }
    if (element.shadowRoot) {
      for (const node of element.shadowRoot.childNodes) {
        if (node.nodeType === Node.TEXT_NODE && node.data.trim()) yield [node, element]
      }
      yield* texts_of(element.shadowRoot)
    }
  }
}
"""

LENGTHEN = f"""
(share) => {{
  {_TEXTS}
  const [letters, accented] = ["aeiouyncAEIOUYNC", "áéíóúýñçÁÉÍÓÚÝÑÇ"]
  const words = "lorem ipsum dolor sit amet ".repeat(40)
  window.lengthened ??= new WeakMap()
  document.documentElement.lang = "eo"
  let count = 0
  for (const [node, element] of texts_of(document)) {{
    if (element.closest("h1, #language, [translate=no], code, pre, textarea")) continue
    const text = node.data.trim()
    if (!/[A-Za-z]{{2}}/.test(text) || window.lengthened.get(node) === node.data) continue
    const shown = text.replace(/[aeiouyncAEIOUYNC]/g, (letter) => accented[letters.indexOf(letter)])
    const more = words.slice(0, Math.ceil(share * text.length)).trim()
    node.data = text.length < 3 ? shown : `${{shown}} ${{more}}`
    window.lengthened.set(node, node.data)
    count += 1
  }}
  return count
}}
"""
"""Gives texts accents, and makes them longer by a share; what Python writes later is not changed."""

SPACE = """
() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(`* {
    letter-spacing: 0.12em !important; word-spacing: 0.16em !important; line-height: 1.5 !important;
  }
  p { margin-bottom: 2em !important; }`)
  const visit = (root) => {
    if (!root.adoptedStyleSheets.some((one) => one.isSpacing)) {
      sheet.isSpacing = true
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
    }
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) visit(element.shadowRoot)
    }
  }
  visit(document)
}
"""
"""Spaces all texts as WCAG 2.2, 1.4.12, has it."""

MISFITS = f"""
() => {{
  {_TEXTS}
  const parent = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host
  const found = []
  const shown = []
  for (const [node, element] of texts_of(document)) {{
    if (!element.checkVisibility({{ visibilityProperty: true, opacityProperty: true }})) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    const boxes = [...range.getClientRects()].filter(({{ width, height }}) => width > 1 && height > 1)
    if (boxes.length === 0) continue
    let [left, right] = [Math.min(...boxes.map((it) => it.left)), Math.max(...boxes.map((it) => it.right))]
    let [top, bottom] = [Math.min(...boxes.map((it) => it.top)), Math.max(...boxes.map((it) => it.bottom))]
    const text = node.data.trim().slice(0, 50)
    let [is_scrolled, is_hidden, fault, layer] = [false, false, null, null]
    for (let at = element; at instanceof Element; at = parent(at)) {{
      const style = getComputedStyle(at)
      const box = at.getBoundingClientRect()
      if (box.width <= 1.5 || box.height <= 1.5) {{
        if (style.overflow !== "visible") is_hidden = true
        continue
      }}
      layer ??= ["fixed", "sticky", "absolute"].includes(style.position) || at.matches("dialog, [popover]") ? at : null
      const inner_left = box.left + at.clientLeft
      const inner_right = inner_left + at.clientWidth
      const inner_bottom = box.top + at.clientTop + at.clientHeight
      if (!is_scrolled && at.clientWidth > 0) {{
        if (["auto", "scroll"].includes(style.overflowX)) {{
          is_scrolled = true
        }} else if (style.overflowX !== "visible" && (right > inner_right + 1 || left < inner_left - 1)) {{
          fault ??= ["cut at the side", Math.round(right - inner_right), Math.round(inner_left - left)]
        }}
      }}
      if (["auto", "scroll"].includes(style.overflowY)) {{
        if (bottom < box.top || top > box.bottom) is_hidden = true
        top = Math.max(top, box.top); bottom = Math.min(bottom, box.bottom)
      }} else if (style.overflowY !== "visible" && bottom > inner_bottom + 2) {{
        if (top >= inner_bottom) is_hidden = true
        else fault ??= ["cut below", Math.round(bottom - inner_bottom), 0]
      }}
      if (is_scrolled) {{
        if (right < box.left || left > box.right) is_hidden = true
        left = Math.max(left, box.left); right = Math.min(right, box.right)
      }}
    }}
    if (is_hidden) continue
    if (!is_scrolled && (right > innerWidth + 1 || left < -1)) fault ??= ["beyond the window", Math.round(right), 0]
    if (fault) found.push([text, ...fault])
    const seen = boxes.map((box) => ({{
      left: Math.max(left, box.left), right: Math.min(right, box.right),
      top: Math.max(top, box.top), bottom: Math.min(bottom, box.bottom), height: box.height,
    }}))
    shown.push([text, element, layer, seen])
  }}
  for (const [at, [text, element, layer, boxes]] of shown.entries()) {{
    for (const [other, other_element, other_layer, other_boxes] of shown.slice(at + 1)) {{
      if (layer !== other_layer || element.contains(other_element) || other_element.contains(element)) continue
      for (const one of boxes) {{
        for (const two of other_boxes) {{
          const width = Math.min(one.right, two.right) - Math.max(one.left, two.left)
          const height = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top)
          if (width > 2 && height > 0.4 * Math.min(one.height, two.height)) {{
            found.push([text, "overlaps", other, Math.round(width)])
          }}
        }}
      }}
    }}
  }}
  const {{ scrollWidth }} = document.documentElement
  if (scrollWidth > innerWidth) found.push(["the page", "scrolls sideways", scrollWidth, innerWidth])
  return [...new Map(found.map((it) => [JSON.stringify(it), it])).values()]
}}
"""
"""Which texts are cut by what holds them, lie beyond the window or over each other."""

CONTROLS = """
() => {
  const roles = ["button", "tab", "slider", "application", "checkbox", "radio", "link", "img"]
  const named = "button, select, input, textarea, summary, a[href], " + roles.map((it) => `[role=${it}]`)
  const found = new Set()
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const { width, height } = element.getBoundingClientRect()
      if (element.matches(named) && width > 1 && height > 1
          && element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) {
        const labels = [...(element.labels ?? [])].map((it) => it.textContent).join(" ")
        const name = element.ariaLabel || labels || element.textContent || element.title
        const role = element.getAttribute("role") ?? element.type ?? element.localName
        found.add(`${role} ${name.replace(/\\s+/g, " ").replace(/[\\d.,%:]+/g, "0").trim()}`.slice(0, 80))
      }
      if (element.shadowRoot) visit(element.shadowRoot)
    }
  }
  visit(document)
  return [...found].sort()
}
"""
"""The controls that are shown, by role and name; numbers in names are left out."""


def misfits(lab: LabPage) -> Any:
    """Return which texts do not fit."""
    return lab.page.evaluate(MISFITS)
