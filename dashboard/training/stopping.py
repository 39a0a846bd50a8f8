"""The goals at which training pauses by itself: an epoch, or an accuracy on validation samples."""

from __future__ import annotations

import param

from dashboard.training.run import Run


class StopSettings(param.Parameterized):
    """When training pauses by itself; None: never."""

    stop_epoch = param.Integer(
        None,
        bounds=(1, 100_000),
        allow_None=True,
        label="Stop at epoch",
        doc="Training pauses when so many epochs are complete. Empty: never.",
    )
    stop_accuracy = param.Number(
        None,
        bounds=(0, 100),
        inclusive_bounds=(False, True),
        allow_None=True,
        label="Stop at accuracy (%)",
        doc="Training pauses when the accuracy on the validation samples reaches this percentage. "
        "Empty: never.",
    )


STOP_SETTINGS = ("stop_epoch", "stop_accuracy")


def reached_goal(settings: StopSettings, run: Run) -> str | None:
    """Return in a sentence which goal a run has reached; None when it has reached none."""
    epoch, accuracy = settings.stop_epoch, settings.stop_accuracy
    if epoch is not None and run.epoch >= epoch:
        return (
            f"Training paused: {run.epoch:,} epoch{'' if run.epoch == 1 else 's'} complete, as "
            "asked for by “Stop at epoch”. Raise or empty it to continue."
        )
    scores = run.history.validation
    if accuracy is not None and scores and 100 * scores[-1].accuracy >= accuracy:
        return (
            f"Training paused: validation accuracy {100 * scores[-1].accuracy:.1f} % at iteration "
            f"{scores[-1].iteration:,}, as asked for by “Stop at accuracy”. Raise or empty it to "
            "continue."
        )
    return None
