"""Calibration on the record: placebo networks are of the claim's own treatment, and tests keep their size on them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import IndefiniteCovariance, UnsuitableTreatment
from detente.base.numerics import TEST_LEVELS, monte_carlo_error
from detente.report.tables.calibration import RULES as LABELS
from detente.report.tables.calibration import calibrated, sizes
from detente.stats.fitting import Fit, fit
from detente.stats.frame import ModelFrame
from detente.stats.resampling import placebo_test, state_labels
from detente.study.config.project import load_project
from detente.study.robustness.calibration import RULES, calibrate
from detente.study.robustness.frames import CALIBRATION, SIZES

from support.builders import REPOSITORY
from support.exhibit_fixtures import of_frames

CLAIM = load_project(REPOSITORY).claims.claims["defence_pact"]


def world(seed: int, states: int = 30, years: int = 6) -> ModelFrame:
    """A treatment that a few states share with many, an outcome with shocks to states, and no effect."""
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(states, 1)
    a, b = np.repeat(first, years) + 2, np.repeat(second, years) + 2
    year = np.tile(np.arange(years) + 1990, len(first))
    open_to = rng.random(states) ** 2
    start = rng.integers(0, 2 * years, size=len(first))
    tied = np.repeat(rng.random(len(first)) < open_to[first] + open_to[second] - 0.4, years)
    treatment = (tied & (year - 1990 >= np.repeat(start, years))).astype(float)
    shock = rng.normal(size=(states, years)) * rng.choice([1.0, 3.0], size=states)[:, None]
    y = shock[a - 2, year - 1990] + shock[b - 2, year - 1990] + rng.normal(size=len(a))
    effects = {"dyad": np.repeat(np.arange(len(first)), years), "year": year}
    return ModelFrame(y, treatment[:, None], ("treatment",), a, b, year, fixed_effects=effects)


def panel_of(design: ModelFrame) -> pd.DataFrame:
    """The panel whose lagged treatment is the design's."""
    keys = {"ccode1": design.side1, "ccode2": design.side2, "year": np.asarray(design.time) - CLAIM.lag}
    return pd.DataFrame({**keys, CLAIM.treatment: design.treatment})


@pytest.fixture(scope="module")
def model() -> Fit:
    return fit(world(1))


def test_a_claim_is_set_beside_placebo_networks_of_its_own_treatment(model: Fit) -> None:
    found = calibrate(model, CLAIM, panel_of(model.design), seed=5, draws=200)
    row, table = CALIBRATION.validated(found["calibration"]).iloc[0], SIZES.validated(found["sizes"])
    made = placebo_test(model, state_labels(strata=dict.fromkeys(range(2, 32), 0)), draws=200, seed=5)
    # All states of the world are of one region, the Americas.
    assert (row["p_value"], row["undefined"]) == (made.p_value, made.undefined)
    assert (row["conf_low"], row["conf_high"]) == made.conf_int()
    assert row["estimate"] == pytest.approx(model.estimate[0])
    assert row["df"] == pytest.approx(model.df[0])
    assert list(zip(table["vcov"], table["level"], strict=True)) == [(r, a) for r in RULES for a in TEST_LEVELS]
    assert (table["draws"] == 200 - made.undefined).all()
    ours = table.set_index(["vcov", "level"])["size"]
    assert ours["dyadic", 0.05] == np.mean(made.p_of_draws("dyadic") <= 0.05)
    assert ours["dyadic(df=states)", 0.05] == np.mean(made.p_of_draws("dyadic", 29) <= 0.05)
    assert ours["dyad", 0.10] == np.mean(made.p_of_draws("dyad", len(model.design.pairs.low) - 1) <= 0.10)


@pytest.mark.fault("fits")
def test_a_product_is_no_network(model: Fit) -> None:
    claims = load_project(REPOSITORY).claims.claims
    moderated = next(claim for claim in claims.values() if claim.moderator is not None)
    assert moderated.moderator is not None
    said = f"the product of {moderated.treatment} and {moderated.moderator.variable}, and no network of the one"
    with pytest.raises(UnsuitableTreatment, match=said):
        calibrate(model, moderated, panel_of(model.design), seed=5, draws=20)


@pytest.mark.slow
def test_where_networks_are_as_good_as_random_the_calibrated_test_has_its_size() -> None:
    """Networks whose states are anyone, and 300 worlds: Monte Carlo error 1.3 points at 5 %, three of them allowed."""
    p = []
    for seed in range(300):
        try:
            p.append(placebo_test(fit(world(seed)), state_labels(), draws=99, seed=seed).p_value)
        except IndefiniteCovariance:
            continue
    assert len(p) > 280
    size = float(np.mean(np.array(p) <= 0.05))
    assert size == pytest.approx(0.05, abs=3 * monte_carlo_error(0.05, len(p)))


def test_tables_show_each_rule_and_what_has_no_bound() -> None:
    assert tuple(LABELS) == RULES
    ledger = pd.DataFrame(
        [{"claim": "a", "label": "Pact", "estimate": 0.01, "conf_low": -0.01, "conf_high": 0.03, "p_value": 0.2}]
    )
    row = {"claim": "a", "estimate": 0.01, "df": 8.25, "conf_low": -np.inf, "conf_high": 0.04, "p_value": 0.31}
    row |= {"undefined": 12, "draws": 2000}
    table = calibrated(of_frames(calibration=pd.DataFrame([row]), ledger=ledger))
    assert table.rows[0].label == "Pact"
    assert table.rows[0].cells[1:] == ("8.2", "−10.00 to 30.00", "0.200", "no bound to 40.00", "0.310", "12")
    assert "2,000 times" in table.notes[0]
    each = [(rule, level, level + 0.012, 0.004) for rule in RULES for level in TEST_LEVELS]
    frame = pd.DataFrame(each, columns=["vcov", "level", "size", "size_error"]).assign(claim="a")
    shown = sizes(of_frames(sizes=frame, ledger=ledger))
    assert [r.label for r in shown.rows] == ["Pact", *LABELS.values()]
    assert shown.rows[1].cells == ("2.2% (0.4)", "6.2% (0.4)", "11.2% (0.4)")
