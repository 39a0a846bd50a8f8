"""The files that the start of the site needs: their sizes and checksums, in the page itself.

The first script of the page loads them, and can so say of each what is wrong with it.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.languages.text import gettext
from dashboard.site.languages import OTHERS, TABLE_FILES, first_texts
from dashboard.site.page import SITE_FILES
from dashboard.site.site_files import SiteError

SCRIPT_LINK = re.compile(r'[ \t]*<script[^>]* src="([^"]*)"[^>]*></script>\n?')
GZIP = b"\x1f\x8b"


def describe_file(name: str, content: bytes, media_type: str = "") -> dict[str, Any]:
    """Return a file as download.js knows it: name, size, SHA-256 sums, part of its media type.

    Some servers send compressed files so that the browser unpacks them: then there are two sums.
    """
    contents = [content]
    if content.startswith(GZIP):
        contents.append(zlib.decompress(content, wbits=31))
    described: dict[str, Any] = {
        "name": name,
        "bytes": len(content),
        "sums": [hashlib.sha256(one).hexdigest() for one in contents],
    }
    return {**described, "type": media_type} if media_type else described


def describe_files(files: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    """Return several files as `describe_file` does, by their names."""
    return {name: describe_file(name, content) for name, content in files.items()}


def list_start_files(html: str, site: Path) -> str:
    """Return the page with its script tags replaced by a list, from which its first script loads.

    Parameters
    ----------
    html
        The page, whose links are relative.
    site
        The folder with the files.

    Raises
    ------
    SiteError
        If the page is not one of `make_page`.
    """
    names = SCRIPT_LINK.findall(html)
    worker = (site / "worker.js").read_bytes()
    listed = {
        "scripts": [describe_file(name, (site / name).read_bytes()) for name in names],
        "worker": describe_file("worker.js", worker, "javascript"),
        "languages": {
            language.code: {
                **describe_file(name, (site / name).read_bytes()),
                "texts": first_texts(language),
            }
            for language, name in ((it, TABLE_FILES[it.code]) for it in OTHERS)
        },
        "sheets": {
            name: describe_file(name, path.read_bytes(), "css")
            for path in sorted(site.rglob("*.css"))
            for name in [path.relative_to(site).as_posix()]
        },
    }
    if html.count(SITE_FILES) != 1:
        raise SiteError(gettext("Expected {text} once in the page.", text=repr(SITE_FILES.strip())))
    html = SCRIPT_LINK.sub("", html)
    return html.replace(
        SITE_FILES, f"const siteFiles = {json.dumps(listed, ensure_ascii=False)};\n"
    )
