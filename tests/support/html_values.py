"""Values in the HTML that Python writes for the page, and its text."""

from __future__ import annotations

import re
from html import unescape


def data_of(html: str) -> dict[str, str]:
    """The `data-*` attributes by their names without “data-”."""
    return dict(re.findall(r'data-([\w-]+)="([^"]*)"', html))


def text_of(html: str) -> str:
    """The text without elements, words separated by single blanks."""
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", html).split()))


def code_of(report: str) -> str:
    """The code in a report that repeats its run; "" if there is none."""
    found = re.search(r'<pre data-code="repeat">(.*?)</pre>', report, re.DOTALL)
    return unescape(found[1]) if found else ""


def accuracy_of(report: str) -> float:
    """The accuracy of the network in a report, in [0, 1]."""
    found = re.search(r'data-accuracy="([^"]+)"', report)
    assert found is not None
    return float(found[1])
