"""From panel to design: nothing crosses a gap, and every row left out is accounted for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from detente.base.errors import EmptySample, UnknownVariable
from detente.base.lags import Lags, lag
from detente.study.config.claims import Sample
from detente.study.config.project import load_project
from detente.study.design import Specification, as_json, build_design, from_json, in_sample, specifications
from detente.study.design.describe import SCHEMAS, descriptives, partners, raw_risk, sample_flow, timeline
from detente.study.estimation.tidy import estimate

from support.builders import REPOSITORY, dyad_years, panel, spells
from support.designs import control, moved_borders, specification

NA = float("nan")
PROJECT = load_project(REPOSITORY)
CLAIM = PROJECT.claims.claims["exercise"]
STUDY = PROJECT.study("tiny")


def samples(*names: str) -> list[Sample]:
    return [PROJECT.samples[name] for name in names]


def same(found: object, expected: list[float]) -> bool:
    return np.array_equal(np.array(found, dtype=float), np.array(expected, dtype=float), equal_nan=True)


# Lags


@pytest.mark.parametrize("years", [1, 2, 3])
def test_a_lag_is_the_value_of_so_many_years_before(years: int):
    random = np.random.default_rng(1)
    frame = panel(*(dyad_years(2, b, range(1980, 1990), x=random.normal(size=10).tolist()) for b in (20, 40)))
    value = frame.set_index(["ccode2", "year"])["x"]

    lagged = lag(frame, "x", years)

    expected = [value.get((b, year - years), NA) for b, year in zip(frame["ccode2"], frame["year"], strict=True)]
    assert same(lagged, expected)
    assert lagged.isna().sum() == 2 * years


def test_a_lag_of_none_is_the_value_itself():
    frame = panel(dyad_years(2, 20, range(1980, 1983), x=[1.0, 2.0, 3.0]))

    assert lag(frame, "x", 0).tolist() == [1, 2, 3]


def test_a_lag_crosses_neither_a_gap_nor_dyads():
    frame = panel(
        dyad_years(2, 20, [1944, 1945, 1990, 1991, 1992], x=[1.0, 2, 3, 4, 5]),
        dyad_years(2, 40, [1993, 1994], x=[6.0, 7]),
        dyad_years(3, 40, [1995, 1996], x=[8.0, 9]),
    )

    assert same(lag(frame, "x", 1), [NA, 1, NA, 3, 4, NA, 6, NA, 8])
    assert same(lag(frame, "x", 2), [NA, NA, NA, NA, 3, NA, NA, NA, NA])


@pytest.mark.parametrize("years", [-2, 0, 1, 3])
@pytest.mark.parametrize("kind", ["float64", "int64", "bool", "Int64"])
def test_values_of_some_rows_are_those_of_all(years: int, kind: str):
    frame = panel(*(dyad_years(2, b, [1980, 1981, 1982, 1985, 1986], x=[0.0, 1, 1, 0, 1]) for b in (20, 40)))
    frame = frame.astype({"x": kind})
    if kind == "Int64":
        frame.loc[3, "x"] = pd.NA
    whole = lag(frame, "x", years).to_numpy(dtype=float, na_value=NA)

    for rows in (np.arange(len(frame)), np.array([9, 0, 3, 3]), np.empty(0, dtype=np.int64)):
        assert same(Lags(frame).at(rows, "x", years), whole[rows].tolist())


# Samples


def test_samples_are_rows_of_the_window():
    frame = panel(
        dyad_years(2, 20, range(1989, 1994), politically_relevant=[1.0, 1, 1, 0, NA], contiguous=[1.0, 0, 1, 0, NA]),
        start=1990,
    )

    assert in_sample(frame, PROJECT.samples["all"]).tolist() == [False, True, True, True, True]
    assert in_sample(frame, PROJECT.samples["relevant"]).tolist() == [False, True, True, False, False]
    assert in_sample(frame, PROJECT.samples["contiguous"]).tolist() == [False, False, True, False, False]


# Designs


def world(seed: int = 0) -> pd.DataFrame:
    """Three dyads with everything that a design meets: missing treatment, controls and outcome, and a gap."""
    random = np.random.default_rng(seed)
    dyads = []
    for b, years in (
        (20, [*range(1988, 2001)]),
        (40, [*range(1988, 1994), *range(1996, 2001)]),
        (60, [*range(1993, 2001)]),
    ):
        n = len(years)
        dyads.append(
            dyad_years(
                2,
                b,
                years,
                exercise_any=random.integers(0, 2, n).astype(float).tolist(),
                onset_gml=random.choice([0.0, 1.0, NA], n).tolist(),
                rivalry=random.choice([0.0, 1.0, NA], n, p=[0.4, 0.4, 0.2]).tolist(),
                peace_years=np.arange(n, dtype=float).tolist(),
                politically_relevant=random.integers(0, 2, n).astype(float).tolist(),
            )
        )
    return panel(*dyads, start=1990)


@pytest.mark.parametrize("sample", ["all", "relevant"])
def test_what_is_left_out_and_what_is_used_add_up_to_the_sample(sample: str):
    frame = world()

    design = build_design(frame, specification(control("rivalry"), sample=sample))

    (first, total), *dropped, (last, used) = design.attrition
    assert (first, last) == ("dyad-years of the sample in the window", "used")
    assert total == in_sample(frame, PROJECT.samples[sample]).sum()
    assert total - sum(rows for _, rows in dropped) == used == len(design.y) == len(design.x)
    assert all(rows > 0 for _, rows in dropped)
    assert [reason for reason, _ in dropped] == [
        "not at risk: an older dispute continues, or the outcome is not coded",
        "treatment not coded, or the dyad did not exist, the year before",
        "a control is not coded, or the dyad did not exist, in the control's year",
    ]


def test_a_longer_lag_is_named_among_the_reasons():
    reasons = [reason for reason, _ in build_design(world(), specification(years=2)).attrition]

    assert "treatment not coded, or the dyad did not exist, 2 years before" in reasons


def test_a_design_holds_the_values_of_the_panel():
    frame = world()
    value = frame.set_index(["ccode2", "year"])

    design = build_design(frame, specification(control("rivalry")))

    assert design.terms == ("exercise_any_lag1", "rivalry_lag2")
    assert design.treatment is not None
    assert np.array_equal(design.treatment, design.x[:, 0])
    for i, (b, year) in enumerate(zip(design.side2, design.time, strict=True)):
        assert design.y[i] == value.loc[(b, year), "onset_gml"]
        assert design.x[i].tolist() == [value.loc[(b, year - 1), "exercise_any"], value.loc[(b, year - 2), "rivalry"]]
    assert set(design.side1) == {2}
    assert not np.isnan(design.x).any()


def test_peace_years_enter_as_a_cubic_in_tens_of_years():
    design = build_design(world(), specification(control("peace_years", "duration", 0)))

    assert design.terms == ("exercise_any_lag1", "peace_years", "peace_years_2", "peace_years_3")
    tens = design.x[:, 1]
    assert np.allclose(design.x[:, 2], tens**2)
    assert np.allclose(design.x[:, 3], tens**3)
    value = world().set_index(["ccode2", "year"])["peace_years"]
    assert np.allclose(tens * 10, [value.loc[key] for key in zip(design.side2, design.time, strict=True)])


def test_a_control_of_the_year_itself_has_its_own_name():
    assert build_design(world(), specification(control("contiguous", "geography", 0))).terms == (
        "exercise_any_lag1",
        "contiguous",
    )


def test_a_design_without_controls_loses_nothing_to_them():
    design = build_design(world(), specification())

    assert design.x.shape[1] == 1
    assert design.attrition[-2][1] == 0


@pytest.mark.fault("fits")
def test_a_sample_without_an_onset_is_refused_with_the_account_of_its_rows():
    years = range(1990, 1996)
    frame = panel(dyad_years(2, 20, years, onset_gml=[0.0, 0, 0, NA, 0, 0], rivalry=[NA, 0.0, 0, 0, 0, 0]))

    spec = specification(control("rivalry"))
    with pytest.raises(EmptySample) as caught:
        build_design(frame, spec)

    assert str(caught.value) == (
        f"{spec}: the sample leaves no onset of 'onset_gml' ("
        "dyad-years of the sample in the window: 6; "
        "not at risk: an older dispute continues, or the outcome is not coded: 1; "
        "treatment not coded, or the dyad did not exist, the year before: 1; "
        "a control is not coded, or the dyad did not exist, in the control's year: 2; "
        "used: 2)"
    )


@pytest.mark.fault("fits")
def test_a_sample_without_rows_is_refused():
    named = r"^exercise, headline \[exercise\.[0-9a-f]{12}\]"
    with pytest.raises(EmptySample, match=rf"{named}: the sample leaves no onset .*used: 0\)$"):
        build_design(world(), specification(sample="contiguous"))


@pytest.mark.fault("fits")
@pytest.mark.parametrize(
    ("column", "spec", "nearest"),
    [
        ("exercise_any", specification(), "exercise_land"),
        ("onset_gml", specification(), "onset_force_gml"),
        ("rivalry", specification(control("rivalry")), None),
    ],
)
def test_a_variable_that_the_panel_lacks_is_named(column: str, spec: Specification, nearest: str | None):
    frame = world().drop(columns=column)

    with pytest.raises(UnknownVariable) as caught:
        build_design(frame, spec)

    legal = f"{len(frame.columns)} of them"
    near = f"; nearest: {nearest!r}" if nearest else ""
    assert str(caught.value) == f"{spec}: the panel has no variable {column!r}; legal values: {legal}{near}"


def test_the_variables_of_a_small_panel_are_listed():
    frame = world()[["ccode1", "ccode2", "year", "in_window", "onset_gml", "exercise_count"]]

    with pytest.raises(UnknownVariable) as caught:
        build_design(frame, specification())

    assert str(caught.value) == (
        f"{specification()}: the panel has no variable 'exercise_any'; "
        "legal values: ccode1, ccode2, exercise_count, in_window, onset_gml, year; nearest: 'exercise_count'"
    )


# Specifications


def test_each_sample_of_the_study_is_a_specification():
    specs = specifications(PROJECT, STUDY, CLAIM, "logit")

    assert [s.name for s in specs] == [
        "sample=all, estimator=logit", "estimator=logit", "sample=contiguous, estimator=logit",
    ]  # fmt: skip
    assert len({s.spec_id for s in specs}) == len(specs)
    assert {s.treatment_term for s in specs} == {"exercise_any_lag1"}
    assert {s.window for s in specs} == {STUDY.window}
    assert [c.variable for c in specs[0].controls] == [PROJECT.claims.controls[c].variable for c in CLAIM.controls]


@pytest.mark.parametrize("name", ["logit", "lpm", "felogit", "clogit"])
def test_no_role_takes_a_control_out_of_a_model(name: str):
    claimed = tuple(PROJECT.claims.controls[c] for c in CLAIM.controls)

    assert all(spec.controls == claimed for spec in specifications(PROJECT, STUDY, CLAIM, name))


def test_geography_that_moves_in_one_dyad_stays_in_the_model_and_that_of_none_leaves_it_and_is_named():
    spec = specification(control("contiguous", "geography", 0))
    for moved in (1, 0):
        design = build_design(moved_borders(moved), spec)
        dummies = [pd.get_dummies(of, dtype=float).to_numpy() for of in (design.pairs.dyad, design.time)]
        wanted = np.linalg.lstsq(np.column_stack([design.x, *dummies]), design.y, rcond=None)[0][0]

        rows = estimate(design, spec).rows

        effect = rows[rows["is_treatment"] & (rows["quantity"] == "coefficient")].iloc[0]
        assert effect["estimate"] == pytest.approx(wanted, rel=1e-9)
        assert effect["dropped"] == ("" if moved else "contiguous")
        assert ("contiguous" in set(rows["term"])) == bool(moved)


def test_specifications_survive_json_and_have_one_spelling():
    specs = [spec for claim in PROJECT.claims_of(STUDY) for spec in specifications(PROJECT, STUDY, claim, "logit")]

    assert from_json(as_json(specs)) == specs
    assert as_json(from_json(as_json(specs))) == as_json(specs)
    assert as_json(specs) != as_json([replace(specs[0], sample=PROJECT.samples["rivals"]), *specs[1:]])


@pytest.mark.parametrize(
    "change",
    [
        {"controls": ()}, {"window": (1990, 1999)}, {"vcov": ("dyad",)}, {"duration": "log"}, {"effects": ()},
        {"estimator": "logit"}, {"sample": PROJECT.samples["allies"]},
        *({"claim": CLAIM.model_copy(update=c)} for c in (
            {"outcome": "onset_cow"}, {"treatment": "jme_any"}, {"lag": 2}, {"directed": True},
        )),
    ],
)  # fmt: skip
def test_an_id_is_of_everything_that_fixes_the_estimate(change: dict[str, object]):
    spec = specification(control("rivalry"))

    assert replace(spec, **change).spec_id != spec.spec_id


def test_an_id_is_not_of_what_things_are_called():
    spec = specification(control("rivalry"))
    called = spec.sample.model_copy(update={"name": "everybody", "label": "Everybody"})
    claim = spec.claim.model_copy(update={"label": "Exercises", "why": "Other words."})

    assert replace(spec, sample=called, claim=claim, name="other", smallest_effect=0.1).spec_id == spec.spec_id


# Descriptions


def test_the_flow_counts_rows_disputes_and_switches():
    years = range(1988, 1995)
    frame = panel(
        dyad_years(
            2,
            20,
            years,
            exercise_any=[0.0, 1, 0, 1, 1, 0, NA],
            exercise_bilateral=[0.0, 0, 0, 1, 0, 0, NA],
            new_gml=[1.0, 1, 0, 1, 0, 1, 0],
            new_cow=[0.0, 0, 1, 0, 0, 0, 0],
            ongoing_gml=[1.0, 1, 0, 1, 1, 1, 0],
            force_gml=[0.0, 1, 0, 1, 0, 0, 0],
            fatal_gml=[0.0, 0, 0, 1, 0, 0, 0],
            politically_relevant=[1.0, 1, 0, 1, 1, 1, 1],
        ),
        dyad_years(2, 40, [1993, 1994], exercise_any=[1.0, 0]),
        start=1990,
    )

    flow = sample_flow(frame, samples("all", "relevant")).set_index("sample")

    # 2-20 switches on in 1991 and off in 1993, 2-40 off in 1994; what was before the window does not count.
    # Of its onsets in 1991 and 1993 the second follows a year of dispute.
    assert flow.loc["all"].to_dict() == {
        "label": "All dyads",
        "dyad_years": 7,
        "dyads": 2,
        "onset_gml": 2,
        "onset_cow": 1,
        "onset_after_dispute": 1,
        "ongoing_gml": 3,
        "force_onset": 1,
        "fatal_onset": 1,
        "exercise_any": 3,
        "exercise_bilateral": 1,
        "switches_on": 1,
        "switches_off": 2,
        "exercise_any_share": 0.5,
        "exercise_bilateral_share": pytest.approx(1 / 6),
    }
    # 1990 is not relevant, so 1991 switches against nothing.
    assert flow.loc["relevant", ["dyad_years", "dyads", "switches_on", "switches_off"]].tolist() == [4, 1, 0, 1]


@pytest.mark.fault("fits")
@pytest.mark.parametrize("lacking", [[], ["exercise_any", "exercise_bilateral"]])
def test_what_is_described_of_a_panel_keeps_its_schema_whatever_the_panel_lacks(lacking: list[str]) -> None:
    known = {"exercise_any": [0.0, 1, 0, NA], "defence_pact": [0.0, 1, 0, 0], "onset_gml": [NA, 1.0, 0, 0]}
    frame = panel(dyad_years(2, 20, range(1990, 1994), **known)).drop(columns=lacking)
    held = pd.DataFrame({"year": [1991], "exercise": ["one"], "ccode": [2]}).iloc[: 0 if lacking else 1]
    states = pd.DataFrame({"ccode": [2, 20], "status": "member", "name": ["United States", "Canada"]})
    labels = pd.DataFrame({"variable": list(frame), "label": list(frame), "unit": "0/1"})
    claim = PROJECT.claims.claims["defence_pact"]
    made = {
        "sample_flow": sample_flow(frame, samples("all")),
        "descriptives": descriptives(frame, samples("all"), [claim], PROJECT.claims.controls, labels),
        "timeline": timeline(frame, samples("all"), held),
        "partners": partners(frame, states),
        "raw_risk": raw_risk(frame, samples("all"), [claim]),
    }
    assert made.keys() == SCHEMAS.keys()
    for name, found in made.items():
        assert list(SCHEMAS[name].validated(found).columns) == list(SCHEMAS[name].columns)


@pytest.mark.parametrize(("onsets", "rows"), [(0, 10), (1, 10), (5, 10), (10, 10), (37, 400)])
def test_raw_risks_carry_wilson_intervals(onsets: int, rows: int):
    # Oracle: statsmodels, proportion_confint(count, nobs, method="wilson").
    outcome = [1.0] * onsets + [0.0] * (rows - onsets)
    frame = panel(
        dyad_years(2, 20, range(1000, 1001 + rows), onset_gml=[NA, *outcome], exercise_any=[1.0] * (rows + 1))
    )

    treated = raw_risk(frame, samples("all"), [CLAIM]).set_index("treated").loc[1]

    low, high = proportion_confint(onsets, rows, alpha=0.05, method="wilson")
    assert treated[["dyad_years", "onsets", "risk"]].tolist() == [rows, onsets, onsets / rows]
    assert treated["conf_low"] == pytest.approx(low, abs=1e-12)
    assert treated["conf_high"] == pytest.approx(high, abs=1e-12)
    assert 0 <= treated["conf_low"] <= treated["risk"] <= treated["conf_high"] <= 1


def test_raw_risks_compare_the_year_after_a_treatment_with_other_years():
    frame = panel(
        dyad_years(2, 20, range(1990, 1997), exercise_any=[1.0, 1, 0, 0, 0, 0, 1], onset_gml=[1.0, 1, 0, 1, 0, NA, 0])
    )

    risks = raw_risk(frame, samples("all", "relevant"), [CLAIM])

    # At risk with a known treatment the year before: 1991 and 1992 treated, 1993, 1994 and 1996 not.
    first = risks[risks["sample"] == "all"].set_index("treated")
    assert first[["dyad_years", "onsets", "risk"]].to_numpy().tolist() == [[3, 1, 1 / 3], [2, 1, 0.5]]
    assert first["ratio"].tolist() == pytest.approx([1.5, 1.5])
    assert risks[risks["sample"] == "relevant"][["risk", "conf_low", "conf_high", "ratio"]].isna().all(axis=None)


def test_raw_risks_say_how_few_dyads_have_half_of_the_onsets():
    dyads = [
        dyad_years(2, 20 + b, range(1990, 1996), exercise_any=[1.0] * 6, onset_gml=[NA, *y])
        for b, y in enumerate([[1.0] * 5, [1.0, 1, 0, 0, 0], [0.0, 1, 0, 0, 0], [0.0] * 5])
    ]

    risks = raw_risk(panel(*dyads), samples("all"), [CLAIM]).set_index("treated")

    assert risks.loc[1, ["dyads", "onsets", "half_dyads"]].tolist() == [4, 8, 1]
    assert risks.loc[0, ["dyads", "onsets", "half_dyads"]].tolist() == [0, 0, 0]


def test_a_treatment_counts_whether_or_not_the_dyad_was_in_the_sample_then():
    frame = panel(
        dyad_years(2, 20, [1990, 1991], exercise_any=[1.0, 0], onset_gml=[0.0, 1], politically_relevant=[0.0, 1])
    )

    assert raw_risk(frame, samples("relevant"), [CLAIM]).set_index("treated").loc[1, "onsets"] == 1


def test_a_ratio_over_a_risk_of_zero_does_not_exist():
    frame = panel(dyad_years(2, 20, range(1990, 1994), exercise_any=[0.0, 1, 0, 0], onset_gml=[0.0, 0, 1, 0]))

    assert raw_risk(frame, samples("all"), [CLAIM])["ratio"].isna().all()


def test_partners_are_dyads_that_ever_trained_together():
    frame = panel(
        dyad_years(2, 20, range(1989, 1994), exercise_any=[1.0, 1, 0, 1, 0], exercise_bilateral=[1.0, 0, 0, 1, 0]),
        dyad_years(2, 40, [1990, 1991], exercise_any=[0.0, NA]),
        start=1990,
    )
    states = pd.concat([spells((2, 1, 2), (20, 1, 2)), spells((20, 1, 2), status="major").assign(name="no")])

    assert partners(frame, states).to_dict("records") == [
        {
            "ccode1": 2,
            "ccode2": 20,
            "exercise_years": 2,
            "bilateral_years": 1,
            "first_year": 1990,
            "last_year": 1992,
            "name_1": "State 2",
            "name_2": "State 20",
        }
    ]


def members(number: int, year: int, *states: int) -> pd.DataFrame:
    return pd.DataFrame({"exercise": number, "year": year, "ccode": states})


def test_the_timeline_counts_disputes_and_exercises_by_year():
    frame = panel(
        dyad_years(2, 20, [1990, 1991], new_gml=[1.0, 0], ongoing_gml=[1.0, 1], exercise_any=[1.0, 0]),
        dyad_years(2, 40, [1990, 1991], new_gml=[1.0, 0], force_gml=[1.0, 0], exercise_any=[1.0, 0]),
        start=1990,
    )
    exercises = pd.concat([members(1, 1990, 2, 20, 40), members(2, 1990, 2, 20), members(3, 1985, 2, 20)])
    # Its second participant is no known state, so the third of 1990 is not joint.
    exercises = pd.concat([exercises, members(4, 1990, 2)])

    found = timeline(frame, samples("all", "relevant"), exercises)

    assert found[found["sample"] == "all"].drop(columns="sample").to_dict("list") == {
        "year": [1990, 1991],
        "dyad_years": [2, 2],
        "onsets": [2, 0],
        "ongoing": [1, 1],
        "force_onsets": [1, 0],
        "exercise_dyads": [2, 0],
        "exercises": [2, 0],
        "mean_participants": [2.5, pytest.approx(NA, nan_ok=True)],
    }
    assert set(found["sample"]) == {"all"}
    whole = ["dyad_years", "onsets", "ongoing", "force_onsets", "exercise_dyads", "exercises"]
    assert (found[whole].dtypes == "int64").all()


def test_the_timeline_is_missing_where_a_source_does_not_reach():
    frame = panel(
        dyad_years(2, 20, [2010, 2011], new_gml=[0.0, NA], ongoing_gml=[0.0, NA], exercise_any=[0.0, NA]), start=2010
    )

    found = timeline(frame, samples("all"), members(1, 2000, 2, 20))

    for name in ("onsets", "ongoing", "exercise_dyads", "exercises"):
        assert same(found[name], [0, NA]), name


def test_descriptives_tell_what_is_known_from_what_is_missing():
    frame = panel(dyad_years(2, 20, range(1990, 1994), rivalry=[0.0, 1, 1, NA], onset_gml=[0.0, 0, 1, NA]))
    claim = CLAIM.model_copy(update={"controls": ("rivalry",)})
    codebook = pd.DataFrame({"variable": frame.columns, "label": frame.columns.str.upper(), "unit": "0/1"})

    found = descriptives(frame, samples("all"), [claim, claim], PROJECT.claims.controls, codebook)

    assert found["variable"].tolist() == [
        "onset_gml",
        "onset_force_gml",
        "onset_fatal_gml",
        "onset_cow",
        "exercise_any",
        "rivalry",
    ]
    last = found.iloc[-1]
    assert last[["sample", "label", "unit", "nobs", "missing", "min", "max"]].tolist() == [
        "all",
        "RIVALRY",
        "0/1",
        3,
        1,
        0.0,
        1.0,
    ]
    assert last["mean"] == pytest.approx(2 / 3)
    assert last["sd"] == pytest.approx(np.std([0, 1, 1], ddof=1))
