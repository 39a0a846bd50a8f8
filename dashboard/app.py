"""The app as `panel serve` and `panel convert` run it: the page of one visitor."""

import panel as pn

from dashboard.session import open_page
from dashboard.upstream.model_defaults import cache_model_defaults

cache_model_defaults()
pn.extension()

open_page().servable(title="Inkling")
