"""The pictures and answers of an experiment, and the image that maximises a class.

The values are also in `data-*` attributes, which tests and scripts read.
"""

from __future__ import annotations

from html import escape

import numpy as np

from dashboard.inspection.experiment import Answer, Experiment, MaximizedClass
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop
from dashboard.shell.pictures import ink_pixels, picture_html, signed_pixels
from data_cache import DIGIT_NAMES
from data_cache.augmentation.manipulation import Manipulation
from nn.interpretation.activation_maximization import BLUR, DECAY

CHANGES = {
    (True, True): gettext_noop(
        "No pixel of the attacked image differs by more than {epsilon} of full ink, and the answer "
        "stays {after}: {old} before, <b>{new}</b> after."
    ),
    (True, False): gettext_noop(
        "No pixel of the attacked image differs by more than {epsilon} of full ink, and the answer "
        "goes from {before} ({old}) to <b>{after}</b> ({new})."
    ),
    (False, True): gettext_noop(
        "With these changes, the answer stays {after}: {old} before, <b>{new}</b> after."
    ),
    (False, False): gettext_noop(
        "With these changes, the answer goes from {before} ({old}) to <b>{after}</b> ({new})."
    ),
}
"""By whether there was an attack, and whether the answer is still the same."""


def experiment_html(experiment: Experiment) -> str:
    """Return the pictures, with the answer under each, and a sentence on what has changed."""
    drawn, changed, attacked = experiment.drawn, experiment.changed, experiment.attacked
    pictures = [_figure(gettext("Model input"), drawn)]
    settings = experiment.settings
    is_changed = settings.is_centred or settings.manipulation != Manipulation()
    if is_changed:
        pictures.append(_figure(gettext("Changed"), changed))
    if attacked is not None:
        pictures.append(_perturbation(changed, attacked))
        pictures.append(_figure(gettext("Attacked"), attacked))
    last = attacked or changed
    return (
        f'<div data-state="answered" data-class="{escape(last.class_name, quote=True)}" '
        f'data-probability="{last.probability:.6f}">'
        f'<div class="pictures small">{"".join(pictures)}</div>'
        f'<p class="sentence">{_sentence(experiment, is_changed)}</p></div>'
    )


def question_html(target: str | None) -> str:
    """Return the heading of the image that maximises a class; None: of any class."""
    if target is None:
        text = gettext("What does the net think a class looks like?")
    elif target == "8":
        text = gettext("What does the net think an {digit} looks like?", digit=target)
    elif target in DIGIT_NAMES:
        text = gettext("What does the net think a {digit} looks like?", digit=target)
    else:
        name = escape(target)
        text = gettext("What does the net think “{name}” looks like?", name=name)
    return f"<h2>{text}</h2>"


def maximized_html(maximized: MaximizedClass) -> str:
    """Return the image with the answer to it, and how it was found."""
    answer, target = maximized.answer, escape(maximized.target)
    value, start_value = (
        format_number(number, ".2f").replace("-", "−")
        for number in (maximized.value, maximized.start_value)
    )
    if maximized.value > maximized.start_value:
        found = gettext(
            "Gradient ascent raised the logit of {target} minus the mean of the other logits from "
            "{start} to <b>{value}</b>.",
            target=target,
            start=start_value,
            value=value,
        )
    else:
        found = gettext(
            "The logit of {target} could not be raised, so this is the first image.", target=target
        )
    start = gettext("The first image was blank, with a little noise.")
    if maximized.began_at_mean:
        start = gettext(
            "The first image was the mean of the validation images of the class, with a little "
            "noise."
        )
    regularizer = gettext(
        "Regulariser: L2 decay of {decay} and a blur of {blur} per step.",
        decay=format_percent(DECAY, 0),
        blur=format_percent(BLUR, 0),
    )
    return (
        f'<div data-state="maximized" data-class="{escape(answer.class_name, quote=True)}" '
        f'data-probability="{answer.probability:.6f}">'
        f'<div class="pictures small">{_figure(gettext("Maximised"), answer)}</div>'
        f'<p class="sentence">{found} {start} {regularizer}</p></div>'
    )


def _figure(title: str, answer: Answer) -> str:
    name = escape(answer.class_name)
    alternative = gettext("{title}: {result}", title=title, result=name)
    picture = picture_html(ink_pixels(answer.image.reshape(28, 28)), alternative, "ink")
    return (
        f'<figure><div class="frame">{picture}</div><figcaption>{title}<br>'
        f"<b>{name}</b> · {format_percent(answer.probability)}</figcaption></figure>"
    )


def _perturbation(changed: Answer, attacked: Answer) -> str:
    difference = (attacked.image - changed.image).reshape(28, 28)
    picture = picture_html(signed_pixels(difference), gettext("What the attack adds to each pixel"))
    largest = float(np.abs(difference).max())
    return (
        f'<figure><div class="frame">{picture}</div><figcaption>{gettext("Perturbation")}<br>'
        f"{gettext('up to ±{number}', number=format_number(largest, '.3g'))}</figcaption></figure>"
    )


def _sentence(experiment: Experiment, is_changed: bool) -> str:
    drawn, changed, attacked = experiment.drawn, experiment.changed, experiment.attacked
    if attacked is None and not is_changed:
        return gettext(
            "Move a slider: the changes are made to the model input, and the network answers again."
        )
    before, after = (drawn, changed) if attacked is None else (changed, attacked)
    is_same = before.class_name == after.class_name
    return gettext(
        CHANGES[attacked is not None, is_same],
        epsilon=format_number(experiment.settings.epsilon, ".3g"),
        before=escape(before.class_name),
        after=escape(after.class_name),
        old=format_percent(before.probability),
        new=format_percent(after.probability),
    )
