"""The app as `panel serve` and `panel convert` run it: one window for one visitor."""

import panel as pn

from dashboard.session import open_window

pn.extension()

open_window().page.servable(title="Inkling")
