"""Negative controls beside the treatment: quiet where the treatment works and nothing else does, loud where it does."""

from __future__ import annotations

import importlib

import numpy as np
import pandas as pd
import pytest

from detente.base.types import Codes
from detente.stats import Fit
from detente.study.config.claims import Placebo
from detente.study.design import Specification
from detente.study.multiverse import columns_of
from detente.study.multiverse.multiverse import stand_alone
from detente.study.robustness.examining import Record
from detente.study.robustness.negative_controls import examined_models, placebos

from support.designs import CLAIM, specification

WORLDS, STATES, YEARS = 200, 16, np.arange(1990, 2014)
LEAD = Placebo(variable="exercise_any", lag=-1, label="a year after")
OTHER = Placebo(variable="exercise_common_partner", lag=1, label="a partner in common")
ALL = specification().sample


def by_dyad(*controls: Placebo, **changed: object) -> Specification:
    """The claim among all dyads, with errors clustered by dyad, as worlds have no other dependence."""
    claim = CLAIM.model_copy(update={"placebos": controls, **changed})
    return Specification(claim, ALL, "lpm", (), ("dyad",), (1990, 2013), 0.2)


def ties(random: np.random.Generator, dyads: int) -> Codes:
    """Dyads (dyads, years) with no tie (0), with a partner in common (1) or with the treatment (2), which last."""
    state, years = random.integers(0, 3, dyads), []
    for _ in YEARS:
        state = np.where(random.random(dyads) < 0.06, random.integers(0, 3, dyads), state)
        years.append(state)
    return np.stack(years, axis=1)


def world(seed: int, effect: float, threat_on_risk: float = 0.0) -> Record:
    """Onsets that last year's treatment lowers, and a lasting threat raises, which then decides on treatment too."""
    random = np.random.default_rng(seed)
    low, high = np.triu_indices(STATES, 1)
    tie = ties(random, len(low))
    threat = np.cumsum(random.normal(0, 1, tie.shape), axis=1)
    treated = threat > 1 if threat_on_risk else tie == 2
    risk = 0.3 + effect * np.roll(treated, 1, axis=1) + threat_on_risk * np.clip(threat, -3, 3)
    return Record(
        pd.DataFrame(
            {
                "ccode1": np.repeat(low + 2, len(YEARS)),
                "ccode2": np.repeat(high + 2, len(YEARS)),
                "year": np.tile(YEARS, len(low)),
                "in_window": True,
                "exercise_any": treated.astype(float).ravel(),
                "exercise_common_partner": (tie == 1).astype(float).ravel(),
                "onset_gml": (random.random(tie.shape) < risk).astype(float).ravel(),
            }
        ),
        pd.DataFrame(),
        pd.DataFrame(),
    )


def rejects_in_place(record: Record, control: Placebo) -> bool:
    """Whether a negative control rejects that takes the treatment's place."""
    found = stand_alone(record.panel, by_dyad(treatment=control.variable, lag=control.lag))
    return bool(abs(found["estimate"] / found["std_error"]) > 1.98)


@pytest.fixture(scope="module")
def rejections() -> pd.DataFrame:
    """Shares of worlds with an effect of −0.18 in which each control rejects, beside the treatment and in its place."""
    found = []
    for seed in range(WORLDS):
        record = world(seed, effect=-0.18)
        beside = placebos(record.panel, by_dyad(LEAD, OTHER)).set_index("label")["p_value"]
        found += [(p.label, beside[p.label] < 0.05, rejects_in_place(record, p)) for p in (LEAD, OTHER)]
    return pd.DataFrame(found, columns=["label", "beside", "in_place"]).groupby("label").mean()


@pytest.mark.slow
def test_beside_a_treatment_that_works_controls_reject_as_often_as_they_should(rejections: pd.DataFrame) -> None:
    # Two Monte Carlo errors of 200 worlds at 5 %: 3.1 points.
    assert rejections["beside"].between(0.02, 0.081).all(), rejections


@pytest.mark.slow
def test_in_place_of_a_lasting_treatment_they_show_its_own_effect(rejections: pd.DataFrame) -> None:
    assert (rejections["in_place"] > 0.5).all(), rejections


def test_a_lead_finds_what_moves_treatment_and_risk_together() -> None:
    worlds = (world(seed, effect=0.0, threat_on_risk=0.09) for seed in range(20))
    found = [placebos(record.panel, by_dyad(LEAD))["p_value"].iloc[0] < 0.05 for record in worlds]
    assert np.mean(found) > 0.8


def test_a_lead_that_goes_with_the_treatment_in_every_row_does_not_exist_and_says_so() -> None:
    record = world(0, effect=0.0)
    # One dyad has the treatment in every other year, so that two years apart it is the same; the others never change.
    one = record.panel["ccode1"].eq(2) & record.panel["ccode2"].eq(3)
    fixed = record.panel.assign(exercise_any=np.where(one, record.panel["year"] % 2, 0.0))
    row = placebos(fixed, by_dyad(LEAD)).iloc[0]
    assert np.isnan(row["p_value"])
    assert row["failure"].startswith("it does not vary apart from the treatment and the controls (linearly dependent")


def test_the_columns_of_all_that_is_fitted_are_enough_for_negative_controls() -> None:
    record, spec = world(0, effect=0.0), by_dyad(LEAD, OTHER)
    needed = columns_of(examined_models(spec))[spec.claim.unit]
    assert {LEAD.variable, OTHER.variable} <= set(needed)
    kept = record.panel[[name for name in record.panel if name in needed]]
    pd.testing.assert_frame_equal(placebos(kept, spec), placebos(record.panel, spec))


def test_a_negative_control_that_its_covariance_leaves_no_variance_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    record, spec = world(0, effect=0.0), by_dyad(LEAD)
    module = importlib.import_module("detente.study.robustness.negative_controls")
    fitted = module.fit_as_headline

    class Lost:
        def __init__(self, found: Fit) -> None:
            self.nobs, self.events, self.design, self.vcov, self._table = (
                *(found.nobs, found.events, found.design, found.vcov),
                found.table().assign(std_error=np.nan, p_value=np.nan, conf_low=np.nan, conf_high=np.nan),
            )

        def table(self) -> pd.DataFrame:
            return self._table

    monkeypatch.setattr(module, "fit_as_headline", lambda *given: Lost(fitted(*given)))
    row = placebos(record.panel, spec).iloc[0]
    assert np.isfinite(row["estimate"]) and row["failure"] == "the dyad covariance leaves it no variance"
