"""Panel's template without two things that took it most of its time: half the start in a browser.

What it builds is the same document; only the work that nobody sees is left out.
"""

from __future__ import annotations

from typing import Any

import panel as pn
from bokeh.document import Document
from panel.io.document import init_doc


class QuickTemplate(pn.Template):
    """A page's template that is filled and opened in a fraction of the time."""

    def __repr__(self) -> str:
        # Panel formats the whole template for a log line with every part that is added.
        return f"{type(self).__name__}({', '.join(self._render_items)})"

    def _init_doc(self, doc: Document | None = None, *arguments: Any, **options: Any) -> Document:
        """Put all parts into the document and look for the models in them once, at the end.

        Left alone, Bokeh searches all parts so far again after each one.
        """
        document = init_doc(doc or pn.state.curdoc)
        with document.models.freeze(), pn.config.set(design=self.design):
            return super()._init_doc(document, *arguments, **options)
