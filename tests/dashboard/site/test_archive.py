import zipfile
from io import BytesIO

import pytest

from dashboard.site.archive import (
    distribution_files,
    is_needed,
    needed_distributions,
    own_files,
    refuse_missing,
    wheel_files,
    write_archive,
)
from dashboard.site.errors import SiteError


def test_the_same_contents_in_any_order_give_the_same_bytes() -> None:
    contents = {"b/two.py": b"2", "a.py": b"1"}

    assert write_archive(contents) == write_archive(dict(reversed(contents.items())))


def test_an_archive_gives_back_what_was_packed_in_sorted_order() -> None:
    packed = write_archive({"b.py": b"second", "a.py": b"first"})

    with zipfile.ZipFile(BytesIO(packed)) as archive:
        assert archive.namelist() == ["a.py", "b.py"]
        assert archive.read("b.py") == b"second"


def test_panels_needs_are_followed_without_those_the_browser_has_no_use_for() -> None:
    found = needed_distributions([])

    assert {"panel", "bokeh", "param", "markupsafe", "pyyaml", "typing-extensions"} <= set(found)
    assert not {"pandas", "tornado", "numpy", "nh3", "panel-material-ui", "colorama"} & set(found)


def test_material_components_come_along_only_when_the_app_imports_them() -> None:
    assert "panel-material-ui" in needed_distributions(["panel_material_ui"])


@pytest.mark.parametrize("distribution", ["markupsafe", "pyyaml"])
def test_packages_with_a_compiled_part_are_packed_without_it(distribution: str) -> None:
    found = distribution_files(distribution)

    assert any(name.endswith("/__init__.py") for name in found)
    assert not [name for name in found if name.endswith((".so", ".pyd", ".pyc"))]


def test_of_panel_its_modules_and_templates_are_packed_but_no_scripts_of_the_page() -> None:
    found = distribution_files("panel")

    assert {"panel/io/pyodide.py", "panel/package.json", "panel/_templates/base.html"} <= set(found)
    assert not [name for name in found if name.startswith(("panel/dist/", "panel/tests/"))]
    assert any(name.endswith(".dist-info/METADATA") for name in found)


def test_our_packages_come_with_their_data_but_without_the_builder_and_caches() -> None:
    data_cache, dashboard = own_files("data_cache"), own_files("dashboard")

    assert any(name.startswith("data_cache/digits/") for name in data_cache)
    assert "dashboard/__init__.py" in dashboard
    assert not [name for name in dashboard if name.startswith("dashboard/site/")]
    assert not [name for name in {**data_cache, **dashboard} if "__pycache__" in name]


def test_of_a_wheel_only_the_needed_files_are_taken() -> None:
    wheel = write_archive({"a/__init__.py": b"", "a/tests/b.py": b"", "a.dist-info/RECORD": b""})

    assert wheel_files(wheel) == {"a/__init__.py": b""}


def test_compiled_and_test_files_are_not_needed_but_modules_are() -> None:
    assert is_needed("bokeh/models/tools.py")
    assert not is_needed("bokeh/server/static/js/bokeh.js")
    assert not is_needed("yaml/_yaml.cpython-311-x86_64-linux-gnu.so")


def test_an_app_that_needs_what_the_browser_lacks_is_refused_with_the_usual_cause() -> None:
    refuse_missing(["numpy", "panel"])
    with pytest.raises(SiteError, match=r"imports nh3 .* ReactiveHTML"):
        refuse_missing(["panel", "nh3"])
