/* Keeps the prerendered document and gives it Python's model ids, instead of drawing a second one.
 *
 * Changes    the page of `panel convert`, which removes all views and draws Python's document anew
 *            (Panel 1.9.4; `_all_models` and `_recompute_all_models` of BokehJS 3.9.2 are private);
 *            reason: speed.
 * Why        The document of the build and the one that Python makes differ in the ids of models
 *            and in few values. To draw it anew blocks the page while the app is opened, the page
 *            flickers, and the focus and the scroll position are lost.
 * Measured   8 % less processor time of the page until it is ready (1.03 s instead of 1.12 s), and
 *            no flicker.
 * Upstream   https://github.com/holoviz/panel/issues/4492 (start-up time); no issue for this yet:
 *            "convert: hydrate the prerendered document".
 */

/* Thrown where two documents differ in structure; the page is then drawn anew. */
class StructureError extends Error {}

/* The differences between the JSON of two documents, model by model. */
class Comparison {
  ids = new Map(); // of the models: prerendered, Python's
  changes = []; // [id, attribute, value] where Python's value differs

  /* Some URLs are relative to the site in one and absolute in the other. */
  constructor(site) {
    this.site = site;
  }

  compareModels(drawn, made) {
    if (drawn.name !== made.name || (this.ids.get(drawn.id) ?? made.id) !== made.id) {
      throw new StructureError(`${drawn.name} ${drawn.id} is not ${made.name} ${made.id}`);
    }
    this.ids.set(drawn.id, made.id);
    const [before, after] = [drawn.attributes ?? {}, made.attributes ?? {}];
    for (const attribute of new Set([...Object.keys(before), ...Object.keys(after)])) {
      this.compareAttribute(made.id, attribute, before[attribute], after[attribute]);
    }
  }

  compareAttribute(id, attribute, before, after) {
    if (this.isSame(before, after)) return;
    if (after === undefined || holdsModels(before) || holdsModels(after)) {
      throw new StructureError(`${attribute} of ${id} holds other models`);
    }
    this.changes.push([id, attribute, after]);
  }

  isSame(before, after) {
    if (isModel(before) && isModel(after)) {
      this.compareModels(before, after);
      return true;
    }
    if (typeof before === "string" && this.site + before === after) return true;
    if (!isObject(before) || !isObject(after)) return before === after;
    const keys = Object.keys(before);
    return (
      Array.isArray(before) === Array.isArray(after) &&
      keys.length === Object.keys(after).length &&
      keys.every((key) => key in after && this.isSame(before[key], after[key]))
    );
  }
}

function isObject(value) {
  return typeof value === "object" && value !== null;
}

/* A model with its attributes, or a reference to one. */
function isModel(value) {
  return isObject(value) && typeof value.id === "string";
}

function holdsModels(value) {
  return isObject(value) && (isModel(value) || Object.values(value).some(holdsModels));
}

/* Gives the document that is shown the ids and values of Python's. `drawn` is the JSON that it was
 * made of, `made` Python's; returns false, and changes nothing, if their structures differ. */
function adopt(shown, drawn, made, site) {
  const comparison = new Comparison(site);
  try {
    if (drawn.roots.length !== made.roots.length) throw new StructureError("other roots");
    drawn.roots.forEach((root, i) => comparison.compareModels(root, made.roots[i]));
  } catch (error) {
    if (error instanceof StructureError) return false;
    throw error;
  }
  // The configuration of the document is not reached from its roots.
  comparison.ids.set(drawn.config.id, made.config.id);
  for (const model of shown._all_models.values()) {
    model.id = comparison.ids.get(model.id) ?? model.id;
  }
  shown._recompute_all_models();
  const events = comparison.changes.map(([id, attr, value]) => (
    {kind: "ModelChanged", model: {id}, attr, new: value}
  ));
  shown.apply_json_patch({events});
  return true;
}

/* Only the first worker finds the prerendered document. */
let isPrerendered = true;

/* Returns the prerendered document with Python's ids, or null if it cannot be used. */
function adoptPrerendered(made) {
  const [shown] = Bokeh.documents;
  const canAdopt = isPrerendered && Bokeh.documents.length === 1 && shown.is_idle;
  isPrerendered = false;
  if (!canAdopt) return null;
  const site = new URL("./", location.href).href;
  try {
    return adopt(shown, prerenderedDocument(), made, site) ? shown : null;
  } catch (error) {
    console.error("The prerendered document could not be used and is drawn anew.", error);
    return null;
  }
}
