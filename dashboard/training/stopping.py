"""The goals at which training pauses by itself: an epoch, or an accuracy on validation samples."""

from __future__ import annotations

import param

from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop, ngettext
from dashboard.training.run import Run


class StopSettings(param.Parameterized):
    """When training pauses by itself; None: never."""

    stop_epoch = param.Integer(
        None,
        bounds=(1, 100_000),
        allow_None=True,
        label=gettext_noop("Stop at epoch"),
        doc=gettext_noop("Training pauses when so many epochs are complete. Empty: never."),
    )
    stop_accuracy = param.Number(
        None,
        bounds=(0, 100),
        inclusive_bounds=(False, True),
        allow_None=True,
        label=gettext_noop("Stop at accuracy (%)"),
        doc=gettext_noop(
            "Training pauses when the accuracy on the validation samples reaches this percentage. "
            "Empty: never."
        ),
    )


STOP_SETTINGS = ("stop_epoch", "stop_accuracy")


def reached_goal(settings: StopSettings, run: Run) -> str | None:
    """Return in a sentence which goal a run has reached; None when it has reached none."""
    epoch, accuracy = settings.stop_epoch, settings.stop_accuracy
    if epoch is not None and run.epoch >= epoch:
        return ngettext(
            "Training paused: {count} epoch complete, as asked for by “Stop at epoch”. Raise or "
            "empty it to continue.",
            "Training paused: {count} epochs complete, as asked for by “Stop at epoch”. Raise or "
            "empty it to continue.",
            run.epoch,
            count=format_number(run.epoch),
        )
    scores = run.history.validation
    if accuracy is not None and scores and 100 * scores[-1].accuracy >= accuracy:
        return gettext(
            "Training paused: validation accuracy {accuracy} at iteration {iteration}, as asked "
            "for by “Stop at accuracy”. Raise or empty it to continue.",
            accuracy=format_percent(scores[-1].accuracy),
            iteration=format_number(scores[-1].iteration),
        )
    return None
