"""The goals at which training pauses by itself: an epoch, a validation accuracy, early stopping."""

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
    stop_patience = param.Integer(
        None,
        bounds=(1, 100_000),
        allow_None=True,
        label=gettext_noop("Early stopping (epochs)"),
        doc=gettext_noop(
            "Training pauses when the validation loss has not become lower for so many epochs. The "
            "curve marks where it was lowest. Empty: never."
        ),
    )


STOP_SETTINGS = ("stop_epoch", "stop_accuracy", "stop_patience")


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
    history = run.history
    scores = history.validation
    if accuracy is not None and scores and 100 * scores[-1].accuracy >= accuracy:
        return gettext(
            "Training paused: validation accuracy {accuracy} at iteration {iteration}, as asked "
            "for by “Stop at accuracy”. Raise or empty it to continue.",
            accuracy=format_percent(scores[-1].accuracy),
            iteration=format_number(scores[-1].iteration),
        )
    patience, best = settings.stop_patience, history.best_validation("loss")
    if patience is not None and best is not None:
        lowest, latest = history.epochs.at([best.iteration, scores[-1].iteration])
        if latest - lowest >= patience:
            return gettext(
                "Training paused: the validation loss was lowest at iteration {iteration}, epoch "
                "{lowest}, and not lower up to epoch {latest}, as asked for by “Early stopping”. "
                "The slider “Checkpoints” leads back there; raise or empty the setting to go on.",
                iteration=format_number(best.iteration),
                lowest=format_number(lowest, ".3g"),
                latest=format_number(latest, ".3g"),
            )
    return None
