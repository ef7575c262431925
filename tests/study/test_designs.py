"""Claims beside designs for treatments that switch: what the panel holds, what each design finds, what none has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import BrokenContract, choices
from detente.data.panel import catalogue
from detente.data.sources import NOT_REDRAWN, REGISTRY, Assignment
from detente.stats.causal import lagged
from detente.study.config import Claim, Contrast, DesignName
from detente.study.config.claims import Moderator
from detente.study.design import Specification, build_design
from detente.study.robustness import DESIGNS, Extent, Record, by_events, compared, examine
from detente.study.robustness.beside import beside, designs_of, switching
from detente.study.robustness.designs import with_needs
from detente.study.robustness.frames import DESIGN_EFFECTS, DESIGNS_COMPARED
from detente.study.robustness.suited import lacking, unsuited

from support.builders import change
from support.configured import CLAIMS_FILE, refusal
from support.designs import CLAIM, control, specification

STATES, YEARS = 14, np.arange(1980, 2010)
EFFECT = -0.25
ALL = specification().sample
LASTING = ("event_study", "staggered")
ENDS = ("matching_ends", "carry_over")
# Declared to stay once it is there, as no state has left it.
STAYS = "joint_nato"


def record(
    seed: int = 1, *, lasting: bool = False, noise: float = 0.0, size: float = 1.0, at_once: float = 0.0, apart: int = 1
) -> pd.DataFrame:
    """Dyads whose treatment begins, and ends unless it lasts; the outcome follows from dyad, year and last year.

    `at_once`: what is different in the very year in which the treatment begins or ends. `apart`: switches are as many
    years from one another, or in one year.
    """
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(STATES, 1)
    units, shape = len(low), (len(low), len(YEARS))
    start = rng.integers(7, 24, units)
    end = np.full(units, 99) if lasting else start + rng.integers(6, 12, units)
    start, end = start // apart * apart, end // apart * apart
    start[: units // 3] = 99
    at = np.arange(len(YEARS))
    treated = (at >= start[:, None]) & (at < end[:, None])
    last = np.c_[np.zeros(units, bool), treated[:, :-1]]
    outcome = rng.random(units)[:, None] + rng.random(len(YEARS)) + EFFECT * last + noise * rng.standard_normal(shape)
    outcome += at_once * (treated != last)
    keys = {"ccode1": np.repeat(low + 2, len(YEARS)), "ccode2": np.repeat(high + 2, len(YEARS))}
    columns = {"exercise_any": size * treated, "onset_gml": outcome, "rivalry": rng.random(shape)}
    made = pd.DataFrame({**keys, "year": np.tile(YEARS, units), "in_window": True})
    return made.assign(**{name: values.astype(float).ravel() for name, values in columns.items()})


def staying(**how: float) -> pd.DataFrame:
    """The same with a treatment that never ends, and that is declared so."""
    return record(lasting=True, **how).rename(columns={"exercise_any": STAYS})


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
    assert made.names == ("onset_gml", "exercise_any")
    assert np.array_equal(made.periods, YEARS)
    assert int((~np.isnan(made.outcome)).sum()) == len(design.y)
    assert np.isnan(made.outcome[:, (YEARS < 1985) | (YEARS > 2005)]).all()
    assert np.isnan(made.outcome[made.sides[0] == 2][:, (YEARS >= 1990) & (YEARS <= 1992)]).all()
    own = panel.pivot_table(index=["ccode1", "ccode2"], columns="year", values="exercise_any").to_numpy()
    assert np.array_equal(made.treatment, own)


def test_dyads_that_the_headline_never_observes_are_no_units_and_covariates_are_as_long_before_the_treatment() -> None:
    panel = record(noise=0.1)
    panel.loc[panel["ccode2"] == 5, "onset_gml"] = np.nan
    changing, fixed = control("rivalry", years=2), control("ccode1", role="geography", years=0)
    counted = control("in_window", role="duration", years=0)
    of = replace(spec(), controls=(changing, fixed, counted))
    made = switching(panel, of, build_design(panel, of))
    assert made.units == STATES * (STATES - 1) // 2 - int((panel["ccode2"] == 5).sum() / len(YEARS))
    assert list(made.covariates) == ["rivalry_lag1", "in_window"]
    one = panel[(panel["ccode1"] == 2) & (panel["ccode2"] == 3)]["rivalry"].to_numpy()
    assert np.array_equal(made.covariates["rivalry_lag1"][0, 1:], one[:-1])


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
    rows, effects = found(record(), spec())
    for name, design in DESIGNS.items():
        if name in LASTING:
            assert np.isnan(rows.loc[name, "estimate"])
            assert rows.loc[name, "failure"].startswith("the treatment is declared as one that may end")
        elif not name.startswith("matching"):
            assert rows.loc[name, "estimate"] == pytest.approx(design.sign * EFFECT, abs=1e-9), name
    right = effects["design"].map(lambda name: DESIGNS[name].sign * EFFECT).where(effects["horizon"] >= 1, 0.0)
    # In the year of the end last year's treatment still counts.
    right = right.mask((effects["design"] == "carry_over") & (effects["horizon"] == 0), EFFECT)
    exact = ~(effects["design"].str.startswith("matching") & (effects["horizon"] > 1))
    assert effects.loc[exact, "estimate"].to_numpy() == pytest.approx(right[exact].to_numpy(), abs=1e-9)
    # Later, matched dyads may start or end as well, and the difference is less.
    later = effects[~exact]
    assert (later["estimate"].abs() < abs(EFFECT)).all() and (later["estimate"] * right[~exact] > 0).all()


def test_a_treatment_that_never_ends_has_the_designs_that_need_one_and_none_of_ends() -> None:
    rows, effects = found(staying(), spec(treatment=STAYS))
    for name in (*LASTING, "imputation", "first_switches", "twfe"):
        assert rows.loc[name, "estimate"] == pytest.approx(EFFECT, abs=1e-9), name
    for name in ENDS:
        assert np.isnan(rows.loc[name, "estimate"]) and "is declared as one that stays" in rows.loc[name, "failure"]
    assert set(effects["design"]) == {name for name, design in DESIGNS.items() if design.path} - set(ENDS)


@pytest.mark.fault("fits")
@pytest.mark.parametrize("lasting", [False, True])
def test_what_is_different_in_the_year_of_a_switch_is_no_effect_of_the_treatment_that_counts_later(
    lasting: bool,
) -> None:
    """States exercise, and cease to, in years of trouble: with the lagged treatment that year would be the base."""
    trouble = 0.4
    panel, of = record(at_once=trouble, lasting=lasting, apart=2), spec()
    if lasting:
        panel, of = panel.rename(columns={"exercise_any": STAYS}), spec(treatment=STAYS)
    _, effects = found(panel, of)
    first = effects[effects["horizon"] == 1].set_index("design")["estimate"]
    for name, estimate in first.items():
        assert estimate == pytest.approx(DESIGNS[name].sign * EFFECT, abs=1e-9), name
    at = effects[effects["horizon"] == 0].set_index("design")["estimate"].drop(["carry_over"], errors="ignore")
    assert at.to_numpy() == pytest.approx(np.full(len(at), trouble), abs=1e-9)
    before = effects[effects["horizon"] < 0]["estimate"]
    assert before.to_numpy() == pytest.approx(np.zeros(len(before)), abs=1e-9)
    # Counted from the lagged treatment, as if that were the switch, every comparison with the year before is off by it.
    own = switching(panel, of, build_design(panel, of))
    late = replace(own, treatment=lagged(own.treatment, 1))
    for name in ("matching", "first_switches", *(("event_study", "staggered") if lasting else ("matching_ends",))):
        wrong = DESIGNS[name].make(with_needs(late, DESIGNS[name]), 0)
        assert wrong.estimate[wrong.horizon == 0] == pytest.approx(DESIGNS[name].sign * EFFECT - trouble, abs=1e-9), (
            name
        )


def test_a_claim_that_names_its_designs_has_them_as_the_record_bears_them_whatever_is_declared() -> None:
    named = (*LASTING, *ENDS)
    panel = record()
    rows, _ = found(panel, spec(designs=named))
    ends = int((panel.groupby(["ccode1", "ccode2"])["exercise_any"].diff() == -1).sum())
    assert all(f"ends {ends} times in" in rows.loc[name, "failure"] for name in LASTING)
    rows, _ = found(record(lasting=True), spec(designs=named))
    assert all(rows.loc[name, "estimate"] == pytest.approx(EFFECT, abs=1e-9) for name in LASTING)
    assert all("never switches off" in rows.loc[name, "failure"] for name in ENDS)


@pytest.mark.fault("contracts")
def test_a_treatment_that_is_declared_to_stay_and_ends_on_record_is_refused_with_the_way_out() -> None:
    panel = record().rename(columns={"exercise_any": STAYS})
    of = spec(treatment=STAYS)
    with pytest.raises(
        BrokenContract, match="claims › exercise › treatment: 'joint_nato' is declared to stay"
    ) as fault:
        beside(panel, of, build_design(panel, of), seed=0)
    assert "times in" in str(fault.value) and "take `stays` from where the variable is declared" in str(fault.value)


def test_defaults_follow_from_how_a_treatment_is_declared_to_be_assigned() -> None:
    def suit(how: Assignment) -> set[str]:
        return {name for name in DESIGNS if not unsuited(how, name)}

    switching = set(DESIGNS) - set(LASTING)
    for by in ("dyad", "event", "state", "network"):
        assert suit(Assignment(by)) == switching
        assert suit(Assignment(by, stays=True)) == set(DESIGNS) - set(ENDS)
    assert suit(NOT_REDRAWN) == {"twfe", "imputation"}


def test_what_a_claim_lacks_is_known_from_declarations_before_any_data_are_read() -> None:
    variables = {name: entry.variable for name, entry in catalogue(list(REGISTRY.values())).items()}
    moderated = CLAIM.model_copy(update={"moderator": Moderator(variable="rivalry", lag=2, label="Rivalry")})

    def has(claim: Claim, variable: str) -> set[str]:
        return {name for name in DESIGNS if not lacking(claim, variables[variable], name)}

    assert has(moderated, "exercise_any") == set()
    assert has(CLAIM, "security_forums") == {"first_switches"}
    assert "staggered" in has(CLAIM, STAYS) and "staggered" not in has(CLAIM, "exercise_any")


def test_effects_run_to_the_fourth_year_after_the_first_in_which_the_treatment_counts() -> None:
    _, effects = found(staying(noise=0.2), spec(treatment=STAYS))
    horizons = effects.groupby("design")["horizon"].agg(list)
    before = {"imputation": [-3, -2, -1]}
    for name in ("event_study", "matching", "imputation", "first_switches", "staggered"):
        assert horizons[name] == [*before.get(name, [-4, -3, -2]), *range(6)], name
    assert "twfe" not in horizons


def share_that_goes_on(panel: pd.DataFrame) -> float:
    """Of dyads whose treatment went on when that of another ended, those that still count as treated, by hand.

    They had it in the same five years before; it counts a year later. A mean over ends, dyads and five years.
    """
    treated = panel.pivot_table(index=["ccode1", "ccode2"], columns="year", values="exercise_any").to_numpy() > 0
    shares = []
    for unit, last in np.argwhere(treated[:, :-1] & ~treated[:, 1:]):
        year = last + 1
        others = treated[:, year - 5 : year + 1].all(axis=1)
        if treated[unit, year - 5 : year].all() and others.any() and year + 5 < treated.shape[1]:
            shares.append(treated[others, year : year + 5].mean())
    return float(np.mean(shares))


def test_an_average_is_that_of_its_years_with_its_interval_and_tests() -> None:
    rows, effects = found(record(seed=9, noise=0.2), spec())
    for name in ("matching", "imputation", "first_switches", "matching_ends", "carry_over"):
        mine, row = effects[(effects["design"] == name) & (effects["horizon"] >= 1)], rows.loc[name]
        assert row["estimate"] == pytest.approx(mine["estimate"].mean(), rel=1e-12)
        assert row["conf_low"] < row["estimate"] < row["conf_high"] and 0 < row["p_value"] <= 1
        truth, error = DESIGNS[name].sign * EFFECT, row["std_error"]
        if name == "matching_ends":
            truth *= share_that_goes_on(record(seed=9))
        assert abs(row["estimate"] - truth) < 3 * error, name
        assert row["switches"] == mine["treated"].iloc[0] and row["fewest"] == mine["treated"].min() > 0
        assert np.isfinite(row["placebo_p"]) == (name != "carry_over")
        assert row["vcov"] == "dyadic" and row["failure"] == ""
    assert 0 <= rows.loc["twfe", "share_negative"] < 1 and rows.loc["twfe", "sum_negative"] <= 0
    assert rows.drop("twfe")["share_negative"].isna().all()


def test_a_covariance_that_leaves_no_variance_is_said_beside_the_estimate() -> None:
    rows, effects = found(record(seed=5, noise=0.2), spec())
    row, mine = rows.loc["matching_ends"], effects["design"] == "matching_ends"
    assert row["estimate"] == pytest.approx(effects.loc[mine & (effects["horizon"] >= 1), "estimate"].mean(), rel=1e-12)
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
    assert others["failure"].str.contains("'exercise_any' has values other than 0 and 1").all()


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
    assert "need 11 periods, and the panel has 8" in rows.loc["matching", "failure"]
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


def bilateral(panel: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Exercises of two states that make the treatment, and states that could have taken part."""
    held = panel[panel["exercise_any"] == 1].reset_index()
    both = [
        held[["index", side, "year"]].set_axis(["exercise", "ccode", "year"], axis=1) for side in ("ccode1", "ccode2")
    ]
    codes = np.unique(panel[["ccode1", "ccode2"]])
    states = pd.DataFrame({"ccode": codes, "status": "member", "start": 18160101, "end": 20161231})
    return pd.concat(both).assign(parties=2), states


def test_matched_switches_are_drawn_exercise_by_exercise_and_other_designs_say_why_not() -> None:
    panel = record(seed=9, noise=0.2)
    of, design = spec(), build_design(panel, spec())
    events = by_events(of.claim, panel, *bilateral(panel))
    rows = beside(panel, of, design, 0, events)["designs"].set_index("design")
    drawn = rows["p_permutation"].notna()
    assert set(rows.index[drawn]) == {"matching", "matching_ends"}
    assert 0 < rows.loc["matching", "p_permutation"] < 0.05
    assert (
        rows.loc[drawn, "permuted"]
        .str.contains("event by event, holding size, year and region, sets as they are")
        .all()
    )
    others = rows.loc[["twfe", "imputation", "first_switches", "carry_over"], "permuted"]
    assert others.str.startswith("no sets in which it could be drawn who switches").all()


def test_treatments_that_no_events_assign_are_not_drawn() -> None:
    panel = record(seed=5, noise=0.2)
    exercises, states = bilateral(panel)
    pact = CLAIM.model_copy(update={"treatment": "defence_pact"})
    assert by_events(pact, panel, exercises, states) == "the treatment is not assigned by events of two or more states"
    assert by_events(CLAIM, panel, exercises.iloc[:0], states) == "no event that assigns the treatment is at hand"
    rows, _ = found(panel, spec())
    assert rows["p_permutation"].isna().all()
    assert (rows.loc[["matching", "twfe"], "permuted"] == "no event that assigns the treatment is at hand").all()


def test_an_examination_takes_the_designs_that_were_made_already_as_they_are() -> None:
    panel, of = record(noise=0.2), spec(designs=("twfe", "imputation"))
    ready = compared(panel, of, seed=3)
    moved = {**ready, "designs": ready["designs"].assign(estimate=0.5)}
    nothing = Record(panel, pd.DataFrame(), pd.DataFrame())
    made = examine(nothing, of, 3, 4, Extent(parts=("designs",), ready=moved))
    assert (made.designs["estimate"] == 0.5).all() and made.design_effects.equals(ready["design_effects"])
    again = examine(nothing, of, 3, 4, Extent(parts=("designs",)))
    pd.testing.assert_frame_equal(again.designs, ready["designs"])
    pd.testing.assert_frame_equal(again.design_effects, ready["design_effects"])


@pytest.mark.fault("fits")
def test_of_a_claim_without_observations_every_design_says_why() -> None:
    panel = record(noise=0.1).assign(in_window=False)
    made = compared(panel, spec(), seed=0)
    assert list(made["designs"]["design"]) == list(DESIGNS) and made["design_effects"].empty
    assert made["designs"]["failure"].str.contains("the sample leaves no onset").all()
    DESIGNS_COMPARED.validated(made["designs"])


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


def test_an_examination_of_a_moderated_claim_goes_on_without_what_it_cannot_have() -> None:
    panel = record(noise=0.2)
    panel["rivalry"] = (panel["ccode1"] + panel["ccode2"]) % 3
    of = spec(moderator=Moderator(variable="rivalry", lag=2, label="Rivalry"))
    made = examine(Record(panel, pd.DataFrame(), pd.DataFrame()), of, 3, 4, Extent(parts=("calibration", "deciding")))
    assert made.failures.set_index("part")["error"].to_dict() == {"calibration": "UnsuitableTreatment"}
    assert made.failures["message"].str.contains("no network of the one makes placebos of both").all()
    assert not made.deciding.empty
