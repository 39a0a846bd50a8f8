import pytest

from dashboard.training.settings import SettingError, TrainingSettings, shorten
from nn import OPTIMIZERS


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("learning_rate", " 0.05 ", 0.05),
        ("learning_rate", "1e-3", 0.001),
        ("batch_size", "1", 1),
        ("batch_size", "4096", 4096),
        ("dropout", "0", 0.0),
        ("cache_size", "0", 0),
        ("seed", "4294967295", 2**32 - 1),
        ("optimizer", "nesterov", "nesterov"),
        ("activation", "leaky-relu", "leaky-relu"),
        ("hidden_layers", "500 300, 100", [500, 300, 100]),
        ("hidden_layers", "64-32", [64, 32]),
        ("hidden_layers", "", []),
    ],
)
def test_an_entry_becomes_the_settings_own_type(name, text, value):
    read = TrainingSettings().read(name, text)
    assert read == value
    assert type(read) is type(value)
    TrainingSettings(**{name: read})


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("learning_rate", "", ["Learning rate", "0 to 10"]),
        ("learning_rate", "0", ["Learning rate", "“0”"]),
        ("learning_rate", "-1", ["Learning rate", "“-1”"]),
        ("learning_rate", "nan", ["Learning rate", "“nan”"]),
        ("learning_rate", "inf", ["Learning rate", "“inf”"]),
        ("learning_rate", "fast", ["Learning rate", "“fast”"]),
        ("batch_size", "0", ["Batch size", "1 to 4,096", "“0”"]),
        ("batch_size", "2.5", ["Batch size", "“2.5”"]),
        ("dropout", "0.95", ["Dropout", "0 to 0.9", "“0.95”"]),
        ("optimizer", "magic", ["Optimiser", *OPTIMIZERS, "“magic”"]),
        ("hidden_layers", "12 0", ["Hidden layers", "1 to 2,048", "“0”"]),
        ("hidden_layers", "1 2 3 4 5 6 7 8 9", ["Hidden layers", "at most 8", "9"]),
    ],
)
def test_an_invalid_entry_is_refused_with_the_label_the_range_and_the_value(name, text, named):
    with pytest.raises(SettingError) as caught:
        TrainingSettings().read(name, text)
    for value in named:
        assert value in str(caught.value)


def test_reading_an_entry_sets_nothing():
    settings = TrainingSettings()
    settings.read("batch_size", "7")
    assert settings.batch_size == TrainingSettings.param["batch_size"].default


def test_a_long_entry_is_cut_before_it_is_quoted():
    assert shorten("x" * 40) == "x" * 23 + "…"
    assert shorten("x" * 24) == "x" * 24


@pytest.mark.parametrize("name", sorted(set(TrainingSettings.param) - {"name"}))
def test_every_setting_has_a_label_and_an_explanation(name):
    parameter = TrainingSettings.param[name]
    assert parameter.label
    assert parameter.doc.endswith(".")
