"""The state of the lessons as parameters: which one is open, and what has happened in it."""

from __future__ import annotations

import param

from dashboard.lessons.lesson import Lesson, Step
from dashboard.lessons.query import pages_of, write_query, write_task_query
from dashboard.lessons.task import Task

WAITING, TRAINING, REACHED, MISSED = "waiting", "training", "reached", "missed"
"""Of a step: its training has not begun; it has; what it waits for has happened, or has not."""


class LessonState(param.Parameterized):
    """The open lesson, its step, the predictions and answers, and what was measured."""

    lesson = param.ClassSelector(class_=Lesson, default=None, allow_None=True)
    step = param.Integer(1, bounds=(1, None), doc="From 1; after the last one the question.")
    progress = param.Selector(default=WAITING, objects=[WAITING, TRAINING, REACHED, MISSED])
    is_explained = param.Boolean(False, doc="Whether the explanation is shown early.")
    reached_at = param.Integer(0, doc="The iteration at which training paused.")
    predictions = param.Dict({}, doc="Number of the chosen prediction by the number of the step.")
    measured = param.Dict({}, doc="Values of measures when the training paused, by name.")
    present = param.Dict({}, doc="Present values of the quantities that the step waits for.")
    answer = param.Integer(0, doc="Number of the chosen answer to the question; 0: none.")
    first_answer = param.Integer(0, doc="Number of the first answer; 0: none.")
    done = param.List([], doc="Numbers of the steps whose outcome was seen.")
    shows_notes = param.Boolean(False, doc="Whether the teacher's notes are shown.")
    task = param.ClassSelector(class_=Task, default=None, allow_None=True)
    goal_values = param.Dict({}, doc="Present values of the measures of the task's goal.")
    broken = param.List([], doc="Names of fixed settings of the task that have other values.")
    result_text = param.String("", doc="What can be handed in.")
    fault = param.String("", doc="Why a lesson could not be opened.")

    def query(self) -> str:
        """Return the part of an address that names or holds what is shown."""
        if self.task is not None:
            return write_task_query(self.task)
        return write_query(self.lesson, self.step, self.done, self.first_answer)

    def pane(self) -> str:
        """Return the name of the pane that is spoken of; "" without a lesson or task."""
        shown = self.lesson or self.task
        return "" if shown is None else shown.pane

    def score(self) -> float:
        """Return the share of the steps that were seen through and of the question, in per cent.

        The question counts if its first answer was right; a task counts when a result that meets
        the goal was written.
        """
        if self.task is not None:
            return 100.0 * self.is_complete()
        if self.lesson is None:
            return 0.0
        question = self.lesson.question
        is_right = question is not None and self.first_answer == question.right
        return 100 * (len(self.done) + is_right) / pages_of(self.lesson)

    def is_complete(self) -> bool:
        """Return whether every step was seen through and the question answered, or a task met."""
        if self.task is not None:
            return bool(self.result_text) and self.is_goal_met()
        if self.lesson is None:
            return False
        is_answered = self.lesson.question is None or self.first_answer > 0
        return len(self.done) == len(self.lesson.steps) and is_answered

    def is_goal_met(self) -> bool:
        """Return whether all conditions of the task hold, and its settings are kept."""
        if self.task is None or self.broken:
            return False
        return all(it.is_met_by(self.goal_values.get(it.name)) for it in self.task.goal)

    def present_step(self) -> Step | None:
        """Return the step that is shown; None without a lesson, and at its question."""
        if self.lesson is None or self.step > len(self.lesson.steps):
            return None
        return self.lesson.steps[self.step - 1]
