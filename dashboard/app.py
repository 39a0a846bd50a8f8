"""The app as `panel serve` and `panel convert` run it: one window for one visitor."""

import panel as pn

from dashboard.session import open_window
from dashboard.upstream.model_defaults import cache_model_defaults

cache_model_defaults()
pn.extension()

open_window().page.servable(title="Inkling")
