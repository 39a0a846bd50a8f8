"""Training ends exactly at the epoch, or at the first validation accuracy, that was asked for."""

import asyncio

import pytest
from training_helpers import few_samples, make_run, make_trainer, train, weights_of

from dashboard.training.history import Score
from dashboard.training.settings import TrainingSettings
from dashboard.training.stopping import STOP_SETTINGS, StopSettings, reached_goal


def train_to_goal(run, settings, **options):
    async def work():
        trainer = make_trainer(run, goal=lambda run: reached_goal(settings, run), **options)
        await trainer.train()
        return trainer.reached_goal

    return asyncio.run(work())


@pytest.mark.parametrize("batch_size", [20, 64, 300])
def test_training_ends_exactly_when_the_epoch_is_complete(batch_size):
    run, same = (make_run(batch_size=batch_size) for _ in range(2))
    reason = train_to_goal(run, StopSettings(stop_epoch=3))
    assert (run.epoch, run.consumed) == (3, 0)
    assert "3 epochs" in reason
    train(same, epochs=3)
    assert weights_of(run) == weights_of(same)


def test_training_ends_at_the_first_validation_that_is_good_enough():
    validation = few_samples(200, 1000)
    free, run = make_run(), make_run()
    train(free, epochs=12, validation=validation)
    reason = train_to_goal(run, StopSettings(stop_accuracy=60.0), validation=validation)
    first = next(score for score in free.history.validation if score.accuracy >= 0.6)
    assert run.history.validation[-1] == first
    assert run.iteration == first.iteration
    assert f"{100 * first.accuracy:.1f} %" in reason


def test_training_ends_when_the_validation_loss_has_not_fallen_for_so_many_epochs():
    run = make_run(batch_size=20)
    settings = StopSettings(stop_patience=2)
    losses = iter([0.5, 0.3, 0.4, 0.35])
    reasons = []
    for _ in range(4):
        train(run, epochs=run.epoch + 1)
        run.add_validation(Score(run.iteration, next(losses), 0.9, 10))
        reasons.append(reached_goal(settings, run))
    assert reasons[:3] == [None, None, None]
    lowest = run.history.validation[1].iteration
    assert f"lowest at iteration {lowest}, epoch 2, and not lower up to epoch 4" in reasons[3]


def test_without_goals_nothing_is_reached_and_steps_pass_a_goal():
    run = make_run()
    train(run, epochs=2)
    run.history.validation.append(Score(30, 0.0, 1.0, 10))
    assert reached_goal(StopSettings(), run) is None
    train(run, steps=2, goal=lambda _run: "enough")
    assert run.epoch == 2
    assert run.iteration == 32


@pytest.mark.parametrize("name", STOP_SETTINGS)
def test_an_empty_entry_is_no_goal(name):
    class Settings(TrainingSettings, StopSettings):
        pass

    settings = Settings()
    assert settings.read(name, " ") is None
    assert settings.read(name, "97") == 97
    with pytest.raises(ValueError, match="found “0”"):
        settings.read(name, "0")
