"""Placebo treatments: the size of a test on the rows at hand, and a p-value and an interval that hold it.

Outcomes, controls and fixed effects stay as they were observed, and the treatment is drawn again in ways that cannot
have an effect: a network of alliances given to other states, say. How often a test rejects is its size on this record.
"""

from dataclasses import dataclass, field

import numpy as np

from detente.base.errors import TooFewDraws
from detente.base.numerics import FINE, LEVEL, TIE, share_of_draws, two_sided
from detente.base.types import Array
from detente.stats.fitting import Fit
from detente.stats.linear.replaced import Replaced
from detente.stats.resampling.randomisation import Scheme, replacements
from detente.stats.resampling.resampling import not_rejected


@dataclass(frozen=True)
class Placebos:
    """An estimate of `term` beside those of B placebo treatments in its place.

    `statistic` is its dyadic t; `observed` and `drawn` hold estimates of one and of B treatments, for two outcomes: the
    model's own, and the treatment as it was observed.
    """

    term: str
    scheme: str
    flags: tuple[str, ...]
    statistic: float
    observed: Replaced = field(repr=False)
    drawn: Replaced = field(repr=False)

    @property
    def draws(self) -> int:
        """Placebo treatments, B."""
        return len(self.drawn.df)

    @property
    def undefined(self) -> int:
        """Those left out for want of a t: they do not vary, or their dyadic variance is not positive."""
        return int(np.isnan(self.drawn.statistic()).sum())

    @property
    def estimate(self) -> float:
        """Of the observed treatment."""
        return float(self.observed.estimate[0, 0])

    @property
    def std_error(self) -> float:
        """Its dyadic-robust standard error, before any repair."""
        return float(np.sqrt(self.observed.dyadic[0, 0, 0]))

    @property
    def p_value(self) -> float:
        """Of no effect: the share of placebos, the observed treatment among them, whose |t| is as large."""
        return self.p_of(0.0)

    def p_of(self, null: float) -> float:
        """P-value of an effect of `null` on every unit: as of none, once it is taken off outcomes of treated rows."""
        drawn = self.drawn.statistic(null)
        beyond = np.abs(drawn) >= abs(float(self.observed.statistic(null)[0])) * (1 - TIE)
        return share_of_draws(beyond[~np.isnan(drawn)])

    def conf_int(self, level: float = LEVEL) -> tuple[float, float]:
        """The effects that are not rejected at 1 − level, infinite where nothing bounds them."""
        return not_rejected(self.p_of, self.estimate, self.std_error, FINE * self.std_error, level)

    def p_of_draws(self, vcov: str, df: float | None = None) -> Array:
        """P-values that a test gives the placebos that have a t.

        `vcov`: "dyadic", or "dyad", clustered by dyad with the factor G/(G − 1) of its `df` = G − 1. `df`: degrees of
        freedom, the effective ones of each placebo if None.
        """
        statistic = self.drawn.statistic()
        exists = ~np.isnan(statistic)
        if vcov == "dyad":
            assert df is not None
            estimate, _, dyad = self.drawn.along()
            statistic = estimate / np.sqrt(dyad * (df + 1) / df)
        degrees = self.drawn.df if df is None else np.full(self.draws, df)
        return np.asarray(two_sided(statistic[exists], degrees[exists]))


def placebo_test(fit: Fit, scheme: Scheme, *, term: str | None = None, draws: int = 1999, seed: int = 0) -> Placebos:
    """Put placebo treatments, drawn by a scheme such as `state_labels`, in the place of the LPM's own.

    The test of an effect β is that of no effect on the outcome less β times the treatment (Rosenbaum 2002), by the
    dyadic t; the interval holds the β that it does not reject. Placebos without a t are left out, as there.
    Raises as `randomisation_test`.
    """
    found = replacements(fit, scheme, term=term, draws=draws, seed=seed, on_treatment=True)
    made = Placebos(found.term, scheme.name, found.flags, found.observed_t, found.observed, found.drawn)
    if made.undefined == draws:
        raise TooFewDraws(f"none of {draws:,} placebos varies within effects and controls and has a positive variance")
    return made
