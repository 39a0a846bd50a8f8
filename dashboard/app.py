"""The app as `panel serve` and `panel convert` run it: the page of one visitor."""

import panel as pn

from dashboard.session import open_page
from dashboard.upstream.model_defaults import cache_model_defaults

cache_model_defaults()
pn.extension()
# The state of a session is changed in the event loop only; with threads (`panel serve
# --num-threads`) Panel would call the handlers of clicks somewhere else.
pn.config.nthreads = None

open_page().servable(title="Inkling")
