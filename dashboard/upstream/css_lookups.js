/* A figure asks the browser only for those CSS variables that this app sets.
 *
 * Changes    `_get_css_value` of BokehJS's VisualProperties, which is private (Bokeh 3.9);
 *            reason: speed.
 * Why        Whenever a figure is painted, BokehJS looks up a CSS variable for every property of
 *            its lines, fills, hatches and texts, some 35 for a picture without axes. Nearly all are
 *            never set, and each look-up asks the browser for computed styles.
 * Measured   while a dot is drawn, answered and cleared, 49 look-ups instead of 238.
 * Upstream   no issue yet: "visuals: look CSS variables up once, not at every paint".
 */

const CSS_VARIABLES = new Set([
  "--bk-axis-label-text-color",
  "--bk-axis-label-text-font-size",
  "--bk-background-fill-color",
  "--bk-border-fill-color",
  "--bk-grid-line-color",
  "--bk-label-text-color",
  "--bk-major-label-text-color",
  "--bk-major-label-text-font-size",
  "--bk-text-color",
  "--bk-title-text-color",
  "--bk-title-text-font-size",
]);

function limitCssLookups() {
  const {prototype} = Bokeh.require("core/visuals/visual").VisualProperties;
  const lookUp = prototype._get_css_value;
  prototype._get_css_value = function (name) {
    return CSS_VARIABLES.has(this.css_prefix + name) ? lookUp.call(this, name) : "";
  };
}

bokehPatches.push(limitCssLookups);
