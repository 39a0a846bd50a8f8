"""Commands on own digits: keep a corrected drawing, fine-tune the current model, take it back.

Fine-tuning computes on a copy of the weights, so the model answers meanwhile. Nothing is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dashboard.digits.controller import DigitsController
from dashboard.digits.state import Origin
from dashboard.digits.training_subset import whole_of
from dashboard.languages.numbers import format_number, format_percent
from dashboard.languages.text import gettext, gettext_noop, ngettext
from dashboard.shell.notices import Notice
from dashboard.teaching.fine_tuning import (
    LARGEST_FALL,
    FineTuning,
    FineTuningResult,
    count_read,
    fine_tune_on,
    recipe_for,
)
from dashboard.teaching.own_digits import OwnDigit, add_digits, samples_of
from dashboard.teaching.state import TeachingState
from dashboard.training.block_run import BlockRun
from dashboard.training.history import Score
from data_cache import DataError, PrefetchError, Samples
from data_cache.samples import concatenate_samples
from nn import Network

TRAINING_DIGITS = 4000
"""Training digits that are used, the first ones in stored order: of four, three are mixed in, and
one is held back to be scored."""

VALIDATED = 2000
"""Validation digits that are scored, at most."""

INTERVENTION = gettext_noop("fine-tuning on own digits")
"""What the curve and the link of a run say about it."""


@dataclass(frozen=True, eq=False)
class _Taught:
    """A model after fine-tuning, and what it was before.

    Attributes
    ----------
    run
        The run with the weights.
    network
        A copy of the weights after it.
    base
        The weights before the first of consecutive fine-tunings.
    before, origin
        The weights before the latest one, and where they came from.
    added
        The digit that was added for it, which is taken back with it.
    is_noted
        Whether the history of the run had noted a fine-tuning before.
    scores
        The validation scores of the run before it.
    """

    run: BlockRun
    network: Network
    base: Network
    before: Network
    origin: Origin
    added: OwnDigit | None
    is_noted: bool
    scores: list[Score]


class TeachingController:
    """The own digits of a session, and fine-tuning on them.

    Consecutive fine-tunings begin with the weights before the first one, so what the model forgets
    does not add up, and the result does not depend on the order of the corrections.

    Parameters
    ----------
    state
        Shared with the views.
    digits
        Of the pane whose model is taught.
    """

    def __init__(self, state: TeachingState, digits: DigitsController) -> None:
        self.state = state
        self._digits = digits
        self._taught: _Taught | None = None
        self._is_wanted_again = False
        self._opened: tuple[object, Samples] | None = None
        digits.state.param.watch(lambda _event: self._update_undo(), "snapshot")

    # Own digits

    def correct(self, label: int) -> None:
        """Keep the drawing as an own digit with its label, and fine-tune the model on all of them.

        Parameters
        ----------
        label
            From 0 to 9.
        """
        image = self._digits.drawing.image
        if not self._digits.state.has_digit_classes:
            self._say(gettext("Own digits need a data set of digits."), "warning")
            return
        if image is None:
            self._say(gettext("Draw a digit first, then say which one it is."), "warning")
            return
        digit = OwnDigit(np.round(255 * image).astype(np.uint8), int(label))
        self.state.digits = add_digits(self.state.digits, [digit])
        self._begin(digit)

    def fine_tune(self) -> None:
        """Fine-tune the model on the own digits once more."""
        if not self.state.digits:
            text = gettext("There are no own digits yet: draw one, and say which it is.")
            self._say(text, "warning")
            return
        self._begin(None)

    def remove(self, index: int) -> None:
        """Remove an own digit by its place; the model stays as it is."""
        digits = list(self.state.digits)
        if 0 <= index < len(digits):
            digit = digits.pop(index)
            self.state.digits = digits
            text = gettext(
                "Removed one {label}. The model stays as it is until it is fine-tuned again.",
                label=digit.label,
            )
            self._say(text)

    def clear(self) -> None:
        """Remove all own digits; the model stays as it is."""
        self.state.digits = []
        self._say(gettext("All own digits are removed. The model stays as it is."))

    def add(self, new: list[OwnDigit], name: str) -> None:
        """Add the digits of a file; the model is not fine-tuned on them yet."""
        before = len(self.state.digits)
        self.state.digits = add_digits(self.state.digits, new)
        count = len(self.state.digits)
        dropped = max(0, before + len(new) - count)
        text = gettext(
            "{name}: digits read: {read}; kept now: {kept}.",
            name=name,
            read=format_number(len(new)),
            kept=format_number(count),
        )
        if dropped:
            lost = ngettext(
                "{count} was there already, or is more than can be kept.",
                "{count} were there already, or are more than can be kept.",
                dropped,
                count=format_number(dropped),
            )
            text = f"{text} {lost}"
        self._say(text)

    def open_file(self, content: bytes, name: str) -> None:
        """Begin to add the digits of a file; see `load`."""
        self._digits.spawn(self.load(content, name))

    async def load(self, content: bytes, name: str) -> None:
        """Add the labelled digits of a file of samples, which is read in a worker."""
        from dashboard.teaching.files import read_digits  # noqa: PLC0415 - with the first file

        try:
            new = await self._digits.execute(read_digits, content, name)
        except (DataError, ValueError) as error:
            self._say(str(error), "error")
            return
        self.add(new, name)

    def refuse(self, sentence: str) -> None:
        """Say why a file is refused."""
        self._say(sentence, "error")

    def export(self, kind: str) -> bytes | None:
        """Return the own digits as a file; None, with a message, while there are none.

        Parameters
        ----------
        kind
            "idx" or "png".
        """
        from dashboard.teaching.files import (  # noqa: PLC0415 - with the first file
            to_idx_archive,
            to_picture_archive,
        )

        if not self.state.digits:
            self._say(gettext("There are no own digits yet."), "warning")
            return None
        write = {"idx": to_idx_archive, "png": to_picture_archive}[kind]
        return write(self.state.digits)

    # Fine-tuning

    def undo(self) -> None:
        """Bring the weights before the latest fine-tuning back, and take back its digit."""
        taught = self._current()
        if taught is None:
            text = gettext("The model has changed since; the weights of before are gone.")
            self._say(text, "warning")
            self.state.can_undo = False
            return
        run, state = taught.run, self._digits.state
        run.network.copy_from(taught.before)
        state.origin = taught.origin
        if not taught.is_noted and INTERVENTION in run.history.interventions:
            run.history.interventions.remove(INTERVENTION)
        run.history.validation = taught.scores
        self._taught = None
        self.state.digits = [digit for digit in self.state.digits if digit is not taught.added]
        self._publish()
        if taught.added is None:
            self._say(gettext("The weights of before are back."))
        else:
            self._say(gettext("The weights of before are back, and the digit is removed."))

    def _begin(self, digit: OwnDigit | None) -> None:
        """Fine-tune now, or once more as soon as the present fine-tuning has ended."""
        if self._digits.state.running:
            text = gettext(
                "Kept as own digit number {number}. Training runs: pause it to fine-tune the model "
                "on your digits.",
                number=format_number(len(self.state.digits)),
            )
            self._say(text, "warning")
            return
        if self.state.is_training:
            self._is_wanted_again = True
            return
        self.state.is_training = True
        self._digits.spawn(self._fine_tune(digit))

    async def _fine_tune(self, digit: OwnDigit | None) -> None:
        try:
            await self._digits.training_loop.wait_until_idle()
            while True:
                self._is_wanted_again = False
                await self._fine_tune_once(digit)
                if not self._is_wanted_again:
                    break
                digit = self.state.digits[-1] if self.state.digits else None
        except (DataError, PrefetchError) as error:
            text = gettext(
                "Not fine-tuned, because digits to mix in are missing: {error}", error=error
            )
            self._say(text, "error")
        finally:
            self.state.is_training = False

    async def _fine_tune_once(self, digit: OwnDigit | None) -> None:
        """Fine-tune on the present own digits, and use the weights if the model forgets little."""
        own = samples_of(self.state.digits)
        if not len(own):
            return
        controller = self._digits
        controller.time_travel.show_newest()
        execute, run = controller.execute, controller.trainer.run
        digits, validation = await self._training_digits(), await self._validation()
        before, taught = run.network.copy(), self._current()
        count = 0 if validation is None else len(validation)
        base = before if taught is None else taught.base
        text = ngettext(
            "Fine-tuning on {count} own digit …",
            "Fine-tuning on {count} own digits …",
            len(own),
            count=format_number(len(own)),
        )
        self._say(text)

        def is_unchanged() -> bool:
            is_idle = controller.training_loop.is_idle and not controller.state.running
            return is_idle and run is controller.trainer.run and are_equal(run.network, before)

        split = -(-3 * len(digits) // 4)
        replay, held_back = digits[:split], digits[split:]
        recipe = replace(recipe_for(base), own_share=self.state.own_share)
        generator = np.random.default_rng(controller.state.seed)
        tuning = FineTuning(base, own, replay, generator, recipe=recipe)
        tuned = await fine_tune_on(
            tuning, validation, held_back, execute=execute, is_wanted=is_unchanged
        )
        if tuned is None or not is_unchanged():
            text = gettext("The model changed meanwhile, so it was not fine-tuned on your digits.")
            self._say(text)
            return
        result = FineTuningResult(
            count=len(own),
            read_before=count_read(before, own),
            read_after=count_read(tuned.network, own),
            validation_count=count,
            validation_before=tuned.before,
            validation_after=tuned.after,
        )
        if result.is_kept:
            is_noted = INTERVENTION in run.history.interventions
            run.network.copy_from(tuned.network)
            run.history.note_intervention(INTERVENTION)
            origin = controller.state.origin
            scores = run.history.validation
            self._taught = _Taught(
                run, tuned.network, base, before, origin, digit, is_noted, scores
            )
            if count:
                score = Score(run.iteration, tuned.loss, tuned.after, count)
                run.history.validation = [*_scores_before(run), score]
            if origin == Origin.PRETRAINED:
                controller.state.origin = Origin.FINE_TUNED
            self._publish()
        self.state.result = result
        self._say(describe_result(result), "info" if result.is_kept else "warning")

    async def _training_digits(self) -> Samples:
        """Return training digits of the opened data set."""
        data = whole_of(self._digits.data)
        if self._opened is None or self._opened[0] is not data:
            pieces, left = [], TRAINING_DIGITS
            async for piece in data.training_pieces():
                pieces.append(piece[:left])
                left -= len(pieces[-1])
                if left <= 0:
                    break
            self._opened = (data, concatenate_samples(pieces))
        return self._opened[1]

    async def _validation(self) -> Samples | None:
        found = await self._digits.training.fetch_validation(self._digits.data)
        return None if found is None else found[:VALIDATED]

    def _current(self) -> _Taught | None:
        """Return the latest fine-tuning if the model still has its weights."""
        taught = self._taught
        if taught is None or taught.run is not self._digits.trainer.run:
            return None
        return taught if are_equal(taught.run.network, taught.network) else None

    def _update_undo(self) -> None:
        if self._taught is not None and self._digits.training_loop.is_idle:
            self.state.can_undo = self._current() is not None
        else:
            self.state.can_undo = False

    def _publish(self) -> None:
        """Show the new weights everywhere, and predict the drawing with them."""
        self._digits.training.publish()
        self._digits.drawing.predict()
        self._update_undo()

    def _say(self, text: str, kind: str = "info") -> None:
        self.state.message = Notice(text, kind)


def _scores_before(run: BlockRun) -> list[Score]:
    """Return the validation scores of the run without those of its present iteration."""
    return [score for score in run.history.validation if score.iteration < run.iteration]


def are_equal(one: Network, other: Network) -> bool:
    """Return whether two networks of one shape have the same weights."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(np.array_equal(mine, theirs) for mine, theirs in pairs)


def describe_result(result: FineTuningResult) -> str:
    """Return what a fine-tuning did, in one or two sentences."""
    before, after = map(format_percent, (result.validation_before, result.validation_after))
    count = format_number(result.count)
    if not result.is_kept:
        return ngettext(
            "The model is as before: fine-tuning on {count} own digit would have lowered its "
            "validation accuracy from {before} to {after}, by {limit} percentage points or more.",
            "The model is as before: fine-tuning on {count} own digits would have lowered its "
            "validation accuracy from {before} to {after}, by {limit} percentage points or more.",
            result.count,
            count=count,
            before=before,
            after=after,
            limit=format_number(100 * LARGEST_FALL, "g"),
        )
    if result.count > 1:
        text = gettext(
            "Fine-tuned on {count} own digits: the model recognises {now} of them ({before} "
            "before).",
            count=count,
            now=format_number(result.read_after),
            before=format_number(result.read_before),
        )
    elif result.read_after:
        text = gettext("Fine-tuned on 1 own digit, which the model recognises now.")
    else:
        text = gettext("Fine-tuned on 1 own digit, which the model still misreads.")
    if not result.validation_count:
        return text
    scores = gettext(
        "Validation accuracy: {before} before, {after} now ({count} digits).",
        before=before,
        after=after,
        count=format_number(result.validation_count),
    )
    return f"{text} {scores}"
