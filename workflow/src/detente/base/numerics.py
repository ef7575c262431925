"""Levels, thresholds, tolerances, quantiles and p-values, once."""

import math
from functools import cache
from numbers import Real
from typing import Any, TypeVar

import numpy as np
import scipy

from detente.base.errors import UnknownOption
from detente.base.types import Array

Number = TypeVar("Number", float, Array)

# Intervals, and the two one-sided tests at 5 % whose interval is the 90 % one (Schuirmann 1987).
LEVEL = 0.95
EQUIVALENCE_LEVEL = 0.90
# Levels at which the size of a test is measured.
TEST_LEVELS = (0.01, 0.05, 0.10)
# Level by which a published coefficient counts as significant.
SIGNIFICANT = 0.05
# Chance of finding an effect that is called detectable.
POWER = 0.80
# Share of a column's variance, and of its mean square, at or below which what fixed effects and controls leave of it
# is rounding.
CONSTANT, CONSTANT_SQUARE = 1e-10, 1e-20
# Smallest over largest eigenvalue, or singular value, of columns of length one at which they depend on one another.
SINGULAR = 1e-10
# The same, a constant among them, at or below which they are fitted in an orthogonal basis; squared mean over variance
# above which a column is taken from its mean; share of a column's length beside others at which it depends on them, as
# R's lm has it.
WELL, FAR, INDEPENDENT = 1e-6, 1e6, 1e-7
# Sizes of a column's distances from its mean between which its squares, and theirs, are numbers.
SMALLEST, LARGEST = 1e-60, 1e60
# Share of a variable's size that the two ends of a derivative lie from it: the error is of the order of its square.
DIFFERENCE = 1e-5
# Smallest over largest eigenvalue at which the inverse of cross-products has no correct digit.
UNDETERMINED = 1e-15
# Largest distance of a fit from its reference implementation, relative to size and standard error.
AGREEMENT = 1e-6
# Largest distance of a fit of many from the same fit alone, in standard errors; of two ways to an estimate.
REPRODUCED, REPRODUCED_OTHERWISE = 1e-8, 1e-6
# Statistics this close, relative to their size, are equal: draws that repeat the sample are so but for rounding.
TIE = 1e-9
# Share of the heteroskedastic variance below which a variance is zero but for rounding.
NO_VARIANCE = 1e-6
# Share of the largest eigenvalue below which a negative one is rounding, and no indefinite covariance.
INDEFINITE = 1e-12
# Smallest eigenvalue of the correlations of estimates that are pooled; step at which a search for their spread ends.
DEFINITE, SPREAD = 1e-2, 1e-12
# Relative rounding of a sum of many products.
ROUNDING = 1e-14
# What stands in for zero under a division or a logarithm.
TINY = 1e-300
# A number closer to zero than any that is measured: the bits of a whole number of 64 bits, read as those of another.
MISREAD = 1e-290
# Absorbing: of a dummy's variance, what is left of one that depends on the other dummies is rounding; length of what
# dummies still explain, relative to a column within groups and as it came, at which iteration ends; most iterations.
DEPENDENT, ABSORBED, MOST_ABSORBING = 1e-11, 1e-10, 5000
# Weight of a column, scaled to length one, in a combination of columns that vanishes, below which it is rounding: well
# above the root of the variance at which columns depend on one another.
NOTHING = 1e-4
# Factors of untreated outcomes: share of their length by which a last round moves them; most rounds.
LOW_RANK, MOST_LOW_RANK = 1e-9, 5000
# Length of what pulls at them for a derivative, in standard deviations of residuals.
PULLED = 1e-2
# Of SciPy's LSMR, which absorbs for the reference: error of the residual and of the normal equations; most iterations.
REFERENCE, MOST_REFERENCE = 1e-14, 20_000
# Rows, and levels of the smaller effect, up to which linearmodels' PanelOLS, which holds its dummies in full, is the
# reference: 100,000 by 65 take it 9 s and 0.3 GB.
MOST_PANEL_ROWS, MOST_PANEL_LEVELS = 100_000, 100
# Many models: sizes of the terms of a variance over the variance, and factor by which dependence inflates that of a
# coefficient, up to which products of columns give it to 1e-9.
CANCELLED, INFLATED = 1e6, 1e5
# Share of sums of squares that has to remain without a part of the rows for the part to be taken off sums of all.
REMAINING = 1e-4
# A row whose leverage is this close to one is fitted exactly: its residual says nothing.
EXACT = 1e-9
# Trace of a group's leverage up to which its adjustment is a series; what a term of it adds is nothing below the other.
SERIES, LEAST_TERM = 0.02, 1e-17
# Weight in a combination of columns that vanishes, above which a column is named for it.
BLAMED = 1e-3
# A column is a product of others if it differs from it by no more than rounding, relative to their largest value.
PRODUCT = 1e-9
# A treatment is another in another unit if it differs from a line by no more than rounding, relative to its range.
CONVERTED = 1e-9
# Share of the largest eigenvalue of correlations at or below which another is zero but for rounding, when drawn from.
DRAWN = 1e-12
# Ends of a bootstrap's interval, in standard errors: where each null that is tried costs a fit, and where it does not;
# distance from the estimate beyond which it counts as unbounded, as ties are lost in rounding there.
COARSE, FINE, FARTHEST = 1e-3, 1e-12, 512.0
# Of angles, where Anderson and Rubin's statistic is least, and where it crosses its bound.
LEAST_ANGLE, CROSSING = 1e-12, 1e-15
# Imaginary over real part of a root of a polynomial that is real but for rounding.
REAL = 1e-8
# Share of their mean square at which estimates do not vary but by rounding.
ALIKE = 1e-24
# Newton's method. Squared distances to the maximum, in standard errors: from `CLOSE` one more step is exact but for
# rounding; a search on a part of the rows, or of the groups, ends at `NEAR`, or `NEAR_GROUPS`; last steps begin at
# `NEARER`, and end at `SETTLED`. Most steps, most last ones; shares of a step that are tried in turn.
CLOSE, NEAR, NEAR_GROUPS, NEARER, SETTLED = 1e-12, 1e-2, 1.0, 1e-9, 1e-18
MOST_STEPS, MOST_POLISHES, HALVINGS = 100, 5, tuple(0.5**i for i in range(40))
# The same with effects absorbed, of Firth's estimates, of these with a coefficient held, and of GEE; its most rounds.
SETTLED_ABSORBED, SETTLED_FIRTH, SETTLED_HELD, SETTLED_GEE, MOST_GEE = 1e-16, 1e-20, 1e-14, 1e-20, 300
# Weights that sum to one: gain of another weight, relative to the gradient, at which theirs are those of least squares.
CORNER = 1e-12
# Synthetic controls, relative to the noise of outcomes: penalty of weights that have none of their own, which makes
# them unique and no more; step of Frank and Wolfe at which published software ends.
FAINT, SHORT_STEP = 1e-6, 1e-5
# Step, relative to a quantile of the folded normal distribution, or to the length of an interval, that ends its search.
CRITICAL = 1e-13
# Moments whose regression on one another has a slope this close to one move together but for rounding.
PARALLEL = 1e-12
# Share of the objective by which a step may lower it: rounding.
LOWERED = 1e-12
# Smallest over largest eigenvalue of an information that is singular; share of the largest that no smaller one is less
# than where a step is made.
NO_STEP, LEAST_CURVATURE = 1e-14, 1e-10
# Largest move of a linear predictor that a last step may make: under separation it never falls below it.
STILL = 1e-3
# Standard error of a coefficient times the largest value of its regressor: what lies above is looked into.
DIVERGED = 100.0
# Where the squared distance left is this small, a step that may move a linear predictor this far looks like separation;
# with effects absorbed, where besides each step gains hardly less than the one before.
FLAT, FLAT_ABSORBED, SLOW, LONG = 1e-4, 1e-6, 10.0, 0.5
# Poisson: squared distance, in standard errors, at which a row that a step still moves is separated, the standard error
# of its predictor being above 30; means of rows that link blocks by outcomes of zero alone, which fade until, weighted,
# they link no more.
SEPARATED, FADED = 1e-9, 1e-6
# Sum of a score over the root of its sum of squares, which is zero at a maximum but for rounding.
SCORE_TOLERANCE = 1e-6
# A column whose largest distance from its group means is below this share of its largest value is fixed in groups.
FIXED = 1e-12
# Separation: what is smaller in a direction scaled to at most 1 on regressors scaled to at most 1, and in what that
# gains, is rounding; most linear programs.
ZERO, NOTHING_GAINED, MOST_PROGRAMS = 1e-6, 1e-12, 200
# Hazard below which the curvature of a cloglog is its series.
SMALL_HAZARD = 1e-4
# End of a profile-likelihood interval, and the same relative to it.
END, RELATIVE_END = 1e-10, 1e-12
# Predictions: squared distance to the maximum, in standard errors, and gradient per event, at which their search ends.
PREDICTED = 1e-6
# Scores and calibration are of risks at least this far from 0 and 1; squared distance to the maximum, in standard
# errors, at which the search for the calibration ends; its most steps.
NEAREST, CALIBRATED, MOST_CALIBRATING = 1e-12, 1e-10, 50
# Shortest axis of a partial R² over which contours are drawn.
SHORTEST = 1e-6
# Matching: Mahalanobis distances that differ by less tie; reciprocal condition at which a covariance has no inverse,
# and share of its largest eigenvalue below which its generalised one leaves others out, both as in R: in small sets
# they decide which controls are nearest.
DISTANCE, NO_INVERSE, PSEUDO = 1e-5, 2.220446049250313e-16, 1.4901161193847656e-08
# Covariate balancing scores: relative change at which their minimum is found, most evaluations; largest step of a
# log-odds that may be left.
BALANCED, MOST_BALANCING, UNBALANCED = 1e-14, 5000, 1e-5
# Published tables: gain of a log-likelihood at which the software behind them ends, most steps and halvings of one;
# share of a coefficient by which it moves for a derivative; a number one off in its last digit is relatively near by
# its significant digits, of which at least so many are taken: 0.1 for two.
GAIN, MOST_GAINS, MOST_HALVINGS = 1e-5, 200, 60
STEP = 1e-6
LEAST_DIGITS = 2
# Share of numbers by which ranges of values may miss one another and still meet.
MEETING = 1e-12
# Contract suites: relative distance of estimates, and of standard errors, that are the same; of cross-products of
# scores from the sum over pairs of rows, whose terms cancel.
SAME, SAME_ERROR, SAME_MEAT = 1e-6, 1e-8, 1e-14
# Two builds: numbers may differ by this share of the larger one, which other processors and libraries of linear algebra
# do; those below the second differ as a share of it, so that rounding around zero is no difference.
RELATIVE, FLOOR = 1e-9, 1e-3


@cache
def _critical(df: float, level: float) -> float:
    share = (1 + level) / 2
    return float(scipy.special.ndtri(share) if math.isinf(df) else scipy.special.stdtrit(df, share))


def _check_level(level: float) -> None:
    number = isinstance(level, Real)
    if not number or not 0 <= level < 1:
        raise UnknownOption(
            f"level {f'{level:g}' if number else repr(level)} is not between 0 and 1: that of a 95 % interval is 0.95"
        )


def critical(df: Number, level: float = LEVEL) -> Number:
    """Standard errors on each side of an interval: a quantile of t, or of the normal where `df` is infinite.

    Raises UnknownOption if the level is not from 0 to below 1; at 0 it is 0.
    """
    _check_level(level)
    if isinstance(df, np.ndarray):
        return np.array([_critical(float(each), level) for each in df])
    return _critical(float(df), level)


def two_sided(statistic: Any, df: Any) -> Any:
    """Two-sided p-values of t statistics, of the normal distribution where `df` is infinite."""
    far = -abs(statistic)
    return 2 * np.where(np.isinf(df), scipy.special.ndtr(far), scipy.special.stdtr(df, far))[()]


def chi2_beyond(statistic: float) -> float:
    """P-value of a χ² with one degree of freedom."""
    return float(scipy.special.chdtrc(1, max(statistic, 0.0)))


def power_at(effect: float, df: float) -> float:
    """Chance that a two-sided t test at 5 % rejects no effect, of an effect in true standard errors.

    The statistic has the non-central t distribution, as its standard error is estimated with `df` degrees of freedom.
    """
    least, size = critical(df), abs(effect)
    if math.isinf(df):
        return float(scipy.special.ndtr(size - least) + scipy.special.ndtr(-size - least))
    return float(2 - scipy.special.nctdtr(df, size, least) - scipy.special.nctdtr(df, -size, least))


@cache
def detectable(df: float) -> float:
    """Effect, in standard errors, that a two-sided t test at 5 % finds four times in five (Bloom 1995).

    2.80 for the normal distribution, and by the non-central t more with few degrees of freedom: 3.0 with 16, 3.8 with
    4. Rejections of the wrong sign, fewer than one in 100,000, are left out.
    """
    if math.isinf(df):
        return float(scipy.special.ndtri(POWER)) + critical(df)
    return float(scipy.special.nctdtrinc(df, 1 - POWER, critical(df)))


def interval(estimate: Number, std_error: Number, df: Number, level: float = LEVEL) -> tuple[Number, Number]:
    """Lower and upper end of an interval, of numbers or of arrays."""
    margin = critical(df, level) * std_error
    return estimate - margin, estimate + margin


def percentiles(draws: Array, level: float = LEVEL) -> Array:
    """Ends (2, …) of the central interval of draws (B, …); raises UnknownOption as `critical`."""
    _check_level(level)
    return np.asarray(np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0))


def share_of_draws(beyond: Any) -> float:
    """P-value by redrawn treatments: the share of draws (B,) that are `beyond`, the observed one counted among them."""
    return float(1 + np.sum(beyond)) / (1 + len(beyond))


def monte_carlo_error(share: float, draws: int) -> float:
    """Standard error of a share of simulated draws."""
    return float(np.sqrt(share * (1 - share) / draws))
