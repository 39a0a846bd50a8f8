"""Short lessons for tests, which train for a moment."""

from __future__ import annotations

import asyncio

from controller_helpers import all_done, make_controller, until
from plane_helpers import make_plane_controller

from dashboard.lessons.controller import LessonController
from dashboard.lessons.panes import DigitsLessonPane, PlaneLessonPane
from dashboard.lessons.state import TRAINING, LessonState
from dashboard.training.trainer import execute_in_line

SHORT = """
title = "A short lesson"
summary = "It trains for a moment."
pane = "spiral"
notes = "For the <teacher>."

[settings]
points_count = 60
classes = 2
shape = "blobs"
noise = 0.1
hidden_layers = [4]

[[steps]]
title = "First"
predict = "What happens?"
answers = ["This", "That"]
do = "Press the button."
see = "Something <seen>."
explain = "Something explained."
show = ["training_accuracy"]
[steps.run]
pause_when = ["iteration >= 40"]
epochs = 500

[[steps]]
title = "Second"
predict = "And now?"
do = "Look."
see = "More."
explain = "Because."
show = ["hidden_units"]

[question]
text = "Which?"
answers = ["One", "Two"]
right = 2
explanation = "It is two."

[[claims]]
says = "The units are counted."
measure = "hidden_units"
step = 1
at_least = 4
at_most = 4
"""


def make_lessons(**panes: object) -> tuple[LessonController, list[tuple[str, int]]]:
    """Lessons about a small digits and a small plane pane, and the steps that were shown."""
    shown: list[tuple[str, int]] = []
    made = {
        "digits": lambda: DigitsLessonPane(make_controller()),
        "spiral": lambda: PlaneLessonPane(make_plane_controller()),
        **panes,
    }
    lessons = LessonController(
        LessonState(),
        lambda name: made[name](),
        execute_in_line,
        asyncio.ensure_future,
    )
    state = lessons.state

    def note(*_events: object) -> None:
        opened = state.lesson or state.task
        shown.append(("" if opened is None else opened.title, state.step))

    state.param.watch(note, ["lesson", "task", "step"])
    return lessons, shown


async def train_step(lessons: LessonController) -> None:
    """Begin the run of the present step, and wait until it has paused and is measured."""
    lessons.begin()
    state = lessons.state
    await until(lambda: state.progress != TRAINING and bool(state.measured))
    await all_done()
