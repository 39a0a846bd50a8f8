/* A control that has not been drawn yet can be changed.
 *
 * Changes    `connect` of the view of Bokeh's Control, the base of buttons and fields (Bokeh 3.9,
 *            whose `_slots` is private); reason: correctness.
 * Why        The view follows its model as soon as it is made, but has elements only once it is
 *            drawn. A change between the two, of `disabled` or of a value, ends with a TypeError,
 *            and the changes that follow in the same message are lost.
 * Measured   tests/ui/test_settings_fields.py: such changes raise nothing.
 * Upstream   no issue yet: "ControlView: changes before render() fail, as elements are undefined".
 */

function allowUndrawnControls() {
  let button = Bokeh.Models.get("Button").prototype.default_view.prototype;
  while (!Object.hasOwn(button, "controls")) button = Object.getPrototypeOf(button);
  const control = Object.getPrototypeOf(button);
  const {connect} = control;
  control.connect = function (signal, slot) {
    if (this._slots.has(slot)) return connect.call(this, signal, slot);
    const follow = (...values) => {
      try {
        return slot.apply(this, values);
      } catch (error) {
        // What is drawn later is drawn with the value of then.
        if (this.shadow_el.hasChildNodes()) throw error;
        return undefined;
      }
    };
    const isNew = connect.call(this, signal, follow);
    this._slots.set(slot, this._slots.get(follow)); // by which it is disconnected
    return isNew;
  };
}

bokehPatches.push(allowUndrawnControls);
