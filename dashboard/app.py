"""The app as `panel serve` and `panel convert` run it: one window for one visitor."""

import panel as pn

from dashboard.quick_models import quicken_models
from dashboard.session import open_window

quicken_models()
pn.extension()

open_window().page.servable(title="Inkling")
