"""The CSS variables of figures that the page still looks up."""

import re
from pathlib import Path

import dashboard

ROOT = Path(dashboard.__file__).parent
PATCH = ROOT / "upstream" / "css_lookups.js"
VARIABLE = re.compile(r"--bk-[a-z-]+")


def test_every_css_variable_that_the_app_sets_is_looked_up():
    files = [path for kind in ("css", "py", "js", "html") for path in ROOT.rglob(f"*.{kind}")]
    named = {
        name
        for path in files
        if path != PATCH
        for name in VARIABLE.findall(path.read_text(encoding="utf-8"))
    }
    assert named
    assert named == set(VARIABLE.findall(PATCH.read_text(encoding="utf-8")))
