"""The state of the lessons as parameters: which one is open, and what has happened in it."""

from __future__ import annotations

import param

from dashboard.lessons.lesson import Lesson, Step

WAITING, TRAINING, REACHED, MISSED = "waiting", "training", "reached", "missed"
"""Of a step: its training has not begun; it has; what it waits for has happened, or has not."""


class LessonState(param.Parameterized):
    """The open lesson, its step, the predictions and answers, and what was measured."""

    lesson = param.ClassSelector(class_=Lesson, default=None, allow_None=True)
    step = param.Integer(1, bounds=(1, None), doc="From 1; after the last one the question.")
    progress = param.Selector(default=WAITING, objects=[WAITING, TRAINING, REACHED, MISSED])
    is_told = param.Boolean(False, doc="Whether what there is to see is told before it happens.")
    reached_at = param.Integer(0, doc="The iteration at which training paused.")
    predictions = param.Dict({}, doc="Number of the chosen prediction by the number of the step.")
    measured = param.Dict({}, doc="Values of measures when the training paused, by name.")
    present = param.Dict({}, doc="Present values of the quantities that the step waits for.")
    answer = param.Integer(0, doc="Number of the chosen answer to the question; 0: none.")
    shows_notes = param.Boolean(False, doc="Whether the teacher's notes are shown.")
    fault = param.String("", doc="Why a lesson could not be opened.")

    def present_step(self) -> Step | None:
        """Return the step that is shown; None without a lesson, and at its question."""
        if self.lesson is None or self.step > len(self.lesson.steps):
            return None
        return self.lesson.steps[self.step - 1]
