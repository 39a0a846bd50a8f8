"""The least Content-Security-Policy under which the site works, for two kinds of server.

Hosts such as Netlify and Cloudflare Pages read `_headers`; nginx includes `nginx-headers.conf`.
"""

import base64
import hashlib
import re
from pathlib import Path

from dashboard.upstream import is_applied

INLINE_SCRIPT = re.compile(r"<script(?![^>]*\b(?:src|type)=)[^>]*>(.*?)</script>", re.DOTALL)
HEADERS = "_headers"
NGINX = "nginx-headers.conf"


def content_security_policy(html: str) -> str:
    """Return the policy for a page: its inline scripts are allowed by their SHA-256.

    Parameters
    ----------
    html
        The page. It loads its scripts from the site and runs them from memory (`blob:`); BokehJS
        and Pyodide make functions and modules of text (`unsafe-eval`), and BokehJS writes style
        sheets into the page (`unsafe-inline`).

    Without the patch `page_scripts` the page also loads es-module-shims, which writes inline
    scripts while it runs; then all inline scripts are allowed. Without `pyodide_loading` Pyodide
    loads its own scripts by their addresses. Without `message_loop` large arrays come as compressed
    text, which BokehJS unpacks in workers that it makes in memory.
    """
    own = [] if is_applied("pyodide_loading") else ["'self'"]
    inline = ["'unsafe-inline'"]
    if is_applied("page_scripts"):
        digests = [hashlib.sha256(it.encode()).digest() for it in INLINE_SCRIPT.findall(html)]
        inline = [f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests]
    sources = {
        "default-src": ["'none'"],
        "script-src": ["blob:", "'unsafe-eval'", *own, *inline],
        "worker-src": ["'self'", *([] if is_applied("message_loop") else ["blob:"])],
        "connect-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in sources.items())


def write_headers(site: Path, html: str) -> None:
    """Write the policy of a page in the forms that servers read."""
    policy = content_security_policy(html)
    (site / HEADERS).write_text(f"/*\n  Content-Security-Policy: {policy}\n", encoding="utf-8")
    (site / NGINX).write_text(
        "# Include it in the server or the location of the site.\n"
        f'add_header Content-Security-Policy "{policy}" always;\n',
        encoding="utf-8",
    )
