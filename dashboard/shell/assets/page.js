// What the page does without Python: the colour theme, the panes and their panels, the drawer of
// the settings, hidden parts, the presentation mode, the link to the settings, and the
// dialogs.

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

  tidy_address()

  const root = document.documentElement
  const address_has = (name) => new URLSearchParams(location.search).get(name)

  function store(key, value) {
    try {
      sessionStorage.setItem(key, value)
    } catch {
      // Without storage, the choice lasts until the page is closed.
    }
  }

  function stored(key) {
    try {
      return sessionStorage.getItem(key)
    } catch {
      return null
    }
  }

  // Writes a parameter of the address, or removes it.
  function write_address(name, value, method = "replaceState") {
    const address = new URL(location.href)
    if (value == null) {
      address.searchParams.delete(name)
    } else {
      address.searchParams.set(name, value)
    }
    history[method]({}, "", address)
  }

  // The arrow keys, Home and End move between the tabs of a list.
  function follow_keys(list, open) {
    list.addEventListener("keydown", (event) => {
      const tabs = [...list.querySelectorAll("[role=tab]")].filter((tab) => tab.offsetParent != null)
      const place = tabs.indexOf(document.activeElement)
      const targets = {
        ArrowRight: (place + 1) % tabs.length,
        ArrowLeft: (place + tabs.length - 1) % tabs.length,
        Home: 0,
        End: tabs.length - 1,
      }
      if (place >= 0 && event.key in targets) {
        event.preventDefault()
        const tab = tabs[targets[event.key]]
        open(tab)
        tab.focus()
      }
    })
  }

  function select_tab(tabs, is_open) {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(is_open(tab)))
      tab.tabIndex = is_open(tab) ? 0 : -1
    }
  }

  // Python's models that hear of a choice of the page; see `tabs.py`. Their names, and what they
  // are to hold in `tags`; undefined where they are to stay as they are.
  const choices = {
    "inkling-pane": () => root.dataset.pane,
    "inkling-panel": () => chosen_panel,
    "inkling-settings": () => pane_with_settings,
    "inkling-lesson": () => asked_lesson,
    "inkling-motion": () => motion,
  }

  // Charts are redrawn twice a second at most for a person who prefers reduced motion.
  const reduced_motion = matchMedia("(prefers-reduced-motion: reduce)")
  let motion = reduced_motion.matches ? "reduced" : undefined
  reduced_motion.addEventListener("change", () => {
    motion = reduced_motion.matches ? "reduced" : "full"
    send_choices()
  })

  // Returns undefined until Python has started, which takes a few seconds in the browser runtime.
  function find_model(name) {
    const site = root.dataset.site ?? "ready"
    const found = (window.Bokeh?.documents ?? []).map((doc) => doc.get_model_by_name(name))
    const model = found.find((model) => model != null && Bokeh.index.find_one(model) != null)
    return site === "ready" ? model : undefined
  }

  let retry = null

  function send_choices() {
    clearTimeout(retry)
    for (const [name, choice] of Object.entries(choices)) {
      const model = choice() === undefined ? null : find_model(name)
      if (model === undefined) {
        retry = root.dataset.site === "failed" ? null : setTimeout(send_choices, 100)
      } else if (model != null && model.tags[0] !== choice()) {
        model.tags = [choice()]
      }
    }
  }

  // The panes. Which one is open is in the address (`?pane=spiral`) and in `html[data-pane]`;
  // Python gets the name through a model of the document, and makes the pane if it is new.
  const pane_names = root.dataset.panes.trim().split(" ")

  function pane_in_address() {
    const name = address_has("pane")
    return pane_names.includes(name) ? name : pane_names[0]
  }

  function show_pane(name) {
    root.dataset.pane = name
    select_tab(document.querySelectorAll(".panes [role=tab]"), (tab) => tab.dataset.pane === name)
    const tab = document.getElementById(`tab-${name}`)
    document.getElementById("sheet-inside").textContent = tab.dataset.inside
    show_settings(stored(`inkling-settings-${name}`) === "open")
    show_sheet()
    send_choices()
  }

  function open_pane(name) {
    if (name !== root.dataset.pane) {
      write_address("pane", name === pane_names[0] ? null : name, "pushState")
      show_pane(name)
    }
  }

  // The buttons of a table that Python writes: `data-sends` names the model that hears of a click,
  // `data-do` is the command, `data-run` the run.
  addEventListener("click", (event) => {
    const path = event.composedPath().filter((node) => node instanceof Element)
    const button = path.find((node) => node.matches("[data-do]"))
    const name = button?.closest("[data-sends]")?.dataset.sends
    const model = name == null ? null : find_model(name)
    if (model != null) {
      const state = button.getAttribute("aria-pressed") === "true" ? 0 : 1
      model.tags = [Date.now(), button.dataset.do, Number(button.dataset.run), state]
    }
  })

  // The panels inside a pane (`?inside=why`). A choice is sent to Python as that of a pane is; a
  // choice by Python arrives as the event "inkling-panel".
  let chosen_panel

  function panels_of_page() {
    return [...document.querySelectorAll(".panels [role=tab]")]
  }

  function show_panel(name) {
    const tabs = panels_of_page()
    const chosen = tabs.find((tab) => tab.dataset.panel === name)
    if (chosen != null) {
      select_tab(tabs, (tab) => tab === chosen)
      const panel = document.getElementById(chosen.getAttribute("aria-controls"))
      panel.setAttribute("aria-labelledby", chosen.id)
    }
    return chosen != null
  }

  function open_panel(name) {
    if (show_panel(name)) {
      chosen_panel = name
      write_address("inside", name === panels_of_page()[0].dataset.panel ? null : name)
      send_choices()
    }
  }

  addEventListener("inkling-panel", (event) => {
    if (event.detail != null && event.detail !== chosen_panel && show_panel(event.detail)) {
      chosen_panel = event.detail
    }
  })

  // Lessons: a column beside the pane, on a narrow page one of the sheets. What the address names is
  // asked of Python once, which then tells with the event "inkling-lesson" which one is open.
  const lesson_keys = ["lesson", "lesson-text", "task-text", "step", "done", "answer"]
  let asked_lesson
  let shown_step = ""

  function lesson_in_address() {
    const query = new URLSearchParams()
    for (const key of lesson_keys.filter((key) => address_has(key) != null)) {
      query.append(key, address_has(key))
    }
    return [...query.keys()].some((key) => /^lesson|^task/.test(key)) ? query.toString() : ""
  }

  function open_lessons(is_open) {
    root.dataset.lessons = is_open ? "open" : "closed"
    document.getElementById("lessons-open").setAttribute("aria-expanded", String(is_open))
    if (is_open) {
      asked_lesson ??= lesson_in_address()
      send_choices()
    } else {
      for (const key of lesson_keys) {
        write_address(key, null)
      }
    }
    show_sheet(is_open ? "lessons" : "inside")
  }

  function press_lessons(is_open) {
    open_lessons(is_open)
    document.getElementById(is_open ? "lessons" : "lessons-open").focus()
  }

  addEventListener("inkling-lesson", (event) => {
    const { query, pane } = event.detail
    const told = new URLSearchParams(query)
    const step = ["lesson", "lesson-text", "task-text", "step"].map((key) => told.get(key)).join()
    const is_other = step !== shown_step
    shown_step = step
    for (const key of lesson_keys) {
      write_address(key, told.get(key))
    }
    if (root.dataset.lessons !== "open") {
      asked_lesson ??= query
      open_lessons(true)
    }
    if (!is_other) {
      return
    }
    if (pane !== "") {
      open_pane(pane)
      show_sheet("lessons")
    }
    document.getElementById("lessons").scrollTo(0, 0)
    if (is_narrow.matches) {
      document.getElementById("lessons").scrollIntoView()
    }
  })

  function press_key_in_lesson(event) {
    const step = { ArrowRight: "next", ArrowLeft: "back" }[event.key]
    const [target] = event.composedPath()
    const is_plain = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey
    const model = step == null ? null : find_model("inkling-lesson-commands")
    if (model != null && is_plain && !/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) {
      event.preventDefault()
      model.tags = [Date.now(), step, 0, 0]
    }
  }

  // A button that was pressed may be gone when Python has answered; the lesson keeps the focus.
  function click_in_lesson(event) {
    const path = event.composedPath().filter((node) => node instanceof Element)
    if (path.some((node) => node.matches("[data-prints]"))) {
      print()
    } else if (path.some((node) => node.matches("[data-copies]"))) {
      const text = path[0].getRootNode().querySelector(".result")
      text.select()
      navigator.clipboard?.writeText(text.value).catch(() => document.execCommand("copy"))
    } else if (path.some((node) => node.matches("[data-do]"))) {
      document.getElementById("lessons").focus({ preventScroll: true })
    }
  }

  // All other settings: a drawer, which every pane has open or closed; on a narrow page one of
  // three sheets, of which one is open.
  const is_narrow = matchMedia("(max-width: 999px)")

  // The pane whose settings were opened last: Python makes them when they are opened first.
  let pane_with_settings

  function make_settings() {
    pane_with_settings = root.dataset.pane
    send_choices()
  }

  function settings_button() {
    return document.getElementById("sheet-settings")
  }

  function show_settings(is_open) {
    root.dataset.settings = is_open ? "open" : "closed"
    if (is_open) {
      make_settings()
    }
    if (!is_narrow.matches) {
      settings_button().setAttribute("aria-expanded", String(is_open))
    }
  }

  function open_settings(is_open) {
    store(`inkling-settings-${root.dataset.pane}`, is_open ? "open" : "closed")
    show_settings(is_open)
    if (!is_open) {
      settings_button().focus()
    }
  }

  let wanted_sheet = "inside"

  // Show the wanted sheet, or the first one where it is hidden or the pane has none of that name.
  function show_sheet(name = wanted_sheet) {
    wanted_sheet = name
    const tabs = [...document.querySelectorAll(".sheets button")]
    const can_open = (tab) => tab.getClientRects().length > 0
    const wanted = tabs.find((tab) => tab.dataset.sheet === name)
    const open = can_open(wanted) ? wanted : (tabs.find(can_open) ?? wanted)
    root.dataset.sheet = open.dataset.sheet
    if (is_narrow.matches && open.dataset.sheet === "settings") {
      make_settings()
    }
    if (is_narrow.matches) {
      select_tab(tabs, (tab) => tab === open)
    }
  }

  // On a narrow page the button of the settings is one of the tabs.
  function set_roles() {
    const [list, button] = [document.querySelector(".sheets"), settings_button()]
    for (const tab of list.querySelectorAll("button")) {
      const [set, unset] = is_narrow.matches ? ["role", "aria-expanded"] : ["aria-expanded", "role"]
      tab.removeAttribute(unset)
      tab.removeAttribute("aria-selected")
      tab.removeAttribute("tabindex")
      if (set === "role") {
        tab.setAttribute("role", "tab")
      }
    }
    if (is_narrow.matches) {
      list.setAttribute("role", "tablist")
      list.setAttribute("aria-label", list.parentElement.getAttribute("aria-label"))
    } else {
      list.removeAttribute("role")
      list.removeAttribute("aria-label")
    }
    button.textContent = is_narrow.matches ? gettext("Settings") : gettext("All settings")
    show_settings(root.dataset.settings === "open")
    show_sheet()
  }

  function press_settings() {
    if (is_narrow.matches) {
      show_sheet("settings")
    } else {
      open_settings(root.dataset.settings !== "open")
    }
  }

  // Presentation mode (`?present=1`): large type for a projector, without settings.
  function present(is_on) {
    root.toggleAttribute("data-present", is_on)
    document.getElementById("present").setAttribute("aria-pressed", String(is_on))
    document.getElementById("present").textContent = is_on ? gettext("End presentation") : gettext("Present")
    show_sheet()
    repaint_figures()
  }

  function switch_presentation() {
    const is_on = !root.hasAttribute("data-present")
    write_address("present", is_on ? "1" : null)
    present(is_on)
  }

  function show_actions(is_open) {
    document.getElementById("more").setAttribute("aria-expanded", String(is_open))
  }

  // Escape closes what lies above the page, the topmost first.
  function escape(event) {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) {
      return
    }
    const more = document.getElementById("more")
    if (more.getAttribute("aria-expanded") === "true") {
      show_actions(false)
      more.focus()
    } else if (!is_narrow.matches && root.dataset.settings === "open" && !root.hasAttribute("data-present")) {
      open_settings(false)
    } else if (root.hasAttribute("data-present")) {
      switch_presentation()
    }
  }

  // `?hide=charts,weights` hides parts of the page; the style sheet lists them.
  const hidden = new URLSearchParams(location.search).get("hide") ?? ""
  document.documentElement.dataset.hide = hidden.split(",").join(" ")

  // Python writes the query of every pane's link into a model of the document.
  // What a link to this page contains, and sentences on what it does not.
  function link_to_here() {
    const found = (window.Bokeh?.documents ?? []).map((doc) => doc.get_model_by_name("inkling-link"))
    const links = found.find((model) => model != null)?.tags ?? []
    const { pane } = document.documentElement.dataset
    const link = new URL(location.pathname, location.origin)
    // A pane without settings of its own shows the model of the first one.
    const [, query, missing] = [pane, pane_names[0]]
      .map((wanted) => links.find(([name]) => name === wanted))
      .find((entry) => entry != null) ?? [pane, "", ""]
    const here = new URLSearchParams(location.search)
    const view = new URLSearchParams()
    if (pane !== pane_names[0]) {
      view.append("pane", pane)
    }
    for (const name of ["inside", "hide", "present", "api", ...lesson_keys.slice(0, 4)].filter((name) => here.has(name))) {
      view.append(name, here.get(name))
    }
    // The check at the end shows whether a link was cut, so that nothing may come after it.
    const [version, ...settings] = query.split("&")
    link.search = [version, view.toString(), ...settings].filter((part) => part !== "").join("&")
    return { link: link.href, missing }
  }

  // Some browsers, and pages without HTTPS, must not write to the clipboard.
  async function copy_text(text) {
    try {
      await navigator.clipboard.writeText(text)
    } catch {
      return false
    }
    return true
  }

  // A text that Python made after a click. Where the browser refuses to copy it, a dialog shows it,
  // with a button whose click copies it.
  async function copy_from_python({ detail: { text, title } }) {
    if (await copy_text(text)) {
      tell_of_copy()
      return
    }
    const field = document.getElementById("copy-text")
    field.value = text
    document.getElementById("copy-title").textContent = title
    document.getElementById("copy").showModal()
    field.select()
  }

  async function copy_from_dialog() {
    const field = document.getElementById("copy-text")
    field.select()
    if (await copy_text(field.value) || document.execCommand("copy")) {
      document.getElementById("copy").close()
      tell_of_copy()
    }
  }

  function tell_of_copy() {
    const model = find_model("inkling-copied")
    if (model != null) {
      model.tags = [Date.now()]
    }
  }

  async function copy_link(event) {
    const { link, missing } = link_to_here()
    const is_copied = await copy_text(link)
    if (is_copied) {
      const button = event.target
      button.textContent = gettext("Copied")
      setTimeout(() => { button.textContent = gettext("Copy link") }, 2000)
    }
    if (is_copied && missing === "") {
      return
    }
    const text = document.getElementById("link-text")
    text.value = link
    document.getElementById("link-title").textContent = is_copied ? gettext("The link is copied") : gettext("A link to these settings")
    document.getElementById("link-missing").textContent = missing
    const file = document.getElementById("link-file")
    file.hidden = missing === ""
    document.getElementById("link").showModal()
    text.select()
  }

  // Python makes a file of all work, which the autosave can restore.
  function save_file() {
    const model = find_model("inkling-work-file")
    if (model != null) {
      model.tags = [Date.now()]
    }
  }

  // Mail programs write "&amp;" and whole addresses in percent-encoding; Python reads the settings
  // of such a link by itself, and this page what concerns the page.
  function tidy_address() {
    let search = location.search.replace(/&(amp;|#38;)+/gi, "&")
    if (/^\?[^=]*%3d/i.test(search)) {
      try {
        search = decodeURIComponent(search)
      } catch {
        return // the percent signs are other ones
      }
    }
    const tidied = search.replace(/([?&])(pane|inside|hide|present|lesson|step|lang)=([^&]*)/gi,
      (_whole, mark, name, value) => `${mark}${name.toLowerCase()}=${value.toLowerCase()}`)
    if (tidied !== location.search) {
      history.replaceState(history.state, "", tidied + location.hash)
    }
  }

  // Another language: the page is loaded again in it, and continues with the work.
  function choose_language(code) {
    try {
      const folder = new URL(".", location.href).pathname
      document.cookie = `inkling-language=${code}; path=${folder}; max-age=31536000; SameSite=Lax`
    } catch {
      // Without cookies, the choice lasts as long as the address is kept.
    }
    write_address("lang", code)
    window.siteStart?.resumeNext()
    location.reload()
  }

  // Bokeh puts the help of a field at its right, where the window may end; below and above a field
  // it keeps the help inside the window. For screen readers the help is the description of its field.
  // No other event leaves a shadow root when the mouse comes from another element in it.
  let helped = null
  addEventListener("mousemove", (event) => {
    const mark = event.composedPath().find((part) => part.classList?.contains("bk-description"))
    const is_same = mark === helped
    helped = mark
    if (mark == null || is_same) {
      return
    }
    const is_high = mark.getBoundingClientRect().top < innerHeight / 2
    const place = is_high ? { attachment: "below", position: "bottom_center" } : { attachment: "above", position: "top_center" }
    for (const view of Bokeh.index.query((view) => view.model.type === "Tooltip" && view.target === mark)) {
      view.model.setv(place)
      view.el.ariaHidden = "true"
    }
  }, true)

  root.dataset.pane = pane_in_address()
  root.dataset.sheet = "inside"
  root.toggleAttribute("data-present", (address_has("present") ?? "0") !== "0")
  addEventListener("popstate", () => show_pane(pane_in_address()))
  addEventListener("keydown", escape)

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
    document.getElementById("language").addEventListener("change", (event) => choose_language(event.target.value))
    const panes = document.querySelector(".panes")
    for (const tab of panes.querySelectorAll("[role=tab]")) {
      tab.addEventListener("click", () => open_pane(tab.dataset.pane))
    }
    follow_keys(panes, (tab) => open_pane(tab.dataset.pane))
    for (const list of document.querySelectorAll(".panels")) {
      for (const tab of list.querySelectorAll("[role=tab]")) {
        tab.addEventListener("click", () => open_panel(tab.dataset.panel))
      }
      follow_keys(list, (tab) => open_panel(tab.dataset.panel))
    }
    const sheets = document.querySelector(".sheets")
    for (const tab of sheets.querySelectorAll("button:not(#sheet-settings)")) {
      tab.addEventListener("click", () => show_sheet(tab.dataset.sheet))
    }
    follow_keys(sheets, (tab) => show_sheet(tab.dataset.sheet))
    settings_button().addEventListener("click", press_settings)
    for (const button of document.querySelectorAll(".settings-close")) {
      button.addEventListener("click", () => open_settings(false))
    }
    is_narrow.addEventListener("change", set_roles)
    document.getElementById("present").addEventListener("click", switch_presentation)
    document.getElementById("lessons-open").addEventListener("click", () => press_lessons(root.dataset.lessons !== "open"))
    document.getElementById("lessons-close").addEventListener("click", () => press_lessons(false))
    document.getElementById("lessons").addEventListener("keydown", press_key_in_lesson)
    document.getElementById("lessons").addEventListener("click", click_in_lesson)
    const more = document.getElementById("more")
    more.addEventListener("click", () => show_actions(more.getAttribute("aria-expanded") !== "true"))
    document.addEventListener("click", (event) => {
      if (event.target !== more) {
        show_actions(false)
      }
    })
    set_roles()
    show_pane(pane_in_address())
    present(root.hasAttribute("data-present"))
    if (lesson_in_address() !== "") {
      open_lessons(true)
    }
    if (address_has("inside") != null) {
      open_panel(address_has("inside"))
    }
    document.getElementById("link-copy").addEventListener("click", copy_link)
    document.getElementById("link-file").addEventListener("click", save_file)
    addEventListener("inkling-copy", copy_from_python)
    document.getElementById("copy-again").addEventListener("click", copy_from_dialog)
    document.getElementById("copy").addEventListener("close", () => {
      document.getElementById("copy-text").value = ""
    })
    // Not a form: the sandbox of a frame may refuse all of them.
    for (const button of document.querySelectorAll(".dialog-close")) {
      button.addEventListener("click", () => button.closest("dialog").close())
    }
    const about = document.getElementById("about")
    document.getElementById("about-open").addEventListener("click", () => about.showModal())
    about.addEventListener("click", (event) => {
      if (event.target === about) {
        about.close()
      }
    })
  }, { once: true })
})()
