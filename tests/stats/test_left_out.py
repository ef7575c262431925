"""A linear model without some dyads, by what they add to sums: the fit of the others, or none where digits are lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from detente.base.types import Array, Flags
from detente.stats import Fit, ModelFrame, fit, left_out, subset, with_fixed_effects
from detente.stats.linear import Remaining, without_dyads
from detente.stats.registry import get

from support.worlds import dyadic_design, studied


def of_states(design: ModelFrame) -> list[Flags]:
    states = np.union1d(design.side1, design.side2)
    return [np.asarray((design.side1 == s) | (design.side2 == s)) for s in states]


def found(whole: Fit, parts: Sequence[Flags]) -> list[Remaining | None]:
    return list(without_dyads(whole.design, whole.solution, whole.vcov.kind, parts))


def check(whole: Fit, part: Flags, made: Remaining) -> None:
    """What remains is what a fit gives, to 1e-8 standard errors."""
    alone = fit(subset(whole.design, np.flatnonzero(~part)), vcov=whole.vcov.kind)
    place = alone.solution.treatment
    error = whole.std_errors[place]
    assert abs(made.estimate - alone.estimate[place]) < 1e-8 * error
    assert made.df == pytest.approx(alone.df[place], rel=1e-8)
    assert made.std_error == pytest.approx(alone.std_errors[place], abs=1e-8 * error, nan_ok=True)
    assert (made.error is None) == bool(np.isfinite(alone.std_errors[place]))


@pytest.mark.parametrize("effects", [("dyad",), ("dyad", "year"), ("dyad", "year", "wave")])
@pytest.mark.parametrize("gaps", [True, False])
def test_what_remains_is_a_fit_of_it(effects: tuple[str, ...], gaps: bool) -> None:
    design = dyadic_design(states=14, years=7, gaps=gaps)
    made = studied("lpm", design).fixed_effects
    wave = np.random.default_rng(5).integers(0, 3, len(design.y))
    codes = {"dyad": made["dyad"], "year": made["year"], "wave": wave}
    whole = fit(replace(design, fixed_effects={name: codes[name] for name in effects}))
    parts = of_states(whole.design)
    parts.append(parts[0] | parts[3])
    for part, remaining in zip(parts, found(whole, parts), strict=True):
        assert remaining is not None
        check(whole, part, remaining)


def test_directed_dyads_are_left_out_both_ways_or_not_at_all() -> None:
    design = dyadic_design(states=12, years=6)
    both = replace(
        design,
        y=np.r_[design.y, design.y[::-1]],
        x=np.r_[design.x, design.x + np.random.default_rng(2).normal(size=design.x.shape)],
        side1=np.r_[design.side1, design.side2],
        side2=np.r_[design.side2, design.side1],
        time=np.r_[design.time, design.time],
        rows=None,
    )
    one, other = both.side1, both.side2
    effects = {"directed": one * 1000 + other, "year": both.time}
    whole = fit(replace(both, fixed_effects=effects))
    parts = of_states(whole.design)
    for part, made in zip(parts, found(whole, parts), strict=True):
        assert made is not None
        check(whole, part, made)
    assert found(whole, [np.asarray((one == one[0]) & (other == other[0]))]) == [None]


def test_years_that_go_with_a_state_and_rows_alone_are_taken_care_of() -> None:
    design = dyadic_design(states=14, years=7, gaps=False)
    first = design.side1.min()
    # The first year is that state's alone; a dyad of two others has one row.
    mine = (design.side1 == first) | (design.side2 == first)
    dyad = design.pairs.dyad
    single = dyad == dyad[~mine][0]
    kept = np.flatnonzero((mine | (design.time > design.time.min())) & (~single | (design.time == design.time.max())))
    whole = fit(studied("lpm", subset(design, kept)))
    assert whole.solution.silent is not None
    parts = of_states(whole.design)
    for part, made in zip(parts, found(whole, parts), strict=True):
        assert made is not None
        check(whole, part, made)


def changed(design: ModelFrame, column: int, values: Array) -> ModelFrame:
    x = design.x.copy()
    x[:, column] = values
    return replace(design, x=x)


def test_where_digits_would_be_lost_or_a_fit_differs_the_rest_is_fitted() -> None:
    design = studied("lpm", dyadic_design(states=10, years=6))
    parts = of_states(design)
    noise = np.random.default_rng(3).normal(size=len(design.y))
    # A control, and then the treatment, that varies in dyads of the first state alone; two that differ there alone.
    own = fit(changed(design, 1, np.where(parts[0], noise, 0.0)))
    assert [made is None for made in found(own, parts)][:2] == [True, False]
    driven = fit(changed(design, 0, np.where(parts[0], noise, 0.0)))
    first = next(left_out(driven, parts))
    assert "does not vary" in str(first.error) and np.isnan(first.estimate)
    alike = fit(changed(design, 1, np.where(parts[0], noise, design.x[:, 2])))
    assert found(alike, parts)[0] is None
    assert "linearly dependent" in str(next(left_out(alike, parts)).error)
    # Part of a dyad's rows; all states but four; a year of one row.
    whole = fit(design)
    assert found(whole, [design.time == design.time.min()]) == [None]
    few = np.logical_or.reduce(parts[:6])
    assert found(whole, [few]) == [None]
    assert "4 states" in str(next(left_out(whole, [few])).error)
    last = design.time == design.time.max()
    kept = np.flatnonzero(~last | parts[0] | (np.cumsum(last & ~parts[0]) == 1))
    assert found(fit(subset(design, kept)), parts)[0] is None


@pytest.mark.parametrize("vcov", ["dyad", "jackknife", "dyadic(df=states)"])
def test_under_other_covariances_it_is_fitted(vcov: str) -> None:
    whole = fit(with_fixed_effects(dyadic_design(states=9, years=5), get("lpm")), vcov=vcov)
    part = of_states(whole.design)[2]
    (made,) = left_out(whole, [part])
    alone = fit(subset(whole.design, np.flatnonzero(~part)), vcov=vcov)
    assert (made.estimate, made.df, made.std_error) == (alone.estimate[0], alone.df[0], alone.std_errors[0])
