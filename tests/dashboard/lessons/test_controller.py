"""Taking a lesson: the run of a step, the pause when something has happened, and the answers."""

import asyncio
import time

import pytest
from controller_helpers import make_controller, until
from lesson_helpers import SHORT, make_lessons, train_step
from plane_helpers import make_plane_controller

from dashboard.lessons.panes import DigitsLessonPane, PlaneLessonPane
from dashboard.lessons.replay import check_result
from dashboard.lessons.result import read_result
from dashboard.lessons.state import MISSED, REACHED, WAITING
from dashboard.lessons.task import read_task
from dashboard.lessons.views.text import lessons_html, live_html
from data_cache import load_digits


def taken(text, *commands, **panes):
    """The lessons after opening a text and awaiting some commands on them."""

    async def main():
        lessons, shown = make_lessons(**panes)
        lessons.open_text(text, "short.toml")
        for command in commands:
            await command(lessons)
        return lessons, shown

    return asyncio.run(main())


def test_training_pauses_when_what_a_step_waits_for_has_happened_and_pins_the_moment():
    plane = make_plane_controller()
    lessons, shown = taken(SHORT, train_step, spiral=lambda: PlaneLessonPane(plane))
    state = lessons.state
    assert shown == [("A short lesson", 1)]
    assert (state.progress, plane.state.running) == (REACHED, False)
    assert state.reached_at == 40
    assert state.measured["iteration"] == plane.trainer.run.iteration
    assert 0 <= state.measured["training_accuracy"] <= 1
    [pin] = plane.state.pins
    assert (pin.history, pin.iteration) == (plane.state.history, state.reached_at)
    assert plane.state.hidden_layers == [4]


def test_training_goes_on_after_its_pause_when_the_reader_presses_train():
    async def go_on(lessons):
        plane.state.running = True
        await until(lambda: plane.trainer.run.iteration > 90 or not plane.state.running)
        plane.state.running = False
        await until(lambda: plane.training_loop.is_idle)

    plane = make_plane_controller()
    lessons, _ = taken(SHORT, train_step, go_on, spiral=lambda: PlaneLessonPane(plane))
    assert plane.trainer.run.iteration > 90
    assert lessons.state.reached_at == 40


def test_a_step_that_never_happens_pauses_after_its_epochs():
    text = SHORT.replace("iteration >= 40", "training_accuracy > 2").replace(
        "epochs = 500", "epochs = 60"
    )
    lessons, _ = taken(text, train_step)
    assert (lessons.state.progress, lessons.state.measured["training_accuracy"]) != (REACHED, 2)
    assert lessons.state.progress == MISSED
    assert lessons.state.reached_at == 60
    assert 'class="missed"' in lessons_html(lessons.state, [])


def test_a_divergence_that_a_step_waits_for_has_happened():
    text = SHORT.replace("iteration >= 40", "diverged >= 1").replace(
        "noise = 0.1\n", "noise = 0.1\nlearning_rate = 10.0\nl2 = 1.0\n"
    )
    lessons, _ = taken(text, train_step)
    assert lessons.state.progress == REACHED
    assert lessons.state.measured["diverged"] == 1


def test_a_step_without_a_training_measures_the_run_of_the_step_before():
    async def measure(lessons):
        lessons.go(1)
        lessons.measure()
        while not lessons.state.measured:
            await asyncio.sleep(0)

    lessons, shown = taken(SHORT, train_step, measure)
    assert shown[-1] == ("A short lesson", 2)
    assert lessons.state.measured == {"hidden_units": 4}


def test_predictions_stay_and_answers_are_judged():
    lessons, _ = taken(SHORT)
    state = lessons.state
    lessons.predict(2)
    lessons.predict(3)
    lessons.go(1)
    lessons.predict(1)  # this step has no answers to choose from
    lessons.go(1)
    lessons.go(1)
    assert (state.step, state.predictions) == (3, {1: 2})
    for answer, judged in ((1, "false"), (2, "true"), (9, "true")):
        lessons.answer(answer)
        assert f'data-right="{judged}"' in lessons_html(state, [])
    lessons.go(-2)
    assert (state.step, state.progress) == (1, WAITING)
    lessons.close()
    assert state.lesson is None


def test_the_score_counts_the_steps_that_were_seen_and_the_first_answer():
    lessons, _ = taken(SHORT, train_step)
    state = lessons.state
    assert (state.done, round(state.score()), state.is_complete()) == ([1], 33, False)
    lessons.go(1)
    lessons.explain()
    lessons.go(1)
    lessons.answer(1)
    lessons.answer(2)
    assert (state.done, round(state.score()), state.is_complete()) == ([1, 2], 67, True)
    # What was done is in the address, so that another visit continues it.
    again, _ = make_lessons()
    again.open(state.query())
    assert (again.state.done, again.state.first_answer, again.state.step) == ([1, 2], 1, 3)
    assert again.state.score() == state.score()


def test_a_step_is_explained_after_it_has_happened_or_when_asked_for():
    lessons, _ = taken(SHORT)
    assert "seen" not in lessons_html(lessons.state, [])
    lessons.explain()
    assert "Something &lt;seen&gt;." in lessons_html(lessons.state, [])
    lessons.state.shows_notes = True
    assert "For the &lt;teacher&gt;." in lessons_html(lessons.state, [])


def test_what_cannot_be_opened_is_told_and_leaves_the_open_lesson():
    lessons, _ = taken(SHORT)
    for wrong in ("lesson=cats", "lesson-text=abc"):
        lessons.open(wrong)
        assert 'role="alert"' in lessons_html(lessons.state, [])
    lessons.open_file(b"\xff", "bytes.toml")
    assert lessons.state.fault.startswith("bytes.toml")
    assert lessons.state.lesson.title == "A short lesson"


@pytest.mark.parametrize("samples", ["100", "all"])
def test_a_lesson_on_digits_trains_a_fresh_network_on_its_samples(samples):
    digits = make_controller(dropout=0.5, learning_rate=0.5)
    text = (
        SHORT.split("[settings]", maxsplit=1)[0].replace("spiral", "digits")
        + f"""
[[steps]]
title = "Only"
predict = "What?"
do = "Press."
see = "This."
explain = "So."
show = ["validation_accuracy", "test_accuracy", "epoch"]
[steps.run]
settings = {{ training_samples = "{samples}", hidden_layers = [6] }}
epochs = 2
"""
    )

    async def train_and_close(lessons):
        await train_step_of_digits(lessons)
        await digits.close()

    lessons, _ = taken(text, train_and_close, digits=lambda: DigitsLessonPane(digits))
    assert lessons.state.measured["epoch"] == 2
    assert 0 <= lessons.state.measured["test_accuracy"] <= 1
    state = digits.state
    assert (state.training_samples, state.hidden_layers) == (samples, [6])
    assert (state.dropout, state.learning_rate) == (0, 0.002)
    assert digits.network.sizes == (784, 6, 10)


async def train_step_of_digits(lessons):
    lessons.begin()
    while not lessons.state.measured:
        await asyncio.sleep(0)


TASK = """
title = "Points"
text = "Separate the blobs."
pane = "spiral"
goal = ["training_accuracy >= 0.7", "iteration >= 30"]
[fixed]
shape = "blobs"
points_count = 60
classes = 2
noise = 0.1
"""


async def solved(lessons, plane, epochs=60):
    """Solve the task, and write the result."""
    lessons.begin()
    await asyncio.sleep(0)
    plane.trainer.further_goal = lambda run: "enough" if run.epoch >= epochs else None
    plane.state.running = True
    while plane.state.running:
        await asyncio.sleep(0)
    lessons.hand_in()
    while not (lessons.state.result_text or lessons.state.fault):
        await asyncio.sleep(0)


def verdict_on(text):
    result, task = read_result(text, "result"), read_task(TASK)
    return asyncio.run(check_result(result, task, load_digits(), time.perf_counter))


def test_the_result_of_a_task_is_repeated_to_the_bit():
    plane = make_plane_controller()
    lessons, shown = taken(
        TASK, lambda it: solved(it, plane), spiral=lambda: PlaneLessonPane(plane)
    )
    assert shown == [("Points", 1)]
    assert 'data-met="true"' in live_html(lessons.state)
    verdict = verdict_on(lessons.state.result_text)
    assert (verdict.holds, verdict.is_exact) == (True, True)
    # The address holds the task.
    again, _ = make_lessons()
    again.open(lessons.state.query())
    assert again.state.task == lessons.state.task


def test_a_changed_fixed_setting_is_told_and_edited_points_are_not_handed_in():
    plane = make_plane_controller()

    async def edit(lessons):
        plane.state.noise = 0.2
        assert "noise" in lessons.state.broken
        assert "changed: not as the task asks for" in lessons_html(lessons.state, [])
        plane.points.add([(0.1, 0.1)], 0)
        lessons.hand_in()
        while not lessons.state.fault:
            await asyncio.sleep(0)

    lessons, _ = taken(
        TASK, lambda it: solved(it, plane), edit, spiral=lambda: PlaneLessonPane(plane)
    )
    assert lessons.state.result_text == ""
    assert "points" in lessons.state.fault
