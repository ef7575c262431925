"""Claims beside designs for treatments that switch: what the panel holds, what each design finds, what none has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import choices
from detente.study.config import Claim, Contrast, DesignName
from detente.study.config.claims import Moderator
from detente.study.design import Specification, build_design
from detente.study.robustness import DESIGNS, Extent, Record, examine
from detente.study.robustness.beside import beside, designs_of, switching
from detente.study.robustness.frames import DESIGN_EFFECTS, DESIGNS_COMPARED

from support.builders import change
from support.configured import CLAIMS_FILE, refusal
from support.designs import CLAIM, control, specification

STATES, YEARS = 14, np.arange(1980, 2010)
EFFECT = -0.25
ALL = specification().sample
LASTING = ("event_study", "staggered")
ENDS = ("matching_ends", "carry_over")


def record(seed: int = 1, *, lasting: bool = False, noise: float = 0.0, size: float = 1.0) -> pd.DataFrame:
    """Dyads whose treatment begins, and ends unless it lasts; the outcome follows from dyad, year and last year."""
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(STATES, 1)
    units, shape = len(low), (len(low), len(YEARS))
    start = rng.integers(7, 24, units)
    end = np.full(units, 99) if lasting else start + rng.integers(6, 12, units)
    start[: units // 3] = 99
    at = np.arange(len(YEARS))
    treated = (at >= start[:, None]) & (at < end[:, None])
    last = np.c_[np.zeros(units, bool), treated[:, :-1]]
    outcome = rng.random(units)[:, None] + rng.random(len(YEARS)) + EFFECT * last + noise * rng.standard_normal(shape)
    keys = {"ccode1": np.repeat(low + 2, len(YEARS)), "ccode2": np.repeat(high + 2, len(YEARS))}
    columns = {"exercise_any": size * treated, "onset_gml": outcome, "rivalry": rng.random(shape)}
    made = pd.DataFrame({**keys, "year": np.tile(YEARS, units), "in_window": True})
    return made.assign(**{name: values.astype(float).ravel() for name, values in columns.items()})


def spec(**changes: object) -> Specification:
    claim = CLAIM.model_copy(update={"placebos": (), **changes})
    return Specification(claim, ALL, "lpm", (), ("dyadic",), (1980, 2009), 0.2)


def found(panel: pd.DataFrame, of: Specification) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frames of a claim, as its examination writes them, rows by design."""
    made = beside(panel, of, build_design(panel, of), seed=0)
    assert tuple(made) == ("designs", "design_effects")
    rows, effects = DESIGNS_COMPARED.validated(made["designs"]), DESIGN_EFFECTS.validated(made["design_effects"])
    return rows.set_index("design"), effects


def test_every_design_that_a_claim_may_name_is_declared_in_the_same_order() -> None:
    assert tuple(DESIGNS) == get_args(DesignName)
    assert len({design.label for design in DESIGNS.values()}) == len(DESIGNS)


# The panel


def test_the_outcome_is_known_in_the_headlines_observations_alone_and_the_treatment_wherever_it_is_on_record() -> None:
    panel = record(noise=0.1)
    ongoing = (panel["ccode1"] == 2) & panel["year"].between(1990, 1992)
    panel.loc[ongoing, "onset_gml"] = np.nan
    of = replace(spec(), window=(1985, 2005))
    design = build_design(panel, of)
    made = switching(panel, of, design)
    assert made.names == ("onset_gml", "exercise_any_lag1")
    assert np.array_equal(made.periods, YEARS)
    assert int((~np.isnan(made.outcome)).sum()) == len(design.y)
    assert np.isnan(made.outcome[:, (YEARS < 1985) | (YEARS > 2005)]).all()
    assert np.isnan(made.outcome[made.sides[0] == 2][:, (YEARS >= 1990) & (YEARS <= 1992)]).all()
    before = panel.pivot_table(index=["ccode1", "ccode2"], columns="year", values="exercise_any").to_numpy()
    assert np.array_equal(made.treatment[:, 1:], before[:, :-1]) and np.isnan(made.treatment[:, 0]).all()


def test_dyads_that_the_headline_never_observes_are_no_units_and_covariates_are_as_the_claim_has_them() -> None:
    panel = record(noise=0.1)
    panel.loc[panel["ccode2"] == 5, "onset_gml"] = np.nan
    changing, fixed = control("rivalry", years=2), control("ccode1", role="geography", years=0)
    of = replace(spec(), controls=(changing, fixed))
    made = switching(panel, of, build_design(panel, of))
    assert made.units == STATES * (STATES - 1) // 2 - int((panel["ccode2"] == 5).sum() / len(YEARS))
    assert list(made.covariates) == ["rivalry_lag2"]
    one = panel[(panel["ccode1"] == 2) & (panel["ccode2"] == 3)]["rivalry"].to_numpy()
    assert np.array_equal(made.covariates["rivalry_lag2"][0, 2:], one[:-2])


def test_directed_dyads_are_units_of_their_own() -> None:
    panel = record(noise=0.1)
    turned = panel.assign(ccode1=panel["ccode2"], ccode2=panel["ccode1"])
    both = pd.concat([panel, turned]).sort_values(["ccode1", "ccode2", "year"], ignore_index=True)
    of = spec(directed=True)
    made = switching(both, of, build_design(both, of))
    assert made.units == STATES * (STATES - 1) and len(np.unique(made.pairs.dyad)) == made.units // 2


def test_a_treatment_is_in_units_of_its_contrast() -> None:
    contrast = Contrast(between=(0.0, 3.0), said="none and three")
    of = spec(contrast=contrast)
    panel = record(size=3.0)
    assert switching(panel, of, build_design(panel, of)).binary
    rows, _ = found(panel, of)
    plain, _ = found(record(), spec())
    assert rows["estimate"].to_numpy() == pytest.approx(plain["estimate"].to_numpy(), abs=1e-9, nan_ok=True)


# What designs find


def test_without_noise_every_design_finds_the_effect_and_ends_undo_it() -> None:
    panel = record()
    rows, effects = found(panel, spec())
    # The first lagged treatment is that of the first year, the last that of the last but one.
    lagged = panel[panel["year"] < YEARS[-1]].groupby(["ccode1", "ccode2"])["exercise_any"]
    ends = int((lagged.diff() == -1).sum())
    for name, design in DESIGNS.items():
        if name in LASTING:
            assert np.isnan(rows.loc[name, "estimate"]) and f"ends {ends} times in" in rows.loc[name, "failure"]
        elif not name.startswith("matching"):
            assert rows.loc[name, "estimate"] == pytest.approx(design.sign * EFFECT, abs=1e-9), name
    right = effects["design"].map(lambda name: DESIGNS[name].sign * EFFECT).where(effects["horizon"] >= 0, 0.0)
    exact = ~(effects["design"].str.startswith("matching") & (effects["horizon"] > 0))
    assert effects.loc[exact, "estimate"].to_numpy() == pytest.approx(right[exact].to_numpy(), abs=1e-9)
    # Later, matched dyads may start or end as well, and the difference is less.
    later = effects[~exact]
    assert (later["estimate"].abs() < abs(EFFECT)).all() and (later["estimate"] * right[~exact] > 0).all()


def test_a_treatment_that_never_ends_has_the_designs_that_need_one_and_none_of_ends() -> None:
    rows, effects = found(record(lasting=True), spec())
    for name in (*LASTING, "imputation", "first_switches", "twfe"):
        assert rows.loc[name, "estimate"] == pytest.approx(EFFECT, abs=1e-9), name
    for name in ENDS:
        assert np.isnan(rows.loc[name, "estimate"]) and "never switches off" in rows.loc[name, "failure"]
    assert set(effects["design"]) == set(DESIGNS) - set(ENDS)


def test_all_effects_run_from_the_first_year_of_the_lagged_treatment_to_the_fourth_after_it() -> None:
    _, effects = found(record(lasting=True, noise=0.2), spec())
    horizons = effects.groupby("design")["horizon"].agg(list)
    before = {"imputation": [-3, -2, -1]}
    for name in ("event_study", "matching", "imputation", "first_switches", "staggered"):
        assert horizons[name] == [*before.get(name, [-4, -3, -2]), *range(5)], name
    assert horizons["twfe"] == [0]


def test_an_average_is_that_of_its_years_with_its_interval_and_tests() -> None:
    rows, effects = found(record(seed=5, noise=0.2), spec())
    for name in ("matching", "imputation", "first_switches", "matching_ends", "carry_over"):
        mine, row = effects[(effects["design"] == name) & (effects["horizon"] >= 0)], rows.loc[name]
        assert row["estimate"] == pytest.approx(mine["estimate"].mean(), rel=1e-12)
        assert row["conf_low"] < row["estimate"] < row["conf_high"] and 0 < row["p_value"] <= 1
        assert abs(row["estimate"] - DESIGNS[name].sign * EFFECT) < 3 * row["std_error"], name
        assert row["switches"] == mine["treated"].iloc[0] and row["fewest"] == mine["treated"].min() > 0
        assert np.isfinite(row["placebo_p"]) == (name != "carry_over")
        assert row["vcov"] == "dyadic" and row["failure"] == ""
    assert 0 <= rows.loc["twfe", "share_negative"] < 1 and rows.loc["twfe", "sum_negative"] <= 0
    assert rows.drop("twfe")["share_negative"].isna().all()


def test_a_covariance_that_leaves_no_variance_is_said_beside_the_estimate() -> None:
    rows, effects = found(record(seed=1, noise=0.2), spec())
    row, mine = rows.loc["matching_ends"], effects["design"] == "matching_ends"
    assert row["estimate"] == pytest.approx(effects.loc[mine & (effects["horizon"] >= 0), "estimate"].mean(), rel=1e-12)
    assert np.isnan(row["p_value"]) and row["failure"] == "the dyadic covariance leaves the average effect no variance"


# What a claim cannot have


@pytest.mark.fault("fits")
def test_a_treatment_with_levels_has_the_design_that_takes_them_and_others_say_why() -> None:
    panel = record(noise=0.1)
    levels = panel["exercise_any"] * (1 + panel["ccode1"] % 2)
    rows, effects = found(panel.assign(exercise_any=levels), spec())
    assert set(effects["design"]) == {"first_switches"} and np.isfinite(rows.loc["first_switches", "estimate"])
    assert rows.loc["first_switches", "estimand"].endswith("per unit of treatment")
    others = rows.drop("first_switches")
    assert others["failure"].str.contains("'exercise_any_lag1' has values other than 0 and 1").all()


@pytest.mark.fault("fits")
def test_a_claim_about_a_moderator_has_no_design_and_says_why() -> None:
    of = spec(moderator=Moderator(variable="rivalry", lag=2, label="Rivalry"))
    rows, effects = found(record(noise=0.1), of)
    assert len(rows) == len(DESIGNS) and rows["estimate"].isna().all() and effects.empty
    assert rows["failure"].str.startswith("the claim is about how an effect changes with a moderator").all()


@pytest.mark.fault("fits")
def test_a_panel_that_is_too_short_loses_the_designs_that_need_more_years_and_no_others() -> None:
    panel = record(noise=0.1, lasting=True)
    short = panel[panel["year"].between(1990, 1997)].reset_index(drop=True)
    rows, _ = found(short, spec())
    assert "need 9 periods, and the panel has 8" in rows.loc["matching", "failure"]
    assert np.isfinite(rows.loc[["twfe", "first_switches"], "estimate"]).all()


def test_a_claim_names_the_designs_that_it_wants() -> None:
    assert designs_of(CLAIM) == tuple(DESIGNS)
    rows, _ = found(record(noise=0.1), spec(designs=("imputation", "twfe")))
    assert list(rows.index) == ["twfe", "imputation"]
    rows, effects = found(record(noise=0.1), spec(designs=()))
    assert rows.empty and effects.empty


def test_an_examination_has_the_designs_of_its_claim() -> None:
    panel = record(noise=0.2)
    of = spec(designs=("twfe", "imputation", "staggered"))
    made = examine(Record(panel, pd.DataFrame(), pd.DataFrame()), of, 3, 4, Extent(parts=("designs",)))
    assert made.failures.empty and list(made.designs["design"]) == ["twfe", "imputation", "staggered"]
    again, effects = found(panel, of)
    assert made.designs["estimate"].to_numpy() == pytest.approx(again["estimate"].to_numpy(), nan_ok=True)
    assert len(made.design_effects) == len(effects)


# Configuration


@pytest.mark.fault("configuration")
def test_a_design_that_is_not_known_is_refused_with_its_line(copied: Path) -> None:
    old = "    controls: [rivalry, democracy, capability_ratio, major_power, defence_pact, contiguity"
    at = change(copied / CLAIMS_FILE, old, f"    designs: [twfe, matchin]\n{old}")
    fault = f"'matchin' is not known; {choices('matchin', get_args(DesignName))}"
    assert fault.endswith("nearest: 'matching'")
    assert refusal(copied) == f"ConfigError: {CLAIMS_FILE}:{at} › claims › exercise › designs › 1: {fault}"


@pytest.mark.fault("configuration")
def test_a_design_that_is_named_twice_is_refused(copied: Path) -> None:
    old = "    controls: [rivalry, democracy, capability_ratio, major_power, defence_pact, contiguity"
    change(copied / CLAIMS_FILE, old, f"    designs: [twfe, twfe]\n{old}")
    assert refusal(copied).endswith("claims › exercise › designs: 'twfe' must be listed only once")


def test_a_claim_may_leave_its_designs_to_the_default() -> None:
    assert Claim.model_fields["designs"].default is None
