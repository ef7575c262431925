"""The known power of the exercise design, from the participants and the contiguity that the independent count had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from detente.stats.covariance import number_dyads, sandwich
from detente.stats.linear.absorb import absorber
from detente.study.design import DURATION_UNIT_YEARS

from support.known import DYAD_YEAR, Record

pytestmark = pytest.mark.record


# Controls that the model of the independent count may have held.
PEACE = ("peace", "peace_2", "peace_3")
EARLIER = ("rivalry", "democracy_low", "capability_ratio", "major_power", "defence_pact")
WITH_RIVALRY = ("rivalry_lag2",)
ALL = (*PEACE, *(f"{name}_lag2" for name in EARLIER))


@pytest.fixture(scope="module")
def rows(record: Record, derived: pd.DataFrame) -> pd.DataFrame:
    """The panel with the independent count's exercises, and controls two years before."""
    frame = record.panel.merge(derived, on=DYAD_YEAR, how="left")
    dyads = frame.groupby(["ccode1", "ccode2"])
    follows = dyads["year"].shift(2) == frame["year"] - 2
    peace = frame["peace_years"] / DURATION_UNIT_YEARS
    return frame.assign(
        any=frame["smallest"].notna().astype(float),
        bilateral=(frame["smallest"] == 2).astype(float),
        **{f"{name}_lag2": dyads[name].shift(2).where(follows) for name in EARLIER},
        **{name: peace**power for power, name in enumerate(PEACE, 1)},
    )


def detectable_share(
    rows: pd.DataFrame, treatment: str, outcome: str = "onset_gml", controls: Sequence[str] = (), kind: str = "dyadic"
) -> float:
    """MDE over base risk, in per cent: LPM of the outcome on last year's treatment, dyad and year effects."""
    earlier = rows.groupby(["ccode1", "ccode2"])[[treatment, "year"]].shift()
    present = (earlier["year"] == rows["year"] - 1) & rows[[outcome, *controls]].notna().all(axis=1)
    used = rows[present]
    pairs = number_dyads(used["ccode1"].to_numpy(), used["ccode2"].to_numpy())
    data = np.column_stack([used[outcome], earlier.loc[used.index, treatment], used[list(controls)]])
    within = absorber([pairs.dyad, used["year"].to_numpy()], len(data)).residual(data)
    y, x = within[:, 0], within[:, 1:]
    bread = np.linalg.inv(x.T @ x)
    scores = x * (y - x @ (bread @ x.T @ y))[:, None]
    error = sandwich(kind, scores, bread, pairs).std_errors[0]
    # As the independent count has it: 1.96 + 0.84 standard errors.
    return 100 * 2.8 * float(error) / float(used[outcome].mean())


def test_the_known_detectable_effect_of_exercises(rows: pd.DataFrame, narrow: pd.DataFrame) -> None:
    relevant = rows[narrow["relevant"].to_numpy()]
    # Independent count: "MDE with dyad + year FE is 37 % of base risk among relevant dyads".
    assert round(detectable_share(relevant, "any")) == 37
    # "and 143 % for bilateral exercises only": not met, we find 168 %.
    assert round(detectable_share(relevant, "bilateral")) == 168


@dataclass(frozen=True)
class Variant:
    """A change to the model, and what it makes of any exercise and of bilateral ones."""

    any: int
    bilateral: int
    sample: str = "relevant"
    outcome: str = "onset_gml"
    controls: tuple[str, ...] = ()
    kind: str = "dyadic"


# Computed, as docs/known-answers.md prints them. Known: 37 and 143.
VARIANTS = {
    "cubic of peace years": Variant(34, 162, controls=PEACE),
    "rivalry": Variant(38, 153, controls=WITH_RIVALRY),
    "all controls": Variant(35, 151, controls=ALL),
    "continuing years as zeros": Variant(37, 156, outcome="new_gml"),
    "continuing years as zeros, rivalry": Variant(38, 141, outcome="new_gml", controls=WITH_RIVALRY),
    "continuing years as zeros, all controls": Variant(36, 138, outcome="new_gml", controls=ALL),
    "COW disputes": Variant(37, 162, outcome="onset_cow"),
    "clustered by dyad": Variant(36, 82, kind="dyad"),
    "contiguous": Variant(31, 144, sample="contiguous"),
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS.keys())
def test_no_simple_variant_gives_both_known_numbers(variant: Variant, rows: pd.DataFrame, narrow: pd.DataFrame) -> None:
    sample = rows[narrow[variant.sample].to_numpy()]
    found = [
        round(detectable_share(sample, treatment, variant.outcome, variant.controls, variant.kind))
        for treatment in ("any", "bilateral")
    ]
    assert found == [variant.any, variant.bilateral] != [37, 143]
