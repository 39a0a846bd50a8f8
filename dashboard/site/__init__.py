"""Builds the static site: a folder of files in which Python runs in a web worker.

It runs on the developer's machine and is not part of what it builds.
"""

from dashboard.site.build import build_site
from dashboard.site.site_files import SiteError

__all__ = ["SiteError", "build_site"]
