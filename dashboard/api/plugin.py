"""The Tornado routes that `panel serve --plugins dashboard.api.plugin` loads.

An invalid setting stops the server at its start; files and threads come with the first request.
"""

import panel as pn

from dashboard.api.routes import tornado_routes
from dashboard.api.server import Server
from dashboard.api.settings import settings_from_environment
from dashboard.upstream.page_messages import guard_messages
from dashboard.upstream.page_slices import make_pages_in_slices
from data_cache import DataSet, load_data_set


def load(name: str) -> DataSet:
    """Return a data set by name, shared with the app's sessions through Panel's cache."""
    data_set: DataSet = pn.state.as_cached(f"data-set-{name}", load_data_set, name=name)
    return data_set


guard_messages()
make_pages_in_slices()
SERVER = Server(settings_from_environment(), load=load)
ROUTES = tornado_routes(SERVER)
