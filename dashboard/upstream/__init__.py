"""Every change that Inkling makes to Panel, Bokeh, BokehJS and Pyodide, and the switch for them.

Read this table first; each patch is one file of this folder, whose docstring has the details. Files
in `site_build` are used while the static site is built and are not shipped to the browser.

The environment variable INKLING_UPSTREAM_PATCHES turns them off. It is read when the served app
starts; a site build stores it in the site. Its value is `on` (the default), `off`, or the names of
the patches to apply, separated by commas.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from dashboard.languages.text import gettext

VARIABLE = "INKLING_UPSTREAM_PATCHES"


@dataclass(frozen=True)
class Patch:
    """One change of a library that Inkling uses.

    Parameters
    ----------
    name
        The file of the patch in this folder, without its suffix; its last part names the patch.
    target
        The part of the library that is changed.
    versions
        The versions that it was written for and tested with.
    reason
        Whether it makes something faster, or something work that otherwise would not.
    gain
        What `make bench ARGS="--only upstream"` measured, or what goes wrong without the patch.
    issue
        The upstream issue, or the text for one.
    """

    name: str
    target: str
    versions: str
    reason: Literal["speed", "correctness"]
    gain: str
    issue: str


PATCHES = (
    Patch(
        "model_defaults", "bokeh.core.has_props", "Bokeh 3.9", "speed",
        "9 % of the start of Python, 29 % of a served document",
        "HasProps: cache stable defaults and _overridden_defaults per class",
    ),
    Patch(
        "template", "panel.template", "Panel 1.9", "speed",
        "23 % of the start of Python, 74 % of a served document",
        "BaseTemplate._init_doc: freeze document.models while roots are added",
    ),
    Patch(
        "model_search", "bokeh.document.models", "Bokeh 3.9", "speed",
        "53 % of the processor time in which one visitor opens all panes, and all others wait",
        "freeze: recompute at the end only if a change asked for it",
    ),
    Patch(
        "html_pane",
        "panel.pane.HTML",
        "Panel 1.9",
        "speed",
        "44 % of a redraw of the status",
        "ModelPane._update: set only the properties that the object determines",
    ),
    Patch(
        "served_messages", "bokeh.server.connection, panel.io.document", "Panel 1.9, Bokeh 3.9",
        "correctness",
        "no message refers to models that the page does not know; up to 40 ms less at answers",
        "server: set TCP_NODELAY on the websocket, and send the events of one lock together",
    ),
    Patch(
        "page_slices", "panel.io.application", "Panel 1.9, Bokeh 3.9", "correctness",
        "others wait 0.1 s at most for an answer instead of 0.9 s while pages are opened",
        "server: let initialize_document yield to the event loop",
    ),
    Patch(
        "page_messages", "bokeh.server.views.ws", "Bokeh 3.9", "correctness",
        "no client can replace its document, fill the memory with buffers, or flood the server",
        "server: limit the size and rate of a client's messages",
    ),
    Patch(
        "page_requests", "bokeh.server.views", "Bokeh 3.9", "correctness",
        "no link leads into the session of somebody else; odd requests have no traceback",
        "server: a setting to refuse session ids that clients have chosen",
    ),
    Patch(
        "busy_cleanup", "panel.io.state", "Panel 1.9", "correctness",
        "the first session of a process is freed, some 20 MB, when its page is closed",
        "state: start the periodic cleanup of busy events in an empty context",
    ),
    Patch(
        "garbage_collection", "panel.io.document", "Panel 1.9", "correctness",
        "garbage is collected also while sessions end all the time, and not after each of them",
        "destroy_document: a setting for the share of time that gc.collect may take",
    ),
    Patch(
        "document_cleanup", "bokeh.document.models, panel.viewable", "Panel 1.9, Bokeh 3.9",
        "speed",
        "82 % of the objects of a session that a collection of garbage must free (33,600 to 5,900)",
        "Model.destroy: clear unstable defaults and callbacks, too",
    ),
    Patch(
        "undrawn_controls", "bokehjs ControlView", "Bokeh 3.9", "correctness",
        "a setting that changes while its field is being made reaches the page, with what follows",
        "ControlView: changes before render() fail, as elements are undefined",
    ),
    Patch(
        "missed_resizes", "bokehjs LayoutDOMView", "Bokeh 3.9", "correctness",
        "the canvas of a figure has the size of its box also where an ancestor was resized first",
        "after_resize: children whose bbox an ancestor updated keep their layout",
    ),
    Patch(
        "css_lookups", "bokehjs VisualProperties", "Bokeh 3.9", "speed",
        "79 % of the CSS variables looked up as a dot is drawn, answered and cleared (238 to 49)",
        "visuals: look CSS variables up once, not at every paint",
    ),
    Patch(
        "unchanged_styles", "bokehjs InlineStyleSheet", "Bokeh 3.9", "speed",
        "69 % of the time for computing styles while MNIST trains with Inside open (49 to 15 ms/s)",
        "InlineStyleSheet: do not set textContent to the text that it has",
    ),
    Patch(
        "unused_models", "bokehjs Document", "Bokeh 3.9", "correctness",
        "the page forgets the fields and rows that were replaced while a network trains",
        "Document: do not postpone recompute_all_models for ever",
    ),
    Patch(
        "message_batching", "panel.io.pyodide", "Panel 1.9, Bokeh 3.9", "speed",
        "87 % of the time that Python takes for the messages of a redraw",
        "pyodide: batch the events of one event loop iteration in _link_docs_worker",
    ),
    Patch(
        "site_build/message_loop", "panel convert", "Panel 1.9.4", "correctness",
        "200 commands at intervals of 10 ms: all arrive in order, once; Panel's loop loses some",
        "pyodide-worker: patches are lost or applied twice while Python is busy",
    ),
    Patch(
        "site_build/adoption", "panel convert, BokehJS", "Panel 1.9.4, BokehJS 3.9.2", "speed",
        "8 % of the page's processor time until it is ready; no flicker",
        "convert: hydrate the prerendered document",
    ),
    Patch(
        "site_build/pyodide_loading", "loadPyodide", "Pyodide 0.28.3", "speed",
        "20 % of the time until Python and the packages are loaded",
        "loadPyodide: accept a compiled module and the bytes of the library",
    ),
    Patch(
        "site_build/memory_snapshot", "loadPyodide", "Pyodide 0.28.3", "speed",
        "60 % of the processor time of Python until the app's document",
        "https://github.com/pyodide/pyodide/issues/6418: snapshots with shared libraries",
    ),
    Patch(
        "site_build/module_finder", "sys.meta_path", "Pyodide 0.28.3", "speed",
        "5 % of the time until a drawn digit is predicted, with no garbage collection",
        "special to a bundle with a known list of files",
    ),
    Patch(
        "site_build/task_errors", "pyodide.webloop", "Pyodide 0.28.3", "correctness",
        "exceptions of tasks are reported within 0.1 s instead of at some later garbage collection",
        "WebLoop.set_task_factory fails: asyncio.tasks has no attribute _set_task_name",
    ),
    Patch(
        "site_build/file_limits", "bokehjs FileInput", "Bokeh 3.9", "correctness",
        "a file above the limit of its field gives a sentence instead of an error without one",
        "FileInput: a limit for the size of a file, compared before it is read",
    ),
    Patch(
        "site_build/page_scripts", "panel convert", "Panel 1.9.4", "speed",
        "5 % of the bytes of a first visit (0.7 of 14.7 MB)",
        "convert: bundle bokeh-gl, bokeh-mathjax and es-module-shims only on demand",
    ),
    Patch(
        "site_build/import_costs", "bokeh, panel, param", "Bokeh 3.9.2, Panel 1.9.4, param 2.4.2",
        "speed",
        "24 % of the start of Python",
        "see the comments at its changes",
    ),
)  # fmt: skip


def is_applied(name: str) -> bool:
    """Return whether the patch of that name is turned on.

    Raises
    ------
    ValueError
        If INKLING_UPSTREAM_PATCHES holds a name that no patch has.
    """
    value = os.environ.get(VARIABLE, "on").strip()
    if value in ("on", "off", ""):
        return value != "off"
    chosen = {part.strip() for part in value.split(",")}
    known = {patch.name.rpartition("/")[2] for patch in PATCHES}
    if not chosen <= known:
        raise ValueError(
            gettext(
                "Expected on, off or names out of {names} in the environment variable {variable}, "
                "found {found}.",
                names=", ".join(sorted(known)),
                variable=VARIABLE,
                found=", ".join(sorted(chosen - known)),
            )
        )
    return name in chosen
