"""The pages of the lessons as HTML: the list, a step, the question, and the teacher's notes.

Its buttons name a command in `data-do`, which `page.js` sends to Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dashboard.lessons.headless import run_conditions
from dashboard.lessons.lesson import DIGITS, Claim, Lesson, Question, Step
from dashboard.lessons.measures import MEASURES, Condition
from dashboard.lessons.query import pages_of
from dashboard.lessons.state import MISSED, REACHED, TRAINING, LessonState
from dashboard.lessons.task import Task

CARRIER = "inkling-lesson-commands"

PANE_TITLES = {DIGITS: "Digits", "spiral": "2-D data"}


def lessons_html(state: LessonState, offered: Sequence[Lesson]) -> str:
    """Return the page that the state asks for.

    Parameters
    ----------
    state
        Of the lessons.
    offered
        The lessons of the list.
    """
    lesson = state.lesson
    if state.task is not None:
        name, body = "task", _task_html(state.task, state)
    elif lesson is None:
        name, body = "", list_html(offered)
    elif state.shows_notes:
        name, body = lesson.name, notes_html(lesson)
    else:
        name, body = lesson.name, _page_html(lesson, state)
    fault = f'<p role="alert">{escape(state.fault)}</p>' if state.fault else ""
    return (
        f'<div class="lesson-page" data-sends="{CARRIER}" data-lesson="{escape(name)}" '
        f'data-step="{state.step}" data-state="{state.progress}">{fault}{body}</div>'
    )


def list_html(offered: Sequence[Lesson]) -> str:
    """Return the list of lessons."""
    items = "".join(
        f'<li><button type="button" class="name" data-do="open" data-run="{number}">'
        f"{escape(lesson.title)}</button><p>{escape(lesson.summary)}</p>"
        f'<p class="quiet">{PANE_TITLES[lesson.pane]} · about {lesson.minutes} minutes</p></li>'
        for number, lesson in enumerate(offered)
    )
    return (
        "<p>Each asks for a prediction, trains a network, pauses when something "
        f'has happened, and explains it.</p><ol class="offered">{items}</ol>'
    )


def _page_html(lesson: Lesson, state: LessonState) -> str:
    step = state.present_step()
    if step is not None:
        body = _step_html(step, state)
    else:
        assert lesson.question is not None
        body = _question_html(lesson.question, state.answer)
    pages = pages_of(lesson)
    place = f"Step {state.step} of {pages}" if step is not None else "Question"
    back = _button("back", "Back", is_off=state.step == 1)
    forth = _button("next", "Next", is_off=state.step == pages)
    return (
        f'<p class="quiet lesson-head">{_button("list", "All lessons")}'
        f"<span>{escape(lesson.title)}</span></p>"
        f"{body}"
        f'<p class="steps">{back}<span class="quiet">{place}</span>{forth}</p>'
        f"<p>{_button('notes', 'Teacher’s notes')}</p>"
    )


def _button(command: str, label: str, number: int = 0, *, is_off: bool = False) -> str:
    off = " disabled" if is_off else ""
    return (
        f'<button type="button" class="plain" data-do="{command}" data-run="{number}"{off}>'
        f"{label}</button>"
    )


def paragraphs(text: str) -> str:
    """Return a text as paragraphs, which empty lines separate."""
    return "".join(f"<p>{escape(part.strip())}</p>" for part in text.split("\n\n") if part.strip())


def _choices(command: str, answers: Sequence[str], chosen: int) -> str:
    return "".join(
        f'<button type="button" class="choice" data-do="{command}" data-run="{number}" '
        f'aria-pressed="{str(number == chosen).lower()}">{escape(answer)}</button>'
        for number, answer in enumerate(answers, 1)
    )


def _step_html(step: Step, state: LessonState) -> str:
    chosen = state.predictions.get(state.step, 0)
    parts = [
        f"<h2>{escape(step.title)}</h2>",
        f"<h3>Predict</h3>{paragraphs(step.predict)}",
        _choices("predict", step.answers, chosen),
    ]
    parts += [f"<h3>Do</h3>{paragraphs(step.do)}", _run_html(step, state)]
    if state.progress in (REACHED, MISSED) or state.is_explained:
        parts += [
            _measured_html(state),
            f"<h3>See</h3>{paragraphs(step.see)}<h3>Explain</h3>{paragraphs(step.explain)}",
        ]
    else:
        parts.append(f"<p>{_button('explain', 'Show the explanation now')}</p>")
    return "".join(parts)


def _run_html(step: Step, state: LessonState) -> str:
    if step.run is None:
        return f"<p>{_button('measure', 'Measure')}</p>" if step.shown else ""
    label = "Set up and train" if state.progress != TRAINING else "Set up again and train"
    pauses = f"Training pauses {run_conditions(step.run)}."
    lines = [
        f'<p><button type="button" class="begin" data-do="begin" data-run="0">{label}</button></p>',
        f'<p class="quiet">{escape(pauses)}</p>',
    ]
    if state.progress == REACHED:
        lines.append(
            f'<p class="reached">Paused at iteration {state.reached_at:,}; a star marks it on the '
            "curves.</p>"
        )
    elif state.progress == MISSED:
        lines.append(
            f'<p class="missed">Paused at iteration {state.reached_at:,}: in this run it has not '
            "happened. Below is what happens as a rule; train once more with another seed.</p>"
        )
    return "".join(lines)


def _measured_html(state: LessonState) -> str:
    rows = "".join(
        f'<tr data-measure="{name}"><th scope="row">{escape(MEASURES[name].label)}</th>'
        f"<td>{MEASURES[name].format(value)}</td></tr>"
        for name, value in state.measured.items()
    )
    return f'<table class="measured"><caption>This run</caption>{rows}</table>' if rows else ""


def _question_html(question: Question, chosen: int) -> str:
    parts = [
        f"<h2>Question</h2>{paragraphs(question.text)}",
        _choices("answer", question.answers, chosen),
    ]
    if chosen:
        is_right = chosen == question.right
        said = "Right." if is_right else f"Not so: “{question.answers[question.right - 1]}”."
        parts.append(
            f'<div class="verdict" data-right="{str(is_right).lower()}">'
            f"<p><b>{escape(said)}</b></p>{paragraphs(question.explanation)}</div>"
        )
    return "".join(parts)


def _task_html(task: Task, state: LessonState) -> str:
    fixed = "".join(
        f"<li>{escape(name)} = {escape(str(value))}"
        f"{' <b>(changed: not as the task asks for)</b>' if name in state.broken else ''}</li>"
        for name, value in task.fixed.items()
    )
    kept = f"<h3>Fixed settings</h3><ul>{fixed}</ul>" if fixed else ""
    result = ""
    if state.result_text:
        result = (
            '<p>Copy this text, and hand it in as it is:</p><textarea class="result" readonly '
            f'rows="8" aria-label="The result">{escape(state.result_text)}</textarea>'
            '<p><button type="button" class="plain" data-copies=".result">Copy</button></p>'
        )
    return (
        f'<p class="quiet lesson-head">{_button("list", "All lessons")}<span>Task</span></p>'
        f"<h2>{escape(task.title)}</h2>{paragraphs(task.text)}"
        '<p><button type="button" class="begin" data-do="begin" data-run="0">Begin the task'
        '</button></p><p class="quiet">It sets the settings of the task up, and the defaults of '
        f"all others. Then choose settings, and press Train.</p>{kept}"
        f"<p>{_button('hand-in', 'Pause, and write the result')}</p>{result}"
    )


def live_html(state: LessonState) -> str:
    """Return the values that change while a network trains: of a step, or of a task's goal."""
    task = state.task
    if task is not None:
        met = state.is_goal_met()
        said = "Goal met. It counts when it is handed in." if met else "Goal not met yet."
        return (
            f'<div class="lesson-page"><h3>Goal</h3><table class="measured">'
            f"{''.join(_goal_row(condition, state) for condition in task.goal)}</table>"
            f'<p class="{"reached" if met else "present"}" data-met="{str(met).lower()}" '
            f'data-state="goal">{said}</p></div>'
        )
    if state.lesson is None or state.progress != TRAINING or not state.present:
        return ""
    texts = [
        f"{MEASURES[name].label}: {MEASURES[name].format(value)}"
        for name, value in state.present.items()
    ]
    return f'<div class="lesson-page"><p class="present">{escape("; ".join(texts))}</p></div>'


def _goal_row(condition: Condition, state: LessonState) -> str:
    value = state.goal_values.get(condition.name)
    mark, said = ("✓", "met") if condition.is_met_by(value) else ("✗", "not met")
    return (
        f'<tr data-goal="{condition.name}"><th scope="row"><span aria-label="{said}">{mark}</span> '
        f"{escape(condition.text())}</th><td>{condition.measure.format(value)}</td></tr>"
    )


def notes_html(lesson: Lesson) -> str:
    """Return the teacher's page of a lesson, which prints well."""
    steps = "".join(
        f"<li><b>{escape(step.title)}</b><p>{escape(step.predict)}</p>"
        f"<p>{escape(step.see)} {escape(step.explain)}</p>"
        f"{_settings_html(step)}</li>"
        for step in lesson.steps
    )
    claims = "".join(f"<li>{escape(claim_text(claim))}</li>" for claim in lesson.claims)
    question = lesson.question
    asked = (
        ""
        if question is None
        else f"<h3>Question</h3>{paragraphs(question.text)}<p>Right: "
        f"{escape(question.answers[question.right - 1])}. {escape(question.explanation)}</p>"
    )
    return (
        f'<p class="tools">{_button("notes", "Back to the lesson")} <button type="button" '
        'class="plain" data-prints>Print</button></p>'
        f"<h2>{escape(lesson.title)}: notes for the teacher</h2>"
        f'<p class="quiet">{PANE_TITLES[lesson.pane]} · about {lesson.minutes} minutes</p>'
        f"{paragraphs(lesson.notes)}<h3>Steps</h3><ol>{steps}</ol>{asked}"
        + (f"<h3>What is tested with ten seeds</h3><ul>{claims}</ul>" if claims else "")
    )


def _settings_html(step: Step) -> str:
    if step.run is None:
        return ""
    texts = [f"{name} = {value}" for name, value in step.run.settings.items()]
    shown = escape("; ".join(texts) or "the defaults")
    return f'<p class="quiet">{shown}. Pauses {escape(run_conditions(step.run))}.</p>'


def claim_text(claim: Claim) -> str:
    """Return a claim with its bounds in words."""
    measure = MEASURES[claim.measure]
    bounds = [
        f"{word} {measure.format(bound)}"
        for word, bound in (("at least", claim.at_least), ("at most", claim.at_most))
        if bound is not None
    ]
    minus = ""
    if claim.minus_step is not None:
        minus = f" − the same in step {claim.minus_step}"
    if claim.minus:
        minus = f" − {MEASURES[claim.minus].label}"
    scope = "in every seed" if claim.in_every_seed else "in the mean"
    return (
        f"{claim.says} ({measure.label}, step {claim.step}{minus}: {' and '.join(bounds)} {scope})"
    )
