"""Models and components of an ended session that are freed without a collection of garbage.

- **Changes**: `DocumentModelManager.destroy` (Bokeh 3.9), and the watchers of Panel's components
  (Panel 1.9, param 2.4) after a session.
- **Why**: Bokeh clears the values of the models of a document that is destroyed, but neither their
  defaults nor their callbacks, and Panel keeps all watchers; they lead back to their objects, so
  only a collection of garbage frees them, which stops all threads meanwhile.
- **Measured**: `tests/dashboard/upstream/test_document_cleanup.py`; 5,900 instead of 33,600 objects
  of a session are left to the collection.
- **Upstream**: no issue yet: "Model.destroy: clear unstable defaults and callbacks, too".
"""

from __future__ import annotations

from typing import Any

import param
from bokeh.document.models import DocumentModelManager
from panel.pane.base import PaneBase

from dashboard.upstream import is_applied

_destroy_as_bokeh = DocumentModelManager.destroy


def free_models_at_once() -> None:
    """Apply the patch to this process, unless it is turned off."""
    if is_applied("document_cleanup"):
        DocumentModelManager.destroy = _destroy


def _destroy(manager: DocumentModelManager) -> None:
    """Destroy the models of a document, and clear what refers to them."""
    models = list(manager)
    _destroy_as_bokeh(manager)
    manager._new_models.clear()
    for model in models:
        model._unstable_default_values.clear()
        model._unstable_themed_values.clear()
        model._callbacks.clear()
        model._event_callbacks.clear()


def free_components(template: Any, *states: param.Parameterized) -> None:
    """Remove the watchers of what a session showed, each of which leads back to its object.

    Parameters
    ----------
    template
        The page of a session that has ended, as Panel serves it.
    states
        What its components follow.
    """
    if not is_applied("document_cleanup"):
        return
    components = [template, *template.select()]
    # The row in which a pane would be shown alone.
    components += [component.layout for component in components if isinstance(component, PaneBase)]
    for component in components:
        component._param__private.values = {}
        component._internal_callbacks = []
    for component in (*components, *states):
        private = component._param__private
        private.watchers = {}
        private.dynamic_watchers.clear()
        private.ref_watchers.clear()
        private.params.clear()
