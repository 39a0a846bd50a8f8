/* A figure is laid out again after its size has changed, whoever notices the change first.
 *
 * Changes    `after_resize` of the view of Bokeh's LayoutDOM, the base of figures and columns
 *            (Bokeh 3.9); reason: correctness.
 * Why        When the browser tells a view of a new size, the view stores the boxes of all views in
 *            it, too, but lays them out only if its own box has changed. A figure in it, told next,
 *            finds its box as it is, and keeps the layout of before.
 * Measured   below a notice of two lines in Evaluate at 1280 × 800 the canvas of the figure was
 *            higher than its box, so that the label of its axis was cut; tests/ui/test_layout.py.
 * Upstream   no issue yet: "after_resize: children whose bbox an ancestor updated keep their layout".
 */

function layOutMissedResizes() {
  const {prototype} = Bokeh.require("models/layouts/layout_dom").LayoutDOMView;
  const {after_resize} = prototype;
  prototype.after_resize = function () {
    after_resize.call(this);
    if (this.layout == null || !this.is_displayed) return;
    const {width, height} = this.layout.bbox;
    if (Math.abs(this.bbox.width - width) >= 1 || Math.abs(this.bbox.height - height) >= 1) {
      this.compute_layout();
    }
  };
}

bokehPatches.push(layOutMissedResizes);
