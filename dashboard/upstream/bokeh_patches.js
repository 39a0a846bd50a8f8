/* Applies those patches of BokehJS, in the scripts between, that are turned on. */

function applyBokehPatches() {
  for (const patch of bokehPatches) patch();
}

// The served page loads BokehJS before it is parsed; the site calls this when all scripts are there.
// A script of Panel fires this event a second time.
document.addEventListener("DOMContentLoaded", () => {
  if (!("siteStart" in window)) applyBokehPatches();
}, {once: true});
