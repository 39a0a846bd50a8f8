"""Fine-tuning on own digits: three corrections teach a style, and little is forgotten.

`INKLING_STYLES=50 pytest tests/dashboard/teaching` tries all four styles with both models.
"""

import os
from dataclasses import replace

import numpy as np
import pytest
from cache_helpers import run
from scripted_writer import UNSEEN_STYLES, unseen_digits

from dashboard.teaching.fine_tuning import (
    LARGEST_FALL,
    FineTuning,
    FineTuningResult,
    count_read,
    fine_tune_on,
    recipe_for,
    sample_scores,
)
from dashboard.teaching.own_digits import digits_of, samples_of
from data_cache import Samples, load_digits
from nn import load_pretrained

ALL_STYLES = "INKLING_STYLES" in os.environ
FURTHER = int(os.environ.get("INKLING_STYLES", "50"))
CASES = (
    [(name, label) for name in ("best", "mlp") for label in UNSEEN_STYLES]
    if ALL_STYLES
    else [("mlp", 4)]
)
CORRECTIONS = 3
WRITER = 1


def first_mistakes(network, label, generator):
    """The first digits of a style that a network does not recognise, as a writer corrects them."""
    found = []
    while len(found) < CORRECTIONS:
        sample = unseen_digits(label, 1, generator)
        if not count_read(network, sample):
            found += digits_of(sample)
    return samples_of(found)


async def fine_tuned(network, own, seed=1, **recipe):
    digits = load_digits()
    tuning = FineTuning(
        network,
        own,
        digits.train[:3000],
        np.random.default_rng(seed),
        replace(recipe_for(network), **recipe),
    )
    return await fine_tune_on(tuning, digits.validation, digits.train[3000:])


@pytest.mark.parametrize(("model", "label"), CASES)
def test_three_corrections_of_a_style_teach_it_and_forget_little(model, label):
    async def main():
        network = load_pretrained(model)
        generator = np.random.default_rng([label, WRITER])
        own = first_mistakes(network, label, generator)
        further = unseen_digits(label, FURTHER, generator)
        known = count_read(network, further)
        found = await fine_tuned(network, own)
        read = count_read(found.network, further)
        assert known < 0.6 * FURTHER
        assert read >= 0.95 * FURTHER
        assert found.before - found.after < LARGEST_FALL
        scores = await sample_scores(found.network, load_digits().validation)
        assert (found.after, found.loss) == scores

    run(main())


def test_equal_seeds_give_equal_weights_and_the_given_network_is_not_changed():
    async def main():
        network = load_pretrained("mlp")
        before = [values.tobytes() for values in network.parameters()]
        own = unseen_digits(7, 2, np.random.default_rng(1))
        one, two, other = [
            [
                it.tobytes()
                for it in (await fine_tuned(network, own, seed, steps=2)).network.parameters()
            ]
            for seed in (1, 1, 2)
        ]
        assert one == two
        assert one != other
        assert [values.tobytes() for values in network.parameters()] == before

    run(main())


def test_it_ends_before_the_next_step_when_it_is_not_wanted_any_more():
    async def main():
        own = unseen_digits(7, 1, np.random.default_rng(1))
        network = load_pretrained("mlp")
        answers = [True, True, False]
        tuning = FineTuning(network, own, load_digits().train, np.random.default_rng(1))
        assert await fine_tune_on(tuning, None, is_wanted=lambda: answers.pop(0)) is None
        assert answers == []
        assert not tuning.is_done

    run(main())


@pytest.mark.parametrize(
    ("count", "after", "is_kept"),
    [(1000, 0.9901, True), (1000, 0.9890, True), (1000, 0.988, False), (0, 0.0, True)],
)
def test_weights_are_used_if_validation_falls_by_less_than_the_limit(count, after, is_kept):
    result = FineTuningResult(
        count=3,
        read_before=0,
        read_after=3,
        validation_count=count,
        validation_before=0.99,
        validation_after=after,
    )
    assert result.is_kept is is_kept


def test_without_validation_samples_the_scores_are_zero():
    nothing = Samples(np.zeros((0, 784), np.uint8), np.zeros(0, np.uint8))
    assert run(sample_scores(load_pretrained("mlp"), nothing)) == (0, 0)
    assert run(sample_scores(load_pretrained("mlp"), None)) == (0, 0)
