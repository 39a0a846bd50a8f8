"""Results that are handed in: written, read, repeated to the bit, and refused when forged.

INKLING_RESULTS=50 checks so many results, a fifth of them forged.
"""

import asyncio
import os
import time
from dataclasses import asdict, replace

import pytest

from dashboard.cli.main import main
from dashboard.lessons.headless import make_training
from dashboard.lessons.lesson import LessonError
from dashboard.lessons.replay import check_result
from dashboard.lessons.result import make_result, read_result, write_result
from dashboard.lessons.task import read_task
from dashboard.runs.trials import score_last
from dashboard.training.marks import SettingChange
from data_cache import load_digits

COUNT = int(os.environ.get("INKLING_RESULTS", "5"))

TASK = """
title = "Small"
text = "Reach 50 % with few units."
pane = "digits"
goal = ["validation_accuracy >= 0.5", "hidden_units <= 16", "epoch <= 5"]

[fixed]
training_samples = "500"
batch_size = 25

[start]
learning_rate = 0.003
"""

PLANE_TASK = """
title = "Points"
text = "Separate the blobs."
pane = "spiral"
goal = ["training_accuracy >= 0.7"]
[fixed]
shape = "blobs"
points_count = 60
classes = 2
noise = 0.1
"""


def handed_in(text, changes=(), epochs=5, **settings):
    """An honest result: of a run with the settings of the task and others."""

    async def train():
        task = read_task(text)
        values = {**task.settings(), "seed": 1, **settings}
        training = await make_training(
            task.pane, values, load_digits(), time.perf_counter, changes=changes
        )
        await training.trainer.train(epochs=epochs)
        await score_last(training.trainer)
        await training.observation.run.close()
        run = training.observation.run
        now = {name: getattr(run.settings, name) for name in run.settings.param if name != "name"}
        now |= {name: values[name] for name in ("training_samples",) if name in values}
        return make_result(task, now, run.changes_so_far(), training.observation)

    return asyncio.run(train())


def verdict_on(result, text=TASK):
    task = read_task(text)
    return asyncio.run(check_result(result, task, load_digits(), time.perf_counter))


CHANGE = SettingChange(40, "learning_rate", 0.003, 0.01)


def honest(number):
    return handed_in(
        TASK,
        [CHANGE] if number % 2 else [],
        hidden_layers=[10 + number % 7],
        seed=number,
        dropout=0.1 * (number % 3),
    )


FORGERIES = {
    "score": lambda it: replace(it, scores={**it.scores, "validation_accuracy": 0.99}),
    "a little of the score": lambda it: replace(
        it,
        scores={**it.scores, "validation_accuracy": it.scores["validation_accuracy"] + 0.002},
    ),
    "seed": lambda it: replace(it, settings={**it.settings, "seed": 99}),
    "weights": lambda it: replace(it, weights="0" * 64),
    "setting": lambda it: replace(it, settings={**it.settings, "learning_rate": 0.004}),
    "fixed setting": lambda it: replace(it, settings={**it.settings, "batch_size": 50}),
    "change of a fixed setting": lambda it: replace(it, changes=[[40, "batch_size", 25, 50]]),
    "changes": lambda it: replace(it, changes=[[60, "learning_rate", 0.003, 0.02]]),
    "length": lambda it: replace(it, iteration=it.iteration + 1),
    "task": lambda it: replace(it, task="0" * 12),
}


def test_exactly_the_forged_results_are_refused():
    forgeries = list(FORGERIES.values())
    expected, found = [], []
    for number in range(COUNT):
        result = honest(number)
        is_forged = number % 5 == 4
        if is_forged:
            result = forgeries[number // 5 % len(forgeries)](result)
        verdict = verdict_on(read_result(write_result(result), "result"))
        expected.append(not is_forged)
        found.append(verdict.holds)
        assert verdict.is_exact
    assert found == expected


@pytest.mark.parametrize("name", FORGERIES)
def test_every_kind_of_forgery_is_found(name):
    assert not verdict_on(FORGERIES[name](RESULT)).holds


RESULT = honest(1)


def test_on_other_arithmetic_scores_are_compared_within_a_tolerance_and_the_seed_is_found_out():
    other = replace(RESULT, backend="simd", rounding="other", weights="1" * 64)
    verdict = verdict_on(other)
    assert (verdict.holds, verdict.is_exact) == (True, False)
    assert not verdict_on(FORGERIES["seed"](other)).holds
    assert not verdict_on(FORGERIES["score"](other)).holds
    assert not verdict_on(FORGERIES["setting"](other)).holds


def test_a_score_that_is_raised_within_the_tolerance_does_not_reach_the_goal():
    reached = RESULT.scores["validation_accuracy"]
    text = TASK.replace("validation_accuracy >= 0.5", f"validation_accuracy >= {reached + 0.01}")
    honest_result = handed_in(text, [CHANGE], hidden_layers=[11], seed=1, dropout=0.1)
    raised = {**honest_result.scores, "validation_accuracy": reached + 0.015}
    other = replace(honest_result, backend="simd", rounding="other", scores=raised)
    verdict = verdict_on(other, text)
    assert verdict.scores["validation_accuracy"] == reached
    assert len(verdict.faults) == 1
    assert "The goal is not met" in verdict.faults[0]


def test_a_run_that_misses_the_goal_is_refused():
    verdict = verdict_on(handed_in(TASK, hidden_layers=[17]))
    assert len(verdict.faults) == 1
    assert "hidden units at most 16" in verdict.faults[0]


def test_results_on_points_are_repeated():
    result = handed_in(PLANE_TASK, epochs=60, hidden_layers=[6])
    assert verdict_on(result, PLANE_TASK).holds
    assert not verdict_on(replace(result, weights="x"), PLANE_TASK).holds


def test_a_text_is_read_from_a_mail_and_refused_when_it_was_damaged():
    text = write_result(RESULT)
    assert asdict(read_result(f"Dear teacher,\r\n{text.replace(chr(10), '  ' + chr(10))}", "mail"))
    assert read_result(text, "mail") == RESULT
    assert max(map(len, text.splitlines())) < 80
    unchecked = text.replace("check", "")
    for damaged in (text.replace("0", "1", 1), text[:-40], "", text + text, unchecked):
        with pytest.raises(LessonError):
            read_result(damaged, "mail")


@pytest.mark.parametrize(
    "values",
    [
        {"iteration": -1}, {"iteration": 10**9}, {"pane": "runs"}, {"settings": []},
        {"trace": ["a"]}, {"changes": [[1]]}, {"changes": [[1, "seed", 1, 2]]}, {"scores": None},
    ],
)  # fmt: skip
def test_values_of_other_types_are_refused(values):
    with pytest.raises(LessonError):
        read_result(write_result(replace(RESULT, **values)), "mail")


@pytest.mark.parametrize(
    "settings",
    [{}, {"seed": 1}, {"seed": 1, "hidden_layers": [10**9]}, {**RESULT.settings, "cats": 1}],
)
def test_impossible_settings_are_refused(settings):
    assert not verdict_on(replace(RESULT, settings=settings)).holds


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('goal = ["validation_accuracy >= 0.5", "hidden_units <= 16", "epoch <= 5"]', "goal = []",
         "goal: expected at least one"),
        ("validation_accuracy >=", "best_validation_accuracy >=", "depends on when"),
        ("batch_size = 25", "batch_size = 0", "fixed, batch_size"),
        ('text = "Reach', 'txt = "Reach', "text: expected"),
    ],
)  # fmt: skip
def test_faults_of_a_task_are_told(old, new, said):
    with pytest.raises(LessonError, match=said):
        read_task(TASK.replace(old, new))


def test_the_command_says_which_files_hold(tmp_path, capsys):
    task, good, bad = (tmp_path / name for name in ("task.toml", "good.txt", "bad.txt"))
    task.write_text(TASK)
    good.write_text(write_result(RESULT))
    bad.write_text(write_result(FORGERIES["seed"](RESULT)))
    assert main(["check", "--task", str(task), str(good)]) == 0
    assert main(["check", "--task", str(task), str(good), str(bad)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3].startswith(f"{good}: holds, to the bit")
    assert lines[-2].startswith(f"{bad}: refused")
    assert lines[-1] == "1 of 2 hold, 1 refused."
    (tmp_path / "none.toml").write_text("goal = 1")
    assert main(["check", "--task", str(tmp_path / "none.toml"), str(good)]) == 2
