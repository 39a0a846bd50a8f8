// What the page does by itself, before and beside Python: light and dark, and the About window.

(() => {
  const saved_theme = (() => {
    try {
      return localStorage.getItem("inkling-theme")
    } catch {
      return null // storage may be forbidden; the system's choice then holds
    }
  })()

  function set_theme(theme) {
    document.documentElement.dataset.theme = theme
  }

  const system_is_dark = matchMedia("(prefers-color-scheme: dark)")
  set_theme(saved_theme ?? (system_is_dark.matches ? "dark" : "light"))

  // Canvases do not notice that a colour variable changed; every Bokeh view below has to repaint.
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

  // A script that Panel brings along fires this event once more.
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").addEventListener("click", () => {
      const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark"
      set_theme(theme)
      repaint_figures()
      try {
        localStorage.setItem("inkling-theme", theme)
      } catch {
        // The choice then lasts as long as the page.
      }
    })
    const about = document.getElementById("about")
    document.getElementById("about-open").addEventListener("click", () => about.showModal())
    about.addEventListener("click", (event) => {
      if (event.target === about) {
        about.close()
      }
    })
  }, { once: true })
})()
