/* The line at the foot of the page: progress of the start, errors, and news of a newer site. It is in
 * the first HTML already, with status.css. */

function makeBar(className) {
  const bar = document.createElement("div");
  bar.className = className;
  bar.setAttribute("role", "status");
  bar.hidden = true;
  return bar;
}

function makeButton(label, press) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.addEventListener("click", press);
  return button;
}

class StatusLine {
  constructor() {
    this.bar = document.querySelector(".site-status");
    [this.text, this.progress, this.buttons] = this.bar.children;
    this.stage = "";
  }

  /* `share` is between 0 and 1; without it the progress is indeterminate. */
  showProgress(text, share) {
    this.show(text, []);
    this.bar.classList.remove("site-status-error");
    this.progress.hidden = false;
    if (share === undefined) this.progress.removeAttribute("value");
    else this.progress.value = share;
  }

  /* `actions` are pairs of a button's label and its click handler. */
  showError(text, actions) {
    this.show(text, actions);
    this.bar.classList.add("site-status-error");
    this.bar.setAttribute("role", "alert");
  }

  show(text, actions) {
    this.text.textContent = text;
    this.progress.hidden = true;
    this.buttons.replaceChildren(...actions.map(([label, press]) => makeButton(label, press)));
    this.bar.hidden = false;
  }

  get isError() {
    return !this.bar.hidden && this.bar.classList.contains("site-status-error");
  }

  hide() {
    this.bar.hidden = true;
    this.bar.classList.remove("site-status-error");
  }
}

function showNews(text, label, press) {
  const bar = makeBar("site-news");
  bar.append(text, makeButton(label, press), makeButton("Later", () => bar.remove()));
  bar.hidden = false;
  document.body.append(bar);
}
