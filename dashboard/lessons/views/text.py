"""The pages of the lessons as HTML: the list, a step, the question, and the teacher's notes.

Its buttons name a command in `data-do`, which `page.js` sends to Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, gettext_noop, ngettext
from dashboard.lessons.lesson import DIGITS, Claim, Lesson, LessonRun, Question, Step
from dashboard.lessons.library import translated
from dashboard.lessons.measures import MEASURES, Condition, conditions_text
from dashboard.lessons.query import pages_of
from dashboard.lessons.state import MISSED, REACHED, TRAINING, LessonState
from dashboard.lessons.task import Task

CARRIER = "inkling-lesson-commands"

PANE_TITLES = {DIGITS: gettext_noop("Digits"), "spiral": gettext_noop("2-D data")}


def lessons_html(state: LessonState, offered: Sequence[Lesson]) -> str:
    """Return the page that the state asks for.

    Parameters
    ----------
    state
        Of the lessons.
    offered
        The lessons of the list.
    """
    lesson = None if state.lesson is None else translated(state.lesson)
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
        f'<p class="quiet">{_place_text(lesson)}</p></li>'
        for number, lesson in enumerate(map(translated, offered))
    )
    told = gettext(
        "Each asks for a prediction, trains a network, pauses when something has happened, and "
        "explains it."
    )
    return f'<p>{told}</p><ol class="offered">{items}</ol>'


def _place_text(lesson: Lesson) -> str:
    """Return the pane of a lesson, and how long it takes."""
    return ngettext(
        "{pane} · about {count} minute",
        "{pane} · about {count} minutes",
        lesson.minutes,
        pane=gettext(PANE_TITLES[lesson.pane]),
        count=lesson.minutes,
    )


def _page_html(lesson: Lesson, state: LessonState) -> str:
    is_step = state.step <= len(lesson.steps)
    if is_step:
        body = _step_html(lesson.steps[state.step - 1], state)
    else:
        assert lesson.question is not None
        body = _question_html(lesson.question, state.answer)
    pages = pages_of(lesson)
    place = gettext("Question")
    if is_step:
        place = gettext("Step {number} of {count}", number=state.step, count=pages)
    back = _button("back", gettext("Back"), is_off=state.step == 1)
    forth = _button("next", gettext("Next"), is_off=state.step == pages)
    return (
        f'<p class="quiet lesson-head">{_button("list", gettext("All lessons"))}'
        f"<span>{escape(lesson.title)}</span></p>"
        f"{body}"
        f'<p class="steps">{back}<span class="quiet">{place}</span>{forth}</p>'
        f"<p>{_button('notes', gettext('Teacher’s notes'))}</p>"
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
        f"<h3>{gettext('Predict')}</h3>{paragraphs(step.predict)}",
        _choices("predict", step.answers, chosen),
    ]
    parts += [f"<h3>{gettext('Do')}</h3>{paragraphs(step.do)}", _run_html(step, state)]
    if state.progress in (REACHED, MISSED) or state.is_explained:
        parts += [
            _measured_html(state),
            f"<h3>{gettext('See')}</h3>{paragraphs(step.see)}",
            f"<h3>{gettext('Explain')}</h3>{paragraphs(step.explain)}",
        ]
    else:
        parts.append(f"<p>{_button('explain', gettext('Show the explanation now'))}</p>")
    return "".join(parts)


def _run_html(step: Step, state: LessonState) -> str:
    if step.run is None:
        return f"<p>{_button('measure', gettext('Measure'))}</p>" if step.shown else ""
    label = gettext("Set up and train")
    if state.progress == TRAINING:
        label = gettext("Set up again and train")
    lines = [
        f'<p><button type="button" class="begin" data-do="begin" data-run="0">{label}</button></p>',
        f'<p class="quiet">{escape(_pauses_text(step.run))}</p>',
    ]
    iteration = format_number(state.reached_at)
    if state.progress == REACHED:
        text = gettext(
            "Paused at iteration {iteration}; a star marks it on the curves.", iteration=iteration
        )
        lines.append(f'<p class="reached">{text}</p>')
    elif state.progress == MISSED:
        text = gettext(
            "Paused at iteration {iteration}: in this run it has not happened. Below is what "
            "happens as a rule; train once more with another seed.",
            iteration=iteration,
        )
        lines.append(f'<p class="missed">{text}</p>')
    return "".join(lines)


def _pauses_text(run: LessonRun) -> str:
    """Return when the training of a step pauses."""
    epochs = format_number(run.epochs)
    if not run.pause_when:
        return ngettext(
            "Training pauses after {epochs} epoch.",
            "Training pauses after {epochs} epochs.",
            run.epochs,
            epochs=epochs,
        )
    return ngettext(
        "Training pauses when there are: {conditions}; else after {epochs} epoch.",
        "Training pauses when there are: {conditions}; else after {epochs} epochs.",
        run.epochs,
        conditions=conditions_text(run.pause_when),
        epochs=epochs,
    )


def _measured_html(state: LessonState) -> str:
    rows = "".join(
        f'<tr data-measure="{name}"><th scope="row">{escape(MEASURES[name].title())}</th>'
        f"<td>{MEASURES[name].format(value)}</td></tr>"
        for name, value in state.measured.items()
    )
    if not rows:
        return ""
    return f'<table class="measured"><caption>{gettext("This run")}</caption>{rows}</table>'


def _question_html(question: Question, chosen: int) -> str:
    parts = [
        f"<h2>{gettext('Question')}</h2>{paragraphs(question.text)}",
        _choices("answer", question.answers, chosen),
    ]
    if chosen:
        is_right = chosen == question.right
        right = question.answers[question.right - 1]
        said = gettext("Right.") if is_right else gettext("Not so: “{answer}”.", answer=right)
        parts.append(
            f'<div class="verdict" data-right="{str(is_right).lower()}">'
            f"<p><b>{escape(said)}</b></p>{paragraphs(question.explanation)}</div>"
        )
    return "".join(parts)


def _task_html(task: Task, state: LessonState) -> str:
    changed = f" <b>({gettext('changed: not as the task asks for')})</b>"
    fixed = "".join(
        f"<li>{escape(name)} = {escape(str(value))}{changed if name in state.broken else ''}</li>"
        for name, value in task.fixed.items()
    )
    kept = f"<h3>{gettext('Fixed settings')}</h3><ul>{fixed}</ul>" if fixed else ""
    result = ""
    if state.result_text:
        result = (
            f"<p>{gettext('Copy this text, and hand it in as it is:')}</p>"
            '<textarea class="result" readonly '
            f'rows="8" aria-label="{gettext("The result")}">{escape(state.result_text)}</textarea>'
            '<p><button type="button" class="plain" data-copies=".result">'
            f"{gettext('Copy')}</button></p>"
        )
    told = gettext(
        "It sets the settings of the task up, and the defaults of all others. Then choose "
        "settings, and press Train."
    )
    return (
        f'<p class="quiet lesson-head">{_button("list", gettext("All lessons"))}'
        f"<span>{gettext('Task')}</span></p>"
        f"<h2>{escape(task.title)}</h2>{paragraphs(task.text)}"
        f'<p><button type="button" class="begin" data-do="begin" data-run="0">'
        f'{gettext("Begin the task")}</button></p><p class="quiet">{told}</p>{kept}'
        f"<p>{_button('hand-in', gettext('Pause, and write the result'))}</p>{result}"
    )


def live_html(state: LessonState) -> str:
    """Return the values that change while a network trains: of a step, or of a task's goal."""
    task = state.task
    if task is not None:
        met = state.is_goal_met()
        said = gettext("Goal not met yet.")
        if met:
            said = gettext("Goal met. It counts when it is handed in.")
        return (
            f'<div class="lesson-page"><h3>{gettext("Goal")}</h3><table class="measured">'
            f"{''.join(_goal_row(condition, state) for condition in task.goal)}</table>"
            f'<p class="{"reached" if met else "present"}" data-met="{str(met).lower()}" '
            f'data-state="goal">{said}</p></div>'
        )
    if state.lesson is None or state.progress != TRAINING or not state.present:
        return ""
    texts = [
        gettext(
            "{title}: {result}",
            title=MEASURES[name].title(),
            result=MEASURES[name].format(value),
        )
        for name, value in state.present.items()
    ]
    return (
        f'<div class="lesson-page"><p class="present">{escape(gettext("; ").join(texts))}</p></div>'
    )


def _goal_row(condition: Condition, state: LessonState) -> str:
    value = state.goal_values.get(condition.name)
    is_met = condition.is_met_by(value)
    mark, said = ("✓", gettext("met")) if is_met else ("✗", gettext("not met"))
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
        else f"<h3>{gettext('Question')}</h3>{paragraphs(question.text)}<p>"
        f"{gettext('Right: {answer}.', answer=escape(question.answers[question.right - 1]))} "
        f"{escape(question.explanation)}</p>"
    )
    return (
        f'<p class="tools">{_button("notes", gettext("Back to the lesson"))} <button type="button" '
        f'class="plain" data-prints>{gettext("Print")}</button></p>'
        f"<h2>{gettext('{lesson}: notes for the teacher', lesson=escape(lesson.title))}</h2>"
        f'<p class="quiet">{_place_text(lesson)}</p>'
        f"{paragraphs(lesson.notes)}<h3>{gettext('Steps of the lesson')}</h3>"
        f"<ol>{steps}</ol>{asked}"
        + (
            f"<h3>{gettext('What is tested with ten seeds')}</h3><ul>{claims}</ul>"
            if claims
            else ""
        )
    )


def _settings_html(step: Step) -> str:
    if step.run is None:
        return ""
    texts = [f"{name} = {value}" for name, value in step.run.settings.items()]
    shown = escape("; ".join(texts) or gettext("the defaults"))
    return f'<p class="quiet">{shown}. {escape(_pauses_text(step.run))}</p>'


def claim_text(claim: Claim) -> str:
    """Return a claim with its bounds in words."""
    measure = MEASURES[claim.measure]
    values = {"quantity": measure.title(), "step": claim.step}
    if claim.minus:
        other = MEASURES[claim.minus].title()
        what = gettext("{quantity}, step {step} − {other}", other=other, **values)
    elif claim.minus_step is not None:
        other = str(claim.minus_step)
        what = gettext("{quantity}, step {step} − the same in step {other}", other=other, **values)
    else:
        what = gettext("{quantity}, step {step}", **values)
    bounds = {
        "low": measure.format(claim.at_least),
        "high": measure.format(claim.at_most),
        "what": what,
    }
    if claim.at_most is None:
        text = AT_LEAST
    elif claim.at_least is None:
        text = AT_MOST
    else:
        text = BETWEEN
    return f"{claim.says} ({gettext(text[claim.in_every_seed], **bounds)})"


AT_LEAST = (
    gettext_noop("{what}: at least {low} in the mean"),
    gettext_noop("{what}: at least {low} in every seed"),
)
AT_MOST = (
    gettext_noop("{what}: at most {high} in the mean"),
    gettext_noop("{what}: at most {high} in every seed"),
)
BETWEEN = (
    gettext_noop("{what}: at least {low} and at most {high} in the mean"),
    gettext_noop("{what}: at least {low} and at most {high} in every seed"),
)
"""Bounds of a claim, by whether every seed must keep them."""
