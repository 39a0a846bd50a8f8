/* The line of the page that says how far the start is, what is wrong, and that there is a newer site.
 * It is in the first HTML, with status.css; this script follows it inline, so that it needs no other
 * file. */

function makeButton(label, press) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.addEventListener("click", press);
  return button;
}

class StatusLine {
  shown = null;

  /* `share` is between 0 and 1; without it the progress is indeterminate. */
  showProgress(text, share) {
    this.show({text, share: share ?? null, actions: []});
  }

  /* `actions` are pairs of a button's label and its click handler; `values` are for scripts, as
   * data-* attributes. */
  showError(text, actions, values = {}) {
    this.show({text, actions, values, isError: true});
  }

  show(shown) {
    this.shown = shown;
    this.draw();
  }

  draw() {
    const bar = document.querySelector(".site-status");
    const [line, progress, buttons] = bar.children;
    bar.hidden = this.shown === null;
    if (bar.hidden) return;
    const {text, share, actions, isError = false, values = {}} = this.shown;
    for (const name of ["file", "cause"]) bar.dataset[name] = values[name] ?? "";
    if (line.textContent !== text) line.textContent = text;
    bar.lang = language; // the page has it only when its texts have come
    progress.hidden = share === undefined;
    if (typeof share === "number") progress.value = share;
    else progress.removeAttribute("value");
    buttons.replaceChildren(...actions.map(([label, press]) => makeButton(label, press)));
    bar.classList.toggle("site-status-error", isError);
    bar.setAttribute("role", isError ? "alert" : "status");
  }

  get isError() {
    return this.shown?.isError === true;
  }

  hide() {
    this.show(null);
  }
}

function showNews(text, label, press) {
  const bar = document.createElement("div");
  bar.className = "site-news";
  bar.setAttribute("role", "status");
  bar.append(text, makeButton(label, press), makeButton(gettext("Later"), () => bar.remove()));
  document.body.append(bar);
  return bar;
}
