import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.site.python_packages import distribution_files
from dashboard.site.site_files import package_folder
from dashboard.upstream.site_build import import_costs
from dashboard.upstream.site_build.import_costs import CHANGES, Change, reduce_import_costs

PACKAGES = ("bokeh", "panel", "param")
# Prints all that Panel's classes ended up with, and a page made of them, without ids and addresses.
DESCRIBE = r"""
import re, sys
import panel as pn
import param
from bokeh.document import Document
from bokeh.plotting import figure

SEEN = set()

def describe(kind):
    if kind in SEEN:
        return
    SEEN.add(kind)
    for name in sorted(kind.__dict__):
        parameter = kind.__dict__[name]
        if isinstance(parameter, param.Parameter):
            slots = {slot: getattr(parameter, slot) for slot in sorted(type(parameter)._all_slots_)}
            print(kind.__qualname__, name, {k: plain(v) for k, v in slots.items()})
    for below in type.__subclasses__(kind):
        describe(below)

def plain(value):
    return re.sub(r"0x[0-9a-f]+|'/\S+(?=/(panel|bokeh|param)/)", "", repr(value))

describe(param.Parameterized)
plot = figure()
plot.line([1, 2], [3, 4], line_alpha=0.5)
page = pn.Template("{% extends base %}{% block contents %}{{ embed(roots.a) }}{% endblock %}")
page.add_panel("a", pn.Column(plot, pn.widgets.Select(description="help"), "text"))
document = page.server_doc(Document(), title="A page")
order = {}
text = repr(document.to_json(deferred=False))
print(re.sub(r"\bp\d+\b|(?<=[A-Za-z])\d{5}\b", lambda m: order.setdefault(m[0], len(order)).__repr__(), text))
print(sys.modules.get("bokeh").__file__, file=sys.stderr)
"""  # noqa: E501


@pytest.fixture(scope="module")
def packages() -> dict[str, bytes]:
    return {
        path: content for name in PACKAGES for path, content in distribution_files(name).items()
    }


def refuse(line: str) -> None:
    """Hear of no change that does not fit: with the versions at hand, all do."""
    raise AssertionError(line)


def describe(folder: Path | None) -> tuple[str, str]:
    """What a fresh Python prints that finds its packages in a folder first."""
    program = f"import sys; sys.path.insert(0, {str(folder)!r})\n" if folder else ""
    finished = subprocess.run(
        [sys.executable, "-c", program + DESCRIBE], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout, finished.stderr


def test_changed_packages_make_the_same_classes_and_the_same_page(
    packages: dict[str, bytes], tmp_path: Path
) -> None:
    changed = reduce_import_costs(packages, refuse)
    for name in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__", "examples", "tests")
        shutil.copytree(
            package_folder(name), tmp_path / name, copy_function=os.symlink, ignore=ignore
        )
    for change in CHANGES:
        (tmp_path / change.path).unlink(missing_ok=True)
        (tmp_path / change.path).write_bytes(changed[change.path])
    expected, _ = describe(None)
    found, origin = describe(tmp_path)

    assert str(tmp_path) in origin
    assert found == expected


def test_every_change_changes_something(packages: dict[str, bytes]) -> None:
    changed = reduce_import_costs(packages, refuse)
    assert {change.path for change in CHANGES} == {
        path for path in packages if changed[path] != packages[path]
    }


@pytest.mark.parametrize("text", ["other", "old old"])
def test_a_package_with_another_text_stays_as_it_is_and_the_build_says_so(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_costs, "CHANGES", (Change("package/module.py", "old", "new"),))
    fitting = {"package/module.py": b"an old text"}
    assert reduce_import_costs(fitting, refuse) == {"package/module.py": b"an new text"}
    lines: list[str] = []
    other = {"package/module.py": text.encode()}
    assert reduce_import_costs(other, lines.append) == other
    assert "'old' once in package/module.py" in lines[0]
