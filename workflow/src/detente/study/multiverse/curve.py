"""Equivalent specifications of a claim: under treatments re-randomised, together against no effect, without a state."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.errors import EstimationError, NotReproduced, TooFewDraws
from detente.base.numbering import number
from detente.base.numerics import LEVEL, NO_VARIANCE, REPRODUCED_OTHERWISE, TIE, percentiles, share_of_draws
from detente.base.types import Array, Codes, Flags
from detente.stats import ModelFrame
from detente.stats.covariance import totals
from detente.stats.linear import Choice, GroupWithin
from detente.stats.resampling import Scheme, drawn_blocks
from detente.study.design import Specification
from detente.study.multiverse.panels import Panels
from detente.study.multiverse.rows import by_rows
from detente.study.multiverse.schema import JOINT

COLUMNS = tuple(name for name in JOINT.columns if name not in ("claim", "scheme"))
STATISTICS = ("median_t", "share_dominant_sign", "share_significant")


@dataclass(frozen=True)
class Curve:
    """Equivalent specifications S of one claim, in their order.

    estimate (S,); influence (G, S) of each dyad on each estimate, Σ over its rows of residualised treatment times
    residual over the treatment's sum of squares; `low`, `high` (G,) the dyads' states.
    """

    estimate: Array
    influence: Array
    low: Codes
    high: Codes

    def by_state(self, by_dyad: Array) -> Array:
        """Sums (n, S) over the dyads of each of n states, of columns (G, S)."""
        states, ends = number(np.concatenate([self.low, self.high]))
        return totals(np.tile(by_dyad, (2, 1)), ends, len(states))

    def without_states(self) -> Array:
        """Estimates (n, S) without each of n states, to first order: less the influence of the state's dyads."""
        return np.asarray(self.estimate - self.by_state(self.influence))

    @property
    def statistic(self) -> Array:
        """Dyadic t of the estimates, (S,)."""
        return self._studentised(self.estimate, self.influence)

    def under_null(self, draws: int, seed: int) -> Array:
        """Dyadic t (draws, S) were there no effect, each dyad's influence keeping or changing sign as a whole.

        The wild bootstrap by dyad with signs of Rademacher, the same in all specifications (Cameron, Gelbach and Miller
        2008), in its score form (Kline and Santos 2012): for products, which no permutation can draw again.
        """
        rng, made = np.random.default_rng(seed), np.empty((draws, len(self.estimate)))
        for draw, signs in enumerate(2.0 * rng.integers(0, 2, size=(draws, len(self.low))) - 1.0):
            turned = signs[:, None] * self.influence
            made[draw] = self._studentised(turned.sum(axis=0), turned)
        return made

    def _studentised(self, estimate: Array, influence: Array) -> Array:
        """Estimates (S,) over dyadic-robust standard errors from influences (G, S); missing where these are none."""
        dyad = np.square(influence).sum(axis=0)
        variance = np.square(self.by_state(influence)).sum(axis=0) - dyad
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(variance > NO_VARIANCE * dyad, estimate / np.sqrt(variance), np.nan)


def curve(panels: Panels, specs: Sequence[Specification]) -> Curve:
    """Estimates and influence of linear specifications."""
    estimates = np.empty(len(specs))
    found: dict[int, pd.Series] = {}
    for places, choices, design, within in _groups(panels, specs):
        # Groups number their states by themselves: dyads are matched by the codes of their states.
        states = np.union1d(design.factor("side1"), design.factor("side2"))
        dyads = pd.MultiIndex.from_arrays([states[within.group.pairs.low], states[within.group.pairs.high]])
        for i, choice in zip(places, choices, strict=True):
            estimates[i], by_dyad = within.influence(choice)
            found[i] = pd.Series(by_dyad, index=dyads)
    whole = pd.DataFrame(found).sort_index().fillna(0.0)
    low, high = (whole.index.get_level_values(i).to_numpy(dtype=np.int64) for i in (0, 1))
    return Curve(estimates, whole[list(range(len(specs)))].to_numpy(), low, high)


def drawn(panels: Panels, specs: Sequence[Specification], scheme: Scheme, draws: int, seed: int) -> Array:
    """Dyadic t (draws, S) of linear specifications under re-randomised treatments; missing where there is none.

    By Frisch and Waugh (1933): effects are taken off a drawn treatment once for all specifications of the same rows.
    """
    made = np.empty((draws, len(specs)))
    for places, choices, design, within in _groups(panels, specs):
        for treatment in dict.fromkeys(c.treatment for c in choices):
            here = [(i, c) for i, c in zip(places, choices, strict=True) if c.treatment == treatment]
            column = np.ascontiguousarray(within.group.x[:, within.group.names.index(treatment)])
            for start, block in drawn_blocks(scheme.ready(design, column), draws, seed, len(column)):
                for i, found in zip([i for i, _ in here], within.replaced(block, [c for _, c in here]), strict=True):
                    statistic = found.statistic()[: draws - start]
                    made[start : start + len(statistic), i] = statistic
    return made


def agree(found: Array, frame: pd.DataFrame) -> None:
    """Raise NotReproduced if an estimate differs from that of the multiverse by more than 1e-6 standard errors."""
    off = np.abs(found - frame["estimate"].to_numpy()) / frame["std_error"].to_numpy()
    if (off > REPRODUCED_OTHERWISE).any():
        worst = int(np.argmax(off))
        raise NotReproduced(
            f"{frame['spec_id'].iloc[worst]}: its estimate differs from that of the multiverse by {off[worst]:.1e} "
            "standard errors"
        )


def _groups(
    panels: Panels, specs: Sequence[Specification]
) -> Iterator[tuple[list[int], list[Choice], ModelFrame, GroupWithin]]:
    """Places of specifications that share rows, what they are in these, their design, and columns within effects."""
    for rows, places, keep in by_rows(panels, specs):
        group, choices, design = rows.group([specs[i] for i in places], keep)
        yield places, choices, design, GroupWithin.of(group)


def joint_test(observed: Array, draws: Array) -> pd.DataFrame:
    """Three statistics of one specification curve, and how often treatments drawn under the null give as much.

    After Simonsohn, Simmons and Nelson (2020): the median t; the share of estimates of the sign that most have; the
    share that are significant and of that sign. Each draw of the treatment is put through every specification, so that
    the draws hold the dependence among them. All specifications must be of one estimand and of one unit. An estimate is
    significant if its |t| lies beyond the `LEVEL` quantile of its own specification's draws. Estimates themselves would
    not do: draws of an event's participants spread less than estimates whose errors states share.

    `observed`: t statistics (S,) of equivalent specifications. `draws`: (B, S) those of treatments drawn under the
    null, one row per draw; NaN where there is none. Returns one row per statistic of `STATISTICS`, columns `COLUMNS`:
    its value, its mean and central 95 % under the null, and p = (1 + draws as extreme) / (1 + B), B the draws in which
    any specification has a t. The others are `undefined`, and left out, as they would be had they been observed.
    Raises TooFewDraws, EstimationError if there is no such draw, or shapes do not fit.
    """
    observed, draws = np.asarray(observed, dtype=np.float64), np.asarray(draws, dtype=np.float64)
    if draws.ndim != 2 or observed.ndim != 1 or draws.shape[1] != len(observed) or not len(observed):
        raise EstimationError(f"estimates of shape {observed.shape} beside draws of shape {draws.shape}: (S,), (B, S)")
    if not len(draws):
        raise TooFewDraws("a joint test needs at least 1 draw, and 500 for its p-values to be read")
    if not np.isfinite(observed).all():
        raise EstimationError("a specification without a t is no part of the curve: leave it out")
    exist = ~np.isnan(draws).all(axis=1)
    undefined, draws = int((~exist).sum()), draws[exist]
    if not len(draws):
        raise TooFewDraws(f"no specification has a t in any of {undefined:,} draws")
    significant, drawn_significant = beyond_own_draws(observed, draws)
    of_data, of_null = _statistics(observed[None], significant[None]), _statistics(draws, drawn_significant)
    rows = []
    for place, name in enumerate(STATISTICS):
        value, null = float(of_data[0, place]), of_null[:, place]
        p = share_of_draws(np.abs(null) >= abs(value) * (1 - TIE))
        rows.append((name, value, null.mean(), *percentiles(null), p, len(observed), undefined + len(null), undefined))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def beyond_own_draws(observed: Array, draws: Array) -> tuple[Flags, Flags]:
    """Whether statistics (S,) and draws (B, S) lie beyond the `LEVEL` quantile of |draws| of their specification."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        critical = np.nanquantile(np.abs(draws), LEVEL, axis=0)
    return np.abs(observed) > critical, np.abs(draws) > critical


def _statistics(t: Array, significant: Flags) -> Array:
    """Median, share of the dominant sign, and share significant of that sign, (B, 3), of those that exist in a row."""
    count = (~np.isnan(t)).sum(axis=1)
    up, down = (np.nansum(t > 0, axis=1), np.nansum(t < 0, axis=1))
    dominant = np.where(up >= down, 1.0, -1.0)
    same = significant & (np.sign(t) == dominant[:, None])
    return np.column_stack([np.nanmedian(t, axis=1), np.maximum(up, down) / count, same.sum(axis=1) / count])
