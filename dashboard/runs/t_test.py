"""Student's t-tests: whether the mean score of two settings differs by more than chance.

NumPy has no Student's t distribution, so it is computed here from the incomplete beta function.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext, gettext_noop

LEVEL = 0.05
"""Probability of calling a difference real although there is none."""

PAIRED, WELCH = gettext_noop("paired t-test"), gettext_noop("Welch’s t-test")

_TINY = 1e-300
_TERMS = 500


def regularized_incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b).

    Parameters
    ----------
    a, b
        Positive.
    x
        In [0, 1].

    References
    ----------
    DLMF 8.17.22, the continued fraction, evaluated by Lentz's method; 8.17.4 for the symmetry.
    """
    if not (a > 0 and b > 0 and 0 <= x <= 1):
        raise ValueError(f"I_x(a, b): expected a, b > 0 and x in [0, 1]; found {a}, {b}, {x}.")
    if x in (0, 1):
        return float(x)
    if x > (a + 1) / (a + b + 2):  # the fraction converges quickly on the other side
        return 1 - regularized_incomplete_beta(b, a, 1 - x)
    log_factor = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return math.exp(log_factor) / a * _beta_fraction(a, b, x)


def _beta_fraction(a: float, b: float, x: float) -> float:
    numerator = 1.0
    denominator = 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    value = denominator
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            denominator = 1 / _away_from_zero(1 + term * denominator)
            numerator = _away_from_zero(1 + term / numerator)
            value *= numerator * denominator
        if abs(numerator * denominator - 1) < 1e-15:
            break
    return value


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def t_tail(t: float, degrees: float) -> float:
    """Return the probability that |T| exceeds |t| for Student's t with so many degrees of freedom.

    References
    ----------
    Abramowitz and Stegun, 26.7.1 with 26.5.27.
    """
    return regularized_incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t))


def t_quantile(degrees: float, level: float = LEVEL) -> float:
    """Return the t that |T| exceeds with the probability `level`; by bisection."""
    low, high = 0.0, 1.0
    while t_tail(high, degrees) > level:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if t_tail(middle, degrees) > level else (low, middle)
    return high


@dataclass(frozen=True)
class TTest:
    """The result of a two-sided test whether two means are equal.

    Attributes
    ----------
    kind
        `PAIRED` or `WELCH`.
    difference
        Mean of the second values minus that of the first ones.
    t, degrees, p
        The statistic, its degrees of freedom, and the probability of one that is at least as far
        from 0 if the means are equal.
    margin
        Half the width of the 95 % confidence interval of the difference.
    count
        Values in the smaller one of both groups.
    """

    kind: str
    difference: float
    t: float
    degrees: float
    p: float
    margin: float
    count: int

    @property
    def is_significant(self) -> bool:
        """Whether the difference is called real, at the level of 5 %."""
        return self.p < LEVEL


def paired_t_test(first: Sequence[float], second: Sequence[float]) -> TTest:
    """Compare values that belong together in pairs, such as those of the same seeds.

    Parameters
    ----------
    first, second
        (n,) each, n at least 2.
    """
    one, two = _values(first, 2), _values(second, 2)
    if len(one) != len(two):
        raise ValueError(f"paired t-test: expected pairs, found {len(one)} and {len(two)} values.")
    differences = two - one
    error = float(differences.std(ddof=1)) / math.sqrt(len(one))
    return _test(PAIRED, float(differences.mean()), error, len(one) - 1, len(one))


def welch_t_test(first: Sequence[float], second: Sequence[float]) -> TTest:
    """Compare independent values, whose variances may differ.

    Parameters
    ----------
    first, second
        At least two values each.

    References
    ----------
    Welch, "The generalization of 'Student's' problem when several different population variances
    are involved", Biometrika 34 (1947).
    """
    one, two = _values(first, 2), _values(second, 2)
    parts = [float(values.var(ddof=1)) / len(values) for values in (one, two)]
    variance = sum(parts)
    degrees = float(len(one) + len(two) - 2)
    if variance > 0:
        # The shares, because squares of tiny variances would vanish.
        shares = [part / variance for part in parts]
        degrees = 1 / sum(
            share**2 / (len(it) - 1) for share, it in zip(shares, (one, two), strict=True)
        )
    difference = float(two.mean() - one.mean())
    return _test(WELCH, difference, math.sqrt(variance), degrees, min(len(one), len(two)))


def _values(values: Sequence[float], least: int) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or len(array) < least or not np.isfinite(array).all():
        raise ValueError(f"t-test: expected at least {least} finite values, found {values!r}.")
    return array


def _test(kind: str, difference: float, error: float, degrees: float, count: int) -> TTest:
    if error == 0:  # all values alike: then even the least difference is one
        t = math.copysign(math.inf, difference) if difference else 0.0
        p = 0.0 if difference else 1.0
        return TTest(kind, difference, t, degrees, p, 0.0, count)
    t = difference / error
    return TTest(
        kind, difference, t, degrees, t_tail(t, degrees), t_quantile(degrees) * error, count
    )


VERDICTS = {
    (True, True): gettext_noop(
        "{difference} better; with {count} seeds this is more than chance explains ({details})."
    ),
    (True, False): gettext_noop(
        "{difference} better; with {count} seeds this may be chance ({details})."
    ),
    (False, True): gettext_noop(
        "{difference} worse; with {count} seeds this is more than chance explains ({details})."
    ),
    (False, False): gettext_noop(
        "{difference} worse; with {count} seeds this may be chance ({details})."
    ),
}
"""Sentences on a difference, by whether it is one for the better, and whether it is significant."""


def verdict(test: TTest, *, what: str = "") -> str:
    """Return the result of a test of accuracies in one sentence.

    Parameters
    ----------
    test
        Of the second settings against the first ones.
    what
        What the values are, in the current language; by default only that they are accuracies.
    """
    size = format_number(100 * abs(test.difference), ".2f")
    margin = format_number(100 * test.margin, ".2f")
    p = f"p = {format_number(test.p, '.3f')}"
    if test.p < 0.001:
        p = f"p < {format_number(0.001, '.3f')}"
    text = VERDICTS[test.difference >= 0, test.is_significant]
    if test.difference == 0 and test.p == 1:
        text = gettext_noop(
            "No difference at all; with {count} seeds this may be chance ({details})."
        )
    return gettext(
        text,
        difference=gettext("{number} points", number=f"{size} ± {margin}"),
        count=test.count,
        details=gettext(
            "{test}, {p}, 95 % interval, {what}",
            test=gettext(test.kind),
            p=p,
            what=what or gettext("accuracy"),
        ),
    )
