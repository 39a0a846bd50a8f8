/* Files above the limit of their field are not read, but reported by their size.
 *
 * Changes    `load_files` of the view of Bokeh's FileInput (Bokeh 3.9); reason: correctness.
 * Why        The view reads any file as one text and hands it over. A text of more than half a
 *            gigabyte cannot be made, and Python in the worker has no memory for less.
 * Measured   A file of 600 MB gives a sentence at once instead of an error without one
 *            (tests/ui/test_samples_and_weights.py).
 * Upstream   no issue yet: "FileInput: a limit for the size of a file, compared before it is read".
 *
 * The tag {largest: bytes} of a field is its limit. A larger file arrives as a name with the type
 * "too-large/" and its bytes; see dashboard/shell/file_field.py.
 */

function limitFiles() {
  const view = Bokeh.Models.get("FileInput").prototype.default_view.prototype;
  const {load_files: readFiles} = view;
  view.load_files = async function (files) {
    const largest = this.model.tags.find((tag) => tag?.largest > 0)?.largest ?? Infinity;
    const tooLarge = [...files].find((file) => file.size > largest);
    if (tooLarge == null) {
      await readFiles.call(this, files);
      return;
    }
    const {name: filename, size} = tooLarge;
    this.input_el.value = ""; // the same file can be chosen again
    this.model.setv({value: "", filename, mime_type: `too-large/${size}`});
  };
}
