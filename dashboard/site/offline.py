"""Writes what makes the site installable, usable without a network, and verifiable.

That is the web app's manifest with its icons, the service worker, and the list of all files.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.shell import read_asset
from dashboard.site.headers import HEADERS, NGINX
from dashboard.site.icons import icon_png
from dashboard.site.page import read_script
from dashboard.site.site_files import checksums

SERVICE_WORKER = "service-worker.js"
BUILD_MANIFEST = "build-manifest.json"
WEB_MANIFEST = "app.webmanifest"
ICON_SIZES = (192, 512)
# Blocks are cached when they are first fetched; their manifest belongs to the build.
BLOCKS = "data/blocks/"


def write_web_manifest(site: Path) -> None:
    """Write the web app's manifest and its icons."""
    for size in ICON_SIZES:
        (site / f"icon-{size}.png").write_bytes(icon_png(size))
    (site / "icon.svg").write_text(read_asset("icon.svg"), encoding="utf-8")
    pictures: list[dict[str, str]] = [
        {"src": f"icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
        for size in ICON_SIZES
    ]
    content = {
        "name": "Inkling, a neural-net laboratory",
        "short_name": "Inkling",
        "start_url": "./",
        "scope": "./",
        "id": "./",
        "display": "standalone",
        "background_color": "#f4f3ef",
        "theme_color": "#3b5bdb",
        "icons": [{"src": "icon.svg", "sizes": "any", "type": "image/svg+xml"}, *pictures],
    }
    (site / WEB_MANIFEST).write_bytes(to_json(content))


def write_service_worker(site: Path) -> str:
    """Write the service worker, with the checksum of every file, and return the version.

    The version is a hash of the names and contents of all files; it names the cache.
    """
    files = checksums(site)
    version = hashlib.sha256(to_json(files)).hexdigest()[:16]
    # Servers read the headers and do not send them.
    left_out = (BLOCKS, HEADERS, NGINX)
    cached = {name: sum_ for name, sum_ in files.items() if not name.startswith(left_out)}
    settings = {
        "version": version,
        "data": files.get("data/manifest.json", "none")[:16],
        "blocks": BLOCKS,
        "files": cached,
    }
    text = f"const build = {json.dumps(settings, indent=1)};\n\n" + read_script("service-worker.js")
    (site / SERVICE_WORKER).write_text(text, encoding="utf-8")
    return version


def write_build_manifest(site: Path, version: str, versions: Mapping[str, str]) -> None:
    """Write the list of all files with their sizes and SHA-256, and the versions of all parts."""
    files = {
        name: {"bytes": (site / name).stat().st_size, "sha256": found}
        for name, found in checksums(site).items()
    }
    content = {"format": 1, "version": version, "versions": dict(versions), "files": files}
    (site / BUILD_MANIFEST).write_bytes(to_json(content))


def to_json(content: Mapping[str, Any]) -> bytes:
    """Return JSON with sorted keys: equal contents give equal bytes."""
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()
