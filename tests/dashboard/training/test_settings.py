import pytest

from dashboard.training.settings import SettingError, TrainingSettings, shorten


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
    ("name", "text", "sentence"),
    [
        ("learning_rate", "", "Learning rate takes a number above 0 to 10; found nothing."),
        ("learning_rate", "0", "Learning rate takes a number above 0 to 10; found “0”."),
        ("learning_rate", "-1", "Learning rate takes a number above 0 to 10; found “-1”."),
        ("learning_rate", "nan", "Learning rate takes a number above 0 to 10; found “nan”."),
        ("learning_rate", "inf", "Learning rate takes a number above 0 to 10; found “inf”."),
        ("learning_rate", "fast", "Learning rate takes a number above 0 to 10; found “fast”."),
        ("batch_size", "0", "Batch size takes a whole number from 1 to 4,096; found “0”."),
        ("batch_size", "2.5", "Batch size takes a whole number from 1 to 4,096; found “2.5”."),
        ("dropout", "0.95", "Dropout takes a number from 0 to 0.9; found “0.95”."),
        (
            "optimizer",
            "magic",
            "Optimiser is one of sgd, momentum, nesterov, rmsprop, adam, adamw; found “magic”.",
        ),
        (
            "hidden_layers",
            "12 0",
            "Hidden layers takes whole numbers from 1 to 2,048, for example 500 300 100; "
            "found “0”.",
        ),
        (
            "hidden_layers",
            "1 2 3 4 5 6 7 8 9",
            "Hidden layers takes at most 8 numbers; found 9.",
        ),
    ],
)
def test_an_impossible_entry_gets_a_sentence(name, text, sentence):
    with pytest.raises(SettingError) as caught:
        TrainingSettings().read(name, text)
    assert str(caught.value) == sentence


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
