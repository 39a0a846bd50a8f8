// A figure that is a grid of cells, such as a confusion matrix or a sheet of pictures: a click chooses
// a cell; arrows go from cell to cell, each is announced, and Enter chooses it.
//
// Parts: the data source `cells`, whose column `label` says what each cell is, row by row; `cursor`, the
// cell that the keys are at; `columns`, the cells of a row, without it as many as there are rows;
// `name`, what the grid is; `answer`, a selector of the text that a choice changes; `pane`, the pane
// that a choice leads to, or "". The command is
//   choose   index   of the cell

import { CommandChannel, announce, announceText, componentOf, onChange, setColumns } from "./figure_component.js"



const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }

/**
 * Set up the grid, or choose the cell that was clicked.
 *
 * @param {object} parts the parts named above, with `figure` and `channel`
 * @param {object} cause the figure, or Bokeh's event of a tap, whose x and y are in units of the ranges
 */
export default (parts, cause, _data, { index }) => {
  const grid = componentOf(parts, index, (surface) => new CellGrid(parts, surface))
  if (["tap", "doubletap"].includes(cause.event_name)) {
    grid?.tap(cause)
  }
}

class CellGrid {
  constructor({ figure, channel, cells, cursor, columns, name, answer, pane }, surface) {
    Object.assign(this, { figure, cells, cursor, answer, pane })
    this.fixedColumns = columns
    this.channel = new CommandChannel(channel, 0, surface.signal)
    this.chosen = 0 // the index of the cell that the keys are at
    this.isFocused = false
    surface.label = name
    surface.onKey((event) => this.keyDown(event))
    surface.onFocus((visible) => this.focus(visible))
    onChange(cells.properties.data, () => this.showCursor(), surface.signal)
  }

  get labels() {
    return this.cells.data.label
  }

  get columns() {
    return this.fixedColumns ?? Math.max(1, Math.round(Math.sqrt(this.labels.length)))
  }

  /** Rows that there is room for. */
  get rows() {
    return Math.abs(this.figure.y_range.end - this.figure.y_range.start)
  }

  get isDownward() {
    return this.figure.y_range.start > this.figure.y_range.end
  }

  /** Choose a cell; return whether there is one of that index. */
  choose(index) {
    if (!(index >= 0 && index < this.labels.length)) {
      return false
    }
    this.chosen = index
    this.channel.send("choose", index)
    if (this.pane !== "") {
      document.getElementById(`tab-${this.pane}`)?.click()
    }
    return true
  }

  tap({ x, y }) {
    const [column, row] = [Math.floor(x), Math.floor(this.isDownward ? y : this.rows - y)]
    if (column >= 0 && column < this.columns) {
      this.choose(row * this.columns + column)
    }
  }

  // ---- Keys ------------------------------------------------------------------------------------

  focus(visible) {
    this.isFocused = visible
    this.showCursor()
    if (visible) {
      this.say()
    }
  }

  keyDown(event) {
    const { columns } = this
    if (event.key in ARROWS) {
      const [down, right] = ARROWS[event.key]
      const column = (this.chosen % columns) + right
      const next = this.chosen + down * columns + right
      if (column >= 0 && column < columns && next >= 0 && next < this.labels.length) {
        this.chosen = next
      }
    } else if (event.key === "Home" || event.key === "End") {
      this.chosen = event.key === "Home" ? 0 : Math.max(0, this.labels.length - 1)
    } else if (event.key === " " || event.key === "Enter") {
      if (this.choose(this.chosen)) {
        if (this.pane !== "") {
          document.getElementById("skip").click()
        } else {
          announceText(this.answer)
        }
      }
      return true
    } else {
      return false
    }
    this.isFocused = true
    this.showCursor()
    this.say()
    return true
  }

  say() {
    announce(this.labels[this.chosen] ?? gettext("Nothing to choose"))
  }

  showCursor() {
    this.chosen = Math.min(this.chosen, Math.max(0, this.labels.length - 1))
    const isShown = this.isFocused && this.labels.length > 0
    const row = Math.floor(this.chosen / this.columns)
    setColumns(this.cursor, {
      x: isShown ? [(this.chosen % this.columns) + 0.5] : [],
      y: isShown ? [this.isDownward ? row + 0.5 : this.rows - row - 0.5] : [],
    })
  }
}
