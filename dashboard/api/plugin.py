"""The Tornado routes that `panel serve --plugins dashboard.api.plugin` loads.

An invalid setting stops the server at its start; files and threads come with the first request.
"""

import panel as pn

from dashboard.api.log_format import prepare_logs
from dashboard.api.routes import tornado_routes
from dashboard.api.server import Server
from dashboard.api.settings import settings_from_environment
from dashboard.runtime import exempt_imports_from_collections
from dashboard.upstream.page_messages import guard_messages
from dashboard.upstream.page_requests import give_own_sessions
from dashboard.upstream.page_slices import make_pages_in_slices
from dashboard.visitors import Visitors
from data_cache import DataSet, load_data_set


def load(name: str) -> DataSet:
    """Return a data set by name, shared with the app's sessions through Panel's cache."""
    data_set: DataSet = pn.state.as_cached(f"data-set-{name}", load_data_set, name=name)
    return data_set


def visitors() -> Visitors:
    """Return the visitors of the page, whom its module counts."""
    from dashboard.session import visitors as find  # noqa: PLC0415 - with the first request

    return find()


SETTINGS = settings_from_environment()
prepare_logs(SETTINGS.token, SETTINGS.log_format)
guard_messages()
give_own_sessions()
make_pages_in_slices()
SERVER = Server(SETTINGS, load=load, visitors=visitors)
ROUTES = tornado_routes(SERVER)
exempt_imports_from_collections()
