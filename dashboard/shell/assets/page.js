// What the page does without Python: the colour theme, the panes, hidden parts, the link to the
// settings, the names of sliders, and the dialogs.

(() => {
  const saved_theme = (() => {
    try {
      return localStorage.getItem("inkling-theme")
    } catch {
      return null // storage may be forbidden; then the system's setting holds
    }
  })()

  function set_theme(theme) {
    document.documentElement.dataset.theme = theme
  }

  const system_is_dark = matchMedia("(prefers-color-scheme: dark)")
  set_theme(saved_theme ?? (system_is_dark.matches ? "dark" : "light"))

  // Canvases do not follow colour variables, so every Bokeh view has to repaint.
  function repaint_figures() {
    const visit = (view) => {
      if (typeof view.canvas_view?.repaint === "function" || view.model?.type === "Figure") {
        view.request_repaint?.()
      }
      for (const child of view.children?.() ?? []) {
        visit(child)
      }
    }
    for (const root of window.Bokeh?.index ?? []) {
      visit(root)
    }
  }

  // The panes. Which one is open is in the address (`?pane=spiral`) and in `html[data-pane]`;
  // Python gets the name through a model of the document, and makes the pane if it is new.
  const pane_names = document.documentElement.dataset.panes.trim().split(" ")

  function pane_in_address() {
    const name = new URLSearchParams(location.search).get("pane")
    return pane_names.includes(name) ? name : pane_names[0]
  }

  function show_pane(name) {
    document.documentElement.dataset.pane = name
    for (const tab of document.querySelectorAll("[role=tab]")) {
      const is_open = tab.dataset.pane === name
      tab.setAttribute("aria-selected", String(is_open))
      tab.tabIndex = is_open ? 0 : -1
    }
    send_pane()
  }

  function open_pane(name) {
    if (name === document.documentElement.dataset.pane) {
      return
    }
    const address = new URL(location.href)
    if (name === pane_names[0]) {
      address.searchParams.delete("pane")
    } else {
      address.searchParams.set("pane", name)
    }
    history.pushState({}, "", address)
    show_pane(name)
  }

  // Returns undefined until Python has started, which takes a few seconds in the browser runtime.
  function pane_carrier() {
    const site = document.documentElement.dataset.site ?? "ready"
    const found = (window.Bokeh?.documents ?? []).map((doc) => doc.get_model_by_name("inkling-pane"))
    const carrier = found.find((model) => model != null && Bokeh.index.find_one(model) != null)
    return site === "ready" ? carrier : undefined
  }

  let retry = null

  function send_pane() {
    clearTimeout(retry)
    const { pane, site } = document.documentElement.dataset
    const carrier = pane_carrier()
    if (carrier == null) {
      retry = site === "failed" ? null : setTimeout(send_pane, 100)
    } else if (carrier.tags[0] !== pane) {
      carrier.tags = [pane]
    }
  }

  function follow_key(event) {
    const names = pane_names
    const place = names.indexOf(document.documentElement.dataset.pane)
    const targets = {
      ArrowRight: (place + 1) % names.length,
      ArrowLeft: (place + names.length - 1) % names.length,
      Home: 0,
      End: names.length - 1,
    }
    if (event.key in targets) {
      event.preventDefault()
      open_pane(names[targets[event.key]])
      document.getElementById(`tab-${document.documentElement.dataset.pane}`).focus()
    }
  }

  // `?hide=charts,weights` hides parts of the page; the style sheet lists them.
  const hidden = new URLSearchParams(location.search).get("hide") ?? ""
  document.documentElement.dataset.hide = hidden.split(",").join(" ")

  // Python writes the query of every pane's link into a model of the document.
  function link_to_here() {
    const found = (window.Bokeh?.documents ?? []).map((doc) => doc.get_model_by_name("inkling-link"))
    const { pane } = document.documentElement.dataset
    const link = new URL(location.pathname, location.origin)
    link.search = (found.find((model) => model != null)?.tags ?? []).find(([name]) => name === pane)?.[1] ?? ""
    if (pane !== pane_names[0]) {
      link.searchParams.append("pane", pane)
    }
    const here = new URLSearchParams(location.search)
    for (const name of ["hide", "api"].filter((name) => here.has(name))) {
      link.searchParams.append(name, here.get(name))
    }
    return link.href
  }

  async function copy_link(event) {
    const link = link_to_here()
    try {
      await navigator.clipboard.writeText(link)
      const button = event.target
      button.textContent = "Copied"
      setTimeout(() => { button.textContent = "Copy link" }, 2000)
    } catch {
      // Some browsers, and pages without HTTPS, must not write to the clipboard.
      const text = document.getElementById("link-text")
      text.value = link
      document.getElementById("link").showModal()
      text.select()
    }
  }

  // Bokeh's sliders have a title, but it is not the accessible name of their handle.
  addEventListener("focusin", (event) => {
    const [handle] = event.composedPath()
    const title = handle.getRootNode().querySelector(".bk-slider-title")
    if (handle.matches(".noUi-handle") && title != null) {
      handle.ariaLabel = title.firstChild?.textContent.replace(/:\s*$/, "") ?? ""
    }
  })

  document.documentElement.dataset.pane = pane_in_address()
  addEventListener("popstate", () => show_pane(pane_in_address()))

  // A script of Panel fires this event a second time.
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").addEventListener("click", () => {
      const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark"
      set_theme(theme)
      repaint_figures()
      try {
        localStorage.setItem("inkling-theme", theme)
      } catch {
        // Without storage, the choice lasts until the page is closed.
      }
    })
    for (const tab of document.querySelectorAll("[role=tab]")) {
      tab.addEventListener("click", () => open_pane(tab.dataset.pane))
      tab.addEventListener("keydown", follow_key)
    }
    show_pane(pane_in_address())
    document.getElementById("link-copy").addEventListener("click", copy_link)
    const about = document.getElementById("about")
    document.getElementById("about-open").addEventListener("click", () => about.showModal())
    about.addEventListener("click", (event) => {
      if (event.target === about) {
        about.close()
      }
    })
  }, { once: true })
})()
