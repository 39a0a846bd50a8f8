import pytest

from dashboard.upstream.site_build.page_scripts import leave_out_scripts


@pytest.mark.parametrize(
    ("script", "word"),
    [
        ("bokeh-gl-3.9.2.min.js", "webgl"),
        ("bokeh-mathjax-3.9.2.min.js", "$$"),
        ("es-module-shims.min.js", "panel.models.esm.ReactComponent"),
    ],
)
def test_scripts_that_the_document_does_not_need_are_left_out(script: str, word: str) -> None:
    page = f'<script src="https://cdn.bokeh.org/{script}"></script>'

    assert script not in leave_out_scripts(page, '{"text": "plain"}')
    assert script in leave_out_scripts(page, f'{{"text": "{word}"}}')


def test_other_scripts_are_kept() -> None:
    page = '<script type="module" src="a.js"></script><p>'
    assert leave_out_scripts(page, "") == page
