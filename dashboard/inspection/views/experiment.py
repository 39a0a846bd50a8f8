"""The pictures and answers of an experiment, and the image that maximises a class.

The values are also in `data-*` attributes, which tests and scripts read.
"""

from __future__ import annotations

from html import escape

import numpy as np

from dashboard.inspection.experiment import Answer, Experiment, MaximizedClass
from dashboard.shell.pictures import ink_pixels, picture_html, signed_pixels
from data_cache import DIGIT_NAMES
from data_cache.augmentation.manipulation import Manipulation


def experiment_html(experiment: Experiment) -> str:
    """Return the pictures, with the answer under each, and a sentence on what has changed."""
    drawn, changed, attacked = experiment.drawn, experiment.changed, experiment.attacked
    pictures = [_figure("Model input", drawn)]
    settings = experiment.settings
    is_changed = settings.is_centred or settings.manipulation != Manipulation()
    if is_changed:
        pictures.append(_figure("Changed", changed))
    if attacked is not None:
        pictures.append(_perturbation(changed, attacked))
        pictures.append(_figure("Attacked", attacked))
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
        subject = "a class"
    elif target in DIGIT_NAMES:
        subject = f"an {target}" if target == "8" else f"a {target}"
    else:
        subject = f"“{escape(target)}”"
    return f"<h2>What does the net think {subject} looks like?</h2>"


def maximized_html(maximized: MaximizedClass) -> str:
    """Return the image with the answer to it, and how it was found."""
    answer, target = maximized.answer, escape(maximized.target)
    value, start_value = (
        f"{number:.2f}".replace("-", "−") for number in (maximized.value, maximized.start_value)
    )
    start = "the mean of the validation images of the class" if maximized.began_at_mean else "blank"
    if maximized.value > maximized.start_value:
        found = (
            f"Gradient ascent raised the logit of {target} minus the mean of the other logits from "
            f"{start_value} to <b>{value}</b>"
        )
    else:
        found = f"The logit of {target} could not be raised, so this is the first image"
    return (
        f'<div data-state="maximized" data-class="{escape(answer.class_name, quote=True)}" '
        f'data-probability="{answer.probability:.6f}">'
        f'<div class="pictures small">{_figure("Maximised", answer)}</div>'
        f'<p class="sentence">{found}. The first image was {start}, with a little noise. '
        f"Regulariser: {maximized.regularizer}.</p></div>"
    )


def _figure(title: str, answer: Answer) -> str:
    name = escape(answer.class_name)
    picture = picture_html(ink_pixels(answer.image.reshape(28, 28)), f"{title}: {name}", "ink")
    return (
        f'<figure><div class="frame">{picture}</div><figcaption>{title}<br>'
        f"<b>{name}</b> · {100 * answer.probability:.1f} %</figcaption></figure>"
    )


def _perturbation(changed: Answer, attacked: Answer) -> str:
    difference = (attacked.image - changed.image).reshape(28, 28)
    picture = picture_html(signed_pixels(difference), "What the attack adds to each pixel")
    largest = float(np.abs(difference).max())
    return (
        f'<figure><div class="frame">{picture}</div><figcaption>Perturbation<br>'
        f"up to ±{largest:.3g}</figcaption></figure>"
    )


def _sentence(experiment: Experiment, is_changed: bool) -> str:
    drawn, changed, attacked = experiment.drawn, experiment.changed, experiment.attacked
    if attacked is not None:
        epsilon = f"{experiment.settings.epsilon:.3g}"
        return (
            f"No pixel of the attacked image differs by more than {epsilon} of full ink, and "
            f"the answer {_change(changed, attacked)}."
        )
    if is_changed:
        return f"With these changes, the answer {_change(drawn, changed)}."
    return "Move a slider: the changes are made to the model input, and the network answers again."


def _change(before: Answer, after: Answer) -> str:
    """Say how an answer differs from another one."""
    old, new = (f"{100 * answer.probability:.1f} %" for answer in (before, after))
    if before.class_name == after.class_name:
        return f"stays {escape(after.class_name)}: {old} before, <b>{new}</b> after"
    return (
        f"goes from {escape(before.class_name)} ({old}) to "
        f"<b>{escape(after.class_name)}</b> ({new})"
    )
