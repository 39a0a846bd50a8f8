"""The state of teaching as parameters: the own digits, and what the last fine-tuning did."""

from __future__ import annotations

import param

from dashboard.languages.text import gettext_noop
from dashboard.shell.notices import Notice
from dashboard.teaching.fine_tuning import OWN_SHARE, FineTuningResult


class TeachingState(param.Parameterized):
    """Everything that the page shows about own digits."""

    digits = param.List([], doc="`OwnDigit`s, the oldest first.")
    own_share = param.Number(
        OWN_SHARE,
        bounds=(0.05, 0.95),
        step=0.05,
        label=gettext_noop("Share of own digits in each batch"),
        doc="The others are training digits.",
    )
    is_open = param.Boolean(False, doc="Whether the ten digits to choose from are shown.")
    is_list_open = param.Boolean(False, doc="Whether the own digits are listed.")
    is_training = param.Boolean(False, doc="Whether the model is being fine-tuned.")
    message = param.ClassSelector(class_=Notice, doc="The latest message; None before the first.")
    result = param.ClassSelector(class_=FineTuningResult, doc="Of the latest fine-tuning.")
    can_undo = param.Boolean(False, doc="Whether the weights of before are still there.")
