from pathlib import Path

import pytest

from dashboard.api.settings import settings_from_environment
from dashboard.training.settings import SettingError


def test_without_any_variable_everything_has_its_default():
    settings = settings_from_environment({"XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "/c"})
    assert (settings.token, settings.origins, settings.hosts) == (None, (), ())
    assert settings.versions_kept == 20
    assert settings.state_folder.name == settings.cache_folder.name == "api"
    assert settings.state_folder != settings.cache_folder


def test_every_setting_can_be_given():
    settings = settings_from_environment(
        {
            "INKLING_TOKEN": "0123456789",
            "INKLING_API_STATE": "/there",
            "INKLING_API_ORIGINS": "https://Site.example/, http://localhost:8000",
            "INKLING_API_HOSTS": "box, Inner.example",
            "INKLING_API_DATA_SET": "mnist",
            "INKLING_API_BODY_MB": "0.5",
            "INKLING_API_VERSIONS": "3",
            "INKLING_API_MARGIN": "0.02",
            "INKLING_API_WRITES_WAITING": " ",
        }
    )
    assert settings.token == "0123456789"
    assert settings.state_folder == Path("/there")
    assert settings.origins == ("https://site.example", "http://localhost:8000")
    assert settings.hosts == ("box", "inner.example")
    assert (settings.data_set, settings.body_bytes) == ("mnist", 1 << 19)
    assert (settings.versions_kept, settings.accuracy_margin) == (3, 0.02)
    assert settings.writes_waiting == 32


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("INKLING_API_MARGIN", "nan", "“nan”"),
        ("INKLING_API_MARGIN", "2", "“2”"),
        ("INKLING_API_VERSIONS", "2.5", "“2.5”"),
        ("INKLING_API_DATA_SET", "fashion-mnist", "digits, mnist"),
        ("INKLING_API_ORIGINS", "*", "“*”"),
        ("INKLING_API_ORIGINS", "site.example", "https://site.example"),
        ("INKLING_API_ORIGINS", "https://a.example/page", "separated by commas"),
        ("INKLING_API_HOSTS", "box:80", "without port"),
        ("INKLING_API_HOST", "box", "INKLING_API_HOSTS"),
        ("INKLING_TOKEN", "short", "at least 8"),
        ("INKLING_TOKEN", "two words and more", "without spaces"),
    ],
)
def test_an_invalid_setting_is_an_error_that_names_the_variable(name, value, words):
    with pytest.raises(SettingError) as caught:
        settings_from_environment({name: value})
    assert name in str(caught.value)
    assert words in str(caught.value)
    if name == "INKLING_TOKEN":
        assert value not in str(caught.value)
