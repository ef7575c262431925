"""Many tests at once: stepdown p-values from the draws of randomisation tests, and the false discovery rate."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy

from detente.base.errors import EstimationError, TooFewDraws
from detente.base.numerics import TIE
from detente.base.types import Array
from detente.stats.resampling import Randomisation


def romano_wolf(observed: Array, draws: Array) -> Array:
    """Stepdown p-values (m,) that hold the chance of any false rejection (Romano and Wolf 2005, 2016).

    Hypotheses are taken from the largest |statistic| down. The p-value of each is the share of draws whose largest
    |statistic|, among it and those below, is as large; and no less than that of any above it. The observed statistics
    count as one of the draws, so that no p-value is zero.

    `observed`: statistics (m,), of one scale: studentised, or divided by the spread of their draws (`standardised`);
    `draws`: (B, m) the same under the null, one row per draw; one in which a statistic is missing is left out whole, as
    it would be refused had it been observed.
    Raises TooFewDraws if there is no draw; EstimationError if shapes differ, or an observed statistic is not finite.
    """
    draws = _checked(observed, draws)
    size, far = np.abs(observed), np.abs(draws)
    order = np.argsort(-size, kind="stable")
    # Largest of a draw among a hypothesis and all that come after it in the order.
    largest = np.maximum.accumulate(far[:, order[::-1]], axis=1)[:, ::-1]
    beyond = (largest >= size[order] * (1 - TIE)).sum(axis=0)
    stepped = np.maximum.accumulate((1 + beyond) / (1 + len(draws)))
    p = np.empty(len(size))
    p[order] = stepped
    return p


def standardised(observed: Array, draws: Array) -> tuple[Array, Array]:
    """Statistics (m,) and draws (B, m), each column over the root mean square of its draws about zero.

    So t statistics of few effective degrees of freedom, whose draws spread more, do not decide a family's largest, and
    coefficients of treatments in different units can stand in one.
    Raises EstimationError if the draws of some hypothesis do not vary, or none exists.
    """
    spread = np.sqrt(np.square(_checked(observed, draws)).mean(axis=0))
    if not (spread > 0).all():
        raise EstimationError(f"no draw of test {int(np.argmin(spread))} differs from zero: it has no scale")
    return observed / spread, draws / spread


def benjamini_hochberg(p: Array) -> Array:
    """Adjusted p-values (m,): those below q are rejections with a false discovery rate of at most q.

    p₍ᵢ₎·m/i, made monotone from the largest down (Benjamini and Hochberg 1995); valid for independent tests and for
    those that depend positively (Benjamini and Yekutieli 2001).
    Raises EstimationError if a p-value is not within 0 and 1.
    """
    if not ((p >= 0) & (p <= 1)).all():
        raise EstimationError("p-values must lie within 0 and 1")
    return np.asarray(scipy.stats.false_discovery_control(p))


def family(name: str, tests: Mapping[str, Randomisation]) -> pd.DataFrame:
    """One declared family: its members' own p-values beside those that allow for the others.

    Tests of one scheme and seed draw states, years or participants alike, so that their draws are joint; tests of
    different schemes are drawn apart, for which the largest of a draw is that of independent tests.

    `tests`: randomisation tests by member, all of as many draws.
    Returns one row per member, as `FAMILIES`.
    Raises EstimationError if there is no member, or their draws differ in number.
    """
    if not tests:
        raise EstimationError(f"family {name!r} has no test in it")
    counts = {member: len(test.draws) for member, test in tests.items()}
    if len(set(counts.values())) > 1:
        raise EstimationError(f"family {name!r}: tests of different numbers of draws ({counts}); use one number")
    observed = np.array([test.observed for test in tests.values()])
    p = np.array([test.p_value for test in tests.values()])
    scaled = standardised(observed, np.column_stack([test.draws for test in tests.values()]))
    return pd.DataFrame(
        {
            "family": name,
            "member": list(tests),
            "term": [test.term for test in tests.values()],
            "statistic": [test.statistic for test in tests.values()],
            "observed": observed,
            "scheme": [test.scheme for test in tests.values()],
            "draws": list(counts.values()),
            "p_value": p,
            "p_romano_wolf": np.maximum(romano_wolf(*scaled), p),
            "p_benjamini_hochberg": benjamini_hochberg(p),
        }
    )


def _checked(observed: Array, draws: Array) -> Array:
    """Draws that have every statistic."""
    if draws.ndim != 2 or draws.shape[1:] != observed.shape:
        raise EstimationError(f"{observed.shape} statistics beside draws of shape {draws.shape}: they must be (B, m)")
    if not len(draws):
        raise TooFewDraws("a family of tests needs at least 1 draw, and 999 for p-values to be read")
    if not np.isfinite(observed).all():
        raise EstimationError(f"statistic {int(np.argmin(np.isfinite(observed)))} of the family is not a finite number")
    whole = draws[~np.isnan(draws).any(axis=1)]
    if not len(whole):
        raise TooFewDraws(f"none of {len(draws):,} draws has a statistic of every test of the family")
    return whole
