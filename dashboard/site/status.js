/* The line at the foot of the page: progress of the start, errors, and news of a newer site. */

const STATUS_STYLE = `
  .site-status, .site-news {
    position: fixed; left: 50%; bottom: 16px; transform: translateX(-50%); z-index: 10000;
    box-sizing: border-box; max-width: calc(100vw - 32px); padding: 8px 14px;
    display: flex; gap: 12px; align-items: center; border-radius: 8px;
    font: 14px/1.4 system-ui, sans-serif; color: #fff; background: #26303d;
    box-shadow: 0 2px 12px rgb(0 0 0 / 30%);
  }
  .site-status[hidden], .site-news[hidden] { display: none; }
  .site-news { bottom: 64px; }
  .site-status-error { background: #9f1d20; }
  .site-status progress { width: 120px; accent-color: #9db2ff; }
  .site-status progress[hidden] { display: none; }
  .site-status button, .site-news button {
    font: inherit; color: inherit; background: none; border: 1px solid; border-radius: 4px;
    cursor: pointer;
  }`;

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
    this.bar = makeBar("site-status");
    this.text = document.createElement("span");
    this.progress = document.createElement("progress");
    this.buttons = document.createElement("span");
    this.bar.append(this.text, this.progress, this.buttons);
    this.stage = "";
    const style = document.createElement("style");
    style.textContent = STATUS_STYLE;
    document.head.append(style);
    document.body.append(this.bar);
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
