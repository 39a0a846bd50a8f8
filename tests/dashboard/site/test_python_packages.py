import pytest

from dashboard.site.archives import write_archive
from dashboard.site.python_packages import (
    distribution_files,
    is_needed,
    needed_distributions,
    own_files,
    refuse_missing,
    wheel_files,
)
from dashboard.site.site_files import SiteError


def test_panels_requirements_are_followed_without_those_that_the_browser_does_not_need() -> None:
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
    assert {"dashboard/__init__.py", "dashboard/upstream/__init__.py"} <= set(dashboard)
    built_with = ("dashboard/site/", "dashboard/upstream/site_build/")
    assert not [name for name in dashboard if name.startswith(built_with)]
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
    with pytest.raises(SiteError, match=r"found nh3 .* ReactiveHTML"):
        refuse_missing(["panel", "nh3"])
