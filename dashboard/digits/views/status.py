"""The status line of the digits pane and the progress of the epoch, as HTML.

The values are also in `data-*` attributes, which tests and scripts read.
"""

from __future__ import annotations

from html import escape

from dashboard.languages.numbers import format_percent
from dashboard.languages.text import gettext
from dashboard.training.snapshot import Snapshot


def status_html(snapshot: Snapshot, *, is_training: bool) -> str:
    """Return the status line of a snapshot.

    A tooltip shows the fingerprint of the weights, except while training, which it would slow down.
    """
    state = "waiting" if snapshot.waiting else "training" if is_training else "paused"
    values = {
        "state": state,
        "iteration": snapshot.iteration,
        "epoch": f"{snapshot.epoch:.4f}",
        "loss": "" if snapshot.loss is None else f"{snapshot.loss:.6g}",
        "accuracy": "" if snapshot.accuracy is None else f"{snapshot.accuracy:.6g}",
        "speed": f"{snapshot.samples_per_second:.0f}",
        "cached": snapshot.cached,
        "in-flight": snapshot.in_flight,
        "threads": "" if snapshot.threads is None else snapshot.threads,
    }
    attributes = " ".join(f'data-{name}="{value}"' for name, value in values.items())
    weights = "" if is_training else gettext("Weights {code}", code=snapshot.fingerprint)
    title = "" if is_training else f' title="{weights}"'
    line = escape(snapshot.status_line())
    return f'<div class="status" translate="no" {attributes}{title}>{line}</div>'


def progress_html(epochs: float, progress: float, validation: float | None = None) -> str:
    """Return a bar of the progress of the present epoch, and the newest validation accuracy.

    Parameters
    ----------
    epochs
        Trained so far.
    progress
        Of the present epoch, in [0, 1].
    validation
        Accuracy on the validation samples, in [0, 1].
    """
    per_cent = round(100 * progress)
    accuracy = "–" if validation is None else format_percent(validation)
    scored = gettext("Validation <b>{accuracy}</b>", accuracy=accuracy)
    epoch = gettext(
        "Epoch {number} · {percent}",
        number=int(epochs) + 1,
        percent=format_percent(per_cent / 100, 0),
    )
    return (
        f'<div class="progress" translate="no"><span>{scored}</span><span>{epoch}</span>'
        f'<progress max="100" value="{per_cent}" aria-label="{gettext("Progress of the epoch")}">'
        f"</progress></div>"
    )
