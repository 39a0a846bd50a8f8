import pytest

from dashboard.upstream.site_build.page_scripts import defer_scripts


@pytest.mark.parametrize(
    ("script", "word"),
    [("bokeh-gl-3.9.2.min.js", "webgl"), ("bokeh-mathjax-3.9.2.min.js", "$$")],
)
def test_scripts_that_the_document_does_not_need_are_left_out(script: str, word: str) -> None:
    page = f'<script src="https://cdn.bokeh.org/{script}"></script>'

    assert script not in defer_scripts(page, '{"text": "plain"}')
    assert script in defer_scripts(page, f'{{"text": "{word}"}}')


def test_scripts_are_deferred_and_the_log_level_is_left_as_it_is() -> None:
    loud = '<script>\n Bokeh.set_log_level("info");\n</script>'
    page = defer_scripts(f'<script type="module" src="a.js"></script>{loud}<p>', "")

    assert page == '<script defer type="module" src="a.js"></script><p>'
