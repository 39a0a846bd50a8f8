/* The first script of the page: starts the worker while everything else is still loading.
 *
 * `siteStart(options)` starts a worker and collects its events until page.js listens. The worker's
 * name holds what `Launch` in dashboard/sharing/links.py reads. Browsers refuse workers to pages
 * that were opened from a file; the page then says how to serve it.
 */

window.siteStart = (() => {
  if (location.protocol === "file:") {
    document.addEventListener("DOMContentLoaded", () => {
      document.documentElement.dataset.site = "failed";
      document.body.innerHTML = `
        <main style="display: block; max-width: 40rem; margin: 15vh auto; padding: 0 1rem">
          <h1>Inkling needs a web server</h1>
          <p>Browsers do not let a page run Python straight from a file. In the folder of this file
            (${decodeURI(location.pathname.replace(/[^/]*$/, "")).replaceAll("<", "&lt;")}) run</p>
          <pre><code>python3 -m http.server</code></pre>
          <p>and open <a href="http://localhost:8000/">http://localhost:8000/</a>. Any other server
            of static files does as well.</p>
        </main>`;
    });
    return null;
  }

  let tab = "";
  let releaseTab = () => {};

  /* Names this tab in all its loads. A lock of the name tells other tabs that this one is open,
   * before Python does it with a lock of its own. */
  function nameTab(name) {
    tab = name;
    try {
      sessionStorage["inkling-tab"] = name;
    } catch {
      // Storage may be forbidden.
    }
    releaseTab();
    const hold = () => new Promise((resolve) => { releaseTab = resolve; });
    const options = {mode: "shared"};
    navigator.locks?.request(`inkling-session ${name}.0`, options, hold).catch(() => {});
  }

  /* The name of this tab's last load. A tab that was duplicated has that of the original until
   * Python notices it and gives it another one. */
  function lastName() {
    try {
      return sessionStorage["inkling-tab"];
    } catch {
      return undefined;
    }
  }

  nameTab(lastName() ?? Math.random().toString(36).slice(2));
  document.documentElement.dataset.site = "loading"; // the style sheet shows what is not ready

  const start = (options) => {
    const launch = {search: location.search, tab, ...options};
    const worker = new Worker("worker.js", {name: JSON.stringify(launch)});
    const early = [];
    worker.onmessage = (event) => early.push(event);
    worker.onerror = (event) => early.push(event);
    return {worker, early};
  };
  /* Lets the next load of this tab continue without asking, as after a crash. */
  function resumeNext() {
    try {
      sessionStorage["inkling-resume"] = "1";
    } catch {
      // It then asks.
    }
  }

  function takeResume() {
    try {
      const resume = "inkling-resume" in sessionStorage;
      delete sessionStorage["inkling-resume"];
      return resume;
    } catch {
      return false;
    }
  }

  return Object.assign(start, {nameTab, resumeNext, first: start({resume: takeResume()})});
})();

window.siteFirst = window.siteStart?.first;
