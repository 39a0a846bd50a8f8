/* Takes over what was drawn ahead of Python, so that nothing is drawn twice: where Python has made
 * the same document, its names are given to the models that are there, and its values set.
 *
 * What the build drew and what Python makes differ in every model's name and in a few values.
 */

/* Thrown where two documents have not the same form; the page is then drawn anew. */
class OtherForm extends Error {}

/* What is found while the JSON of two documents is compared, model by model. */
class Comparison {
  names = new Map(); // of the models: as drawn, as Python calls them
  changes = []; // [name, attribute, value] of what Python wants otherwise

  /* Some addresses are relative to the site in one and whole in the other. */
  constructor(site) {
    this.site = site;
  }

  compareModels(drawn, made) {
    if (drawn.name !== made.name || (this.names.get(drawn.id) ?? made.id) !== made.id) {
      throw new OtherForm(`${drawn.name} ${drawn.id} is not ${made.name} ${made.id}`);
    }
    this.names.set(drawn.id, made.id);
    const [before, after] = [drawn.attributes ?? {}, made.attributes ?? {}];
    for (const attribute of new Set([...Object.keys(before), ...Object.keys(after)])) {
      this.compareAttribute(made.id, attribute, before[attribute], after[attribute]);
    }
  }

  compareAttribute(name, attribute, before, after) {
    if (this.isSame(before, after)) return;
    if (after === undefined || holdsModels(before) || holdsModels(after)) {
      throw new OtherForm(`${attribute} of ${name} holds other models`);
    }
    this.changes.push([name, attribute, after]);
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

/* A model as it is first written out, with its attributes, or as it is referred to. */
function isModel(value) {
  return isObject(value) && typeof value.id === "string";
}

function holdsModels(value) {
  return isObject(value) && (isModel(value) || Object.values(value).some(holdsModels));
}

/* Makes the document that is shown Python's own. `drawn` is the JSON that it was made of, `made` that
 * of Python; false if they have not the same form, and then nothing has been changed. */
function adopt(shown, drawn, made, site) {
  const comparison = new Comparison(site);
  try {
    if (drawn.roots.length !== made.roots.length) throw new OtherForm("other roots");
    drawn.roots.forEach((root, i) => comparison.compareModels(root, made.roots[i]));
  } catch (error) {
    if (error instanceof OtherForm) return false;
    throw error;
  }
  // The settings of the document are no part of what is drawn.
  comparison.names.set(drawn.config.id, made.config.id);
  for (const model of shown._all_models.values()) {
    model.id = comparison.names.get(model.id) ?? model.id;
  }
  shown._recompute_all_models();
  const events = comparison.changes.map(([id, attr, value]) => (
    {kind: "ModelChanged", model: {id}, attr, new: value}
  ));
  shown.apply_json_patch({events});
  return true;
}
