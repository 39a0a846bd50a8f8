"""Controller of the lessons: opens them, begins their runs, and pauses when something has happened.

Results of commands are seen in the parameters of its state, which the view watches.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, ngettext
from dashboard.lessons.headless import STEPS_BETWEEN_CHECKS
from dashboard.lessons.lesson import LessonError, LessonRun, read_lesson
from dashboard.lessons.library import translated
from dashboard.lessons.measures import MEASURES, conditions_text
from dashboard.lessons.panes import LessonPane
from dashboard.lessons.query import LessonPlace, pages_of, read_query
from dashboard.lessons.result import make_result, scores_of, write_result
from dashboard.lessons.state import MISSED, REACHED, TRAINING, WAITING, LessonState
from dashboard.lessons.task import Task, is_task, read_task
from dashboard.runs.trials import score_last
from dashboard.training.run_options import Pin
from dashboard.training.trainer import Execute


class LessonController:
    """The open lesson and the commands on it.

    Parameters
    ----------
    state
        Shared with the view.
    pane_of
        Returns a pane by its name; it is made if it was not open yet.
    execute
        Computes measures: in line, or in a thread.
    spawn
        Runs a background task.
    """

    def __init__(
        self,
        state: LessonState,
        pane_of: Callable[[str], LessonPane],
        execute: Execute,
        spawn: Callable[[Coroutine[Any, Any, Any]], None],
    ) -> None:
        self.state = state
        self._pane_of = pane_of
        self._execute = execute
        self._spawn = spawn
        self._followed: dict[str, LessonPane] = {}
        self._run: Any = None
        """The run of the present step; None before it has begun."""

    def open(self, query: str) -> None:
        """Open the lesson and the step that an address names; faults are told in the state."""
        try:
            place = read_query(query)
        except LessonError as error:
            self.state.fault = str(error)
            return
        if place.task is not None:
            self._show_task(place.task)
        elif place.lesson is not None:
            self._show(place)

    def open_text(self, text: str, name: str) -> None:
        """Open a lesson or task of one's own from the text of a file; the state tells faults."""
        try:
            if is_task(text):
                self._show_task(read_task(text))
                return
            lesson = read_lesson(text)
        except LessonError as error:
            self.state.fault = gettext("{place}: {error}", place=name, error=error)
            return
        self._show(LessonPlace(lesson))

    def open_file(self, content: bytes, name: str) -> None:
        """Open a lesson of one's own from a file."""
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.state.fault = gettext(
                "{name}: expected a text in UTF-8, found other bytes.", name=name
            )
            return
        self.open_text(text, name)

    def close(self) -> None:
        """Return to the list of lessons; the run stays as it is."""
        self._run = None
        self.state.param.update(
            lesson=None, step=1, progress=WAITING, measured={}, present={}, fault="",
            shows_notes=False, task=None, result_text="",
        )  # fmt: skip

    def go(self, distance: int) -> None:
        """Go so many steps on, or back."""
        lesson = self.state.lesson
        if lesson is None:
            return
        step = min(max(self.state.step + distance, 1), pages_of(lesson))
        if step != self.state.step:
            self._show(LessonPlace(lesson, step))

    def predict(self, number: int) -> None:
        """Choose a prediction of the step, from 1."""
        step = self.state.present_step()
        if step is not None and 1 <= number <= len(step.answers):
            self.state.predictions = {**self.state.predictions, self.state.step: number}

    def answer(self, number: int) -> None:
        """Choose an answer to the question, from 1."""
        lesson = self.state.lesson
        if lesson is not None and lesson.question and 1 <= number <= len(lesson.question.answers):
            first = self.state.first_answer or number
            self.state.param.update(answer=number, first_answer=first)

    def explain(self) -> None:
        """Show the explanation of the step before its training has paused."""
        self.state.is_explained = True
        self._note_done()

    def begin(self) -> None:
        """Set the run of the step up, and train it; of a task, set its settings up."""
        if self.state.task is not None:
            self.state.result_text = ""
            self._spawn(self._follow().begin(self.state.task.settings()))
        step = self.state.present_step()
        if step is not None and step.run is not None:
            self._spawn(self._begin(self._follow(), step.run))

    def measure(self) -> None:
        """Measure the present run, in a step without a training of its own."""
        if self.state.present_step() is not None:
            self._note_done()
            self._spawn(self._measure(self._follow(), REACHED))

    def hand_in(self) -> None:
        """Write what can be handed in for the task; training pauses."""
        if self.state.task is not None:
            self._spawn(self._hand_in(self.state.task, self._follow()))

    async def _hand_in(self, task: Task, pane: LessonPane) -> None:
        controller = pane.controller
        controller.state.running = False
        await controller.training_loop.wait_until_idle()
        fault = pane.why_not_repeatable()
        if fault:
            text = gettext("This run cannot be handed in: {fault}", fault=fault)
            self.state.param.update(fault=text, result_text="")
            return
        await score_last(controller.trainer)
        async with controller.trainer.between_slices:
            run = controller.trainer.run
            result = make_result(
                task,
                controller.training.current_settings(),
                run.changes_so_far(),
                pane.observation(),
            )
        self._check_task(pane)
        self.state.param.update(fault="", result_text=write_result(result))

    def _check_task(self, pane: LessonPane) -> None:
        """Show how far the goal of the task is met, and whether its settings are kept."""
        task = self.state.task
        if task is None:
            return
        controller = pane.controller
        values = dict(controller.training.current_settings())
        changed = [change.name for change in controller.trainer.run.changes_so_far()]
        is_running = controller.state.running
        goal_values = {
            **self.state.goal_values,
            **scores_of(task, pane.observation(), quick=is_running),
        }
        is_old = is_running
        self.state.param.update(
            goal_values=goal_values,
            broken=task.broken(values, changed),
            result_text="" if is_old else self.state.result_text,
        )

    def _show_task(self, task: Task) -> None:
        self._run = None
        self.state.param.update(
            task=task, lesson=None, step=1, progress=WAITING, fault="", result_text="",
            goal_values={}, broken=[], shows_notes=False,
        )  # fmt: skip
        self._follow()

    def _show(self, place: LessonPlace) -> None:
        lesson = place.lesson
        assert lesson is not None
        is_other = lesson is not self.state.lesson
        self._run = None
        values: dict[str, Any] = {}
        if is_other:
            values = {"predictions": {}, "answer": place.answer, "first_answer": place.answer}
            values["done"] = list(place.done)
        values["task"] = None
        self.state.param.update(
            **values, lesson=lesson, step=place.step, progress=WAITING, is_explained=False,
            measured={}, present={}, fault="",
        )  # fmt: skip
        self._follow()

    def _follow(self) -> LessonPane:
        """Return the pane of the lesson, whose run is looked at from now on."""
        shown = self.state.lesson or self.state.task
        assert shown is not None
        name = shown.pane
        pane = self._followed.get(name)
        if pane is None:
            pane = self._followed[name] = self._pane_of(name)
            state = pane.controller.state
            state.param.watch(lambda *_events: self._update(name), ["snapshot", "running"])
        return pane

    async def _begin(self, pane: LessonPane, run: LessonRun) -> None:
        lesson, step = self.state.lesson, self.state.step
        self._run = None
        self.state.param.update(progress=TRAINING, measured={}, present={}, is_explained=False)
        await pane.begin(run.settings)
        if (lesson, step) != (self.state.lesson, self.state.step):
            return  # another step was opened meanwhile
        trainer = pane.controller.trainer
        self._run = trainer.run
        trainer.further_goal = self._goal_of(pane, run, trainer.run)
        pane.controller.state.param.update(pins=[], running=True)

    def _goal_of(
        self, pane: LessonPane, wanted: LessonRun, wanted_run: Any
    ) -> Callable[[Any], str | None]:
        """Return the goal at which the training of a step pauses, after which it may go on."""
        looked_at, reached = 0, None

        def goal(run: Any) -> str | None:
            nonlocal looked_at, reached
            if run is not wanted_run or run is not self._run or self.state.progress != TRAINING:
                return None
            # The trainer asks at the end of an epoch, and once more at the end of the slice.
            if reached is not None:
                return reached
            if run.epoch >= wanted.epochs:
                return ngettext(
                    "Training paused: {count} epoch, as the lesson asks for.",
                    "Training paused: {count} epochs, as the lesson asks for.",
                    run.epoch,
                    count=format_number(run.epoch),
                )
            # Not after each step, because some measures take longer than a step.
            if not wanted.pause_when or run.iteration < looked_at + STEPS_BETWEEN_CHECKS:
                return None
            looked_at = run.iteration
            if all(condition.holds(pane.observation()) for condition in wanted.pause_when):
                reached = gettext(
                    "Training paused by the lesson: {conditions}.",
                    conditions=conditions_text(wanted.pause_when),
                )
            return reached

        return goal

    def _update(self, name: str) -> None:
        """Show how far the run is; when it has paused by itself, measure it."""
        lesson, step = self.state.lesson, self.state.present_step()
        pane = self._followed[name]
        if self.state.task is not None and self.state.task.pane == name:
            self._check_task(pane)
        run, state = pane.controller.trainer.run, pane.controller.state
        if lesson is None or step is None or step.run is None or lesson.pane != name:
            return
        if self.state.progress != TRAINING or run is not self._run:
            return
        wanted, observation = step.run.pause_when, pane.observation()
        values = {it.name: it.value(observation) for it in wanted}
        if values != self.state.present:
            self.state.present = values
        if state.running:
            return
        has_happened = all(it.holds(observation) for it in wanted)
        is_late = run.epoch >= step.run.epochs
        has_diverged = bool(run.history.divergences)
        if (wanted and has_happened) or is_late or has_diverged:
            progress = REACHED if has_happened and (wanted or is_late) else MISSED
            if wanted and progress == REACHED:
                event = conditions_text(wanted)
            elif has_diverged:
                event = gettext("diverged")
            else:
                event = ngettext(
                    "{count} epoch", "{count} epochs", run.epoch, count=format_number(run.epoch)
                )
            # At once, because this function may be called again before the run is measured.
            self.state.param.update(progress=progress, reached_at=run.iteration)
            text = gettext(
                "{lesson}, step {number}: {event}",
                lesson=translated(lesson).title,
                number=self.state.step,
                event=event,
            )
            state.pins = [*state.pins, Pin(run.history, run.iteration, text)]
            self._note_done()
            self._spawn(self._measure(pane, progress))

    def _note_done(self) -> None:
        """Note that the outcome of the step was seen."""
        if self.state.present_step() is not None and self.state.step not in self.state.done:
            self.state.done = sorted([*self.state.done, self.state.step])

    async def _measure(self, pane: LessonPane, progress: str) -> None:
        """Measure what the step shows, between two slices of training."""
        step = self.state.present_step()
        if step is None:
            return
        controller = pane.controller
        if not controller.state.running:
            await controller.training_loop.wait_until_idle()
            if controller.trainer.run.iteration:
                await score_last(controller.trainer)
        async with controller.trainer.between_slices:
            observation = pane.observation()
            names = dict.fromkeys(
                (*(it.name for it in (step.run.pause_when if step.run else ())), *step.shown)
            )
            values = {
                name: await self._execute(MEASURES[name].compute, observation) for name in names
            }
        if step is self.state.present_step():
            self.state.param.update(
                measured=values, progress=progress, reached_at=observation.run.iteration
            )
