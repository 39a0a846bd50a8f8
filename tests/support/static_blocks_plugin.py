"""A plugin of `panel serve` for the bench: the API's block files, by Tornado's own means."""

import os

from tornado.web import StaticFileHandler

ROUTES = [(r"/static-blocks/(.*)", StaticFileHandler, {"path": os.environ["INKLING_API_CACHE"]})]
