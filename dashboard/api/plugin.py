"""What `panel serve --plugins dashboard.api.plugin` loads: the API's routes for this process.

Settings that make no sense end the start of the server with a sentence; nothing else happens yet.
"""

import panel as pn

from dashboard.api.routes import tornado_routes
from dashboard.api.server import Server
from dashboard.api.settings import settings_from_environment
from data_cache import DataSet, load_data_set


def load(name: str) -> DataSet:
    """Load a data set, or share the one that the app's sessions use already."""
    data_set: DataSet = pn.state.as_cached(f"data-set-{name}", load_data_set, name=name)
    return data_set


SERVER = Server(settings_from_environment(), load=load)
ROUTES = tornado_routes(SERVER)
