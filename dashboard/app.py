"""The app as `panel serve` and `panel convert` run it: the page of one visitor."""

import panel as pn
from bokeh.settings import settings

from dashboard.session import open_page
from dashboard.upstream.model_defaults import cache_model_defaults

cache_model_defaults()
# Searching the models of every new document for mistakes of ours is for tests; it costs each
# visitor 8 % of a document.
settings.perform_document_validation = False
# No other package extends Panel here; looking for one imports e-mail of the standard library.
pn.config.load_entry_points = False
# Signatures of Panel's classes are for completion in notebooks.
pn.extension(apply_signatures=False)
# The state of a session is changed in the event loop only; with threads (`panel serve
# --num-threads`) Panel would call the handlers of clicks somewhere else.
pn.config.nthreads = None

open_page().servable(title="Inkling")
