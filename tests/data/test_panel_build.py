"""The whole panel: of a simulated world by every check, and the same whatever window or columns are asked for."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import BrokenContract, ConfigError, PanelError, UnknownVariable
from detente.base.frames import validated
from detente.base.units import UNITS, Unit
from detente.data.panel import LEAD_IN, STATES, Panel, build_panel, catalogue, codebook, described, panel_schema
from detente.data.panel.outcomes import GRID
from detente.data.sources import KEYS, REGISTRY, Source, attrition

from support.builders import Raw, joined, simulated_raw, tiny
from support.made_panels import event, made_panel, made_source, observed

KEY = ["ccode1", "ccode2", "year"]
EVERYTHING = list(REGISTRY.values())
WINDOW = (2000, 2010)


def keys(frame: pd.DataFrame) -> list[tuple[int, ...]]:
    return list(frame[KEY].itertuples(index=False, name=None))


@pytest.fixture(scope="module")
def tidy(tmp_path_factory: pytest.TempPathFactory) -> Raw:
    raw = simulated_raw(tmp_path_factory.mktemp("raw"))
    return {slug: REGISTRY[slug].clean(tables).frame for slug, tables in raw.items()}


@pytest.fixture(scope="module")
def units(tidy: Raw) -> Mapping[Unit, Panel]:
    return {unit: build_panel(tidy, joined(), WINDOW, unit=unit) for unit in UNITS}


@pytest.fixture(scope="module")
def built(units: Mapping[Unit, Panel]) -> Panel:
    return units["dyad-year"]


# What it holds


@pytest.mark.parametrize("unit", UNITS)
def test_a_panel_has_its_key_and_every_variable_of_the_catalogue_and_keeps_its_schema(
    units: Mapping[Unit, Panel], unit: Unit
):
    panel = units[unit]

    assert list(panel.frame.columns) == [*KEYS[unit], "in_window", *catalogue(joined(), unit)]
    assert panel.entries == catalogue(joined(), unit)
    assert panel.unit == unit
    assert not panel.frame.duplicated(list(KEYS[unit])).any()
    validated(panel.frame, panel_schema(panel.entries, unit), "panel")


def test_a_panel_has_the_window_and_the_years_before_it_that_lags_need(built: Panel):
    assert sorted(built.frame["year"].unique()) == list(range(WINDOW[0] - LEAD_IN, WINDOW[1] + 1))
    assert (built.frame["in_window"] == (built.frame["year"] >= WINDOW[0])).all()


@pytest.mark.parametrize("coding", ["gml", "cow"])
def test_an_onset_is_a_dispute_under_way_and_no_older_one(built: Panel, coding: str):
    onset, ongoing, new = (built.frame[f"{name}_{coding}"] for name in ("onset", "ongoing", "new"))

    assert (onset.dropna() <= ongoing[onset.notna()]).all()
    assert onset.isna().equals((ongoing == 1) & (new == 0))
    assert 0 < onset.sum() < ongoing.sum()


def test_strict_onsets_know_the_disputes_before_the_panel_begins(built: Panel, tidy: Raw):
    frame, disputes = built.frame, tidy["gml-mid"]
    fought = set(keys(disputes[disputes["ongoing_gml"] == 1]))
    entered = ~frame[["ccode1", "ccode2"]].duplicated() & (frame["year"] > frame["year"].min())

    expected = np.array([(a, b, year - 1) in fought for a, b, year in keys(frame)])
    assert (frame["fought_before"] == expected).all()
    assert expected[frame["year"] == frame["year"].min()].any()
    assert (frame.loc[entered, "peace_years"] == 0).all()
    assert frame["onset_gml_strict"].isna().equals(frame["onset_gml"].isna() | expected)
    assert 0 < frame["onset_gml_strict"].sum() < frame["onset_gml"].sum()


def test_deaths_unknown_at_onset_are_missing_in_the_panel(tidy: Raw):
    unknown = tidy["gml-mid"].loc[tidy["gml-mid"]["fatal_gml"].isna()]
    frame = build_panel(tidy, joined(), tiny().window).frame.merge(unknown[KEY], on=KEY)

    assert len(frame) > 0
    assert frame[["fatal_gml", "onset_fatal_gml"]].isna().all(axis=None)
    assert (frame[["new_gml", "onset_gml"]] == 1).all(axis=None)


def test_what_claims_may_be_about_is_an_outcome_of_the_grid():
    for unit in UNITS[:2]:
        outcomes = {e.variable.name for e in catalogue(EVERYTHING, unit).values() if e.variable.role == "outcome"}
        assert outcomes <= set(GRID.values())
    assert outcomes == set(GRID.values())


# Windows


@pytest.mark.parametrize("unit", UNITS)
def test_nothing_depends_on_the_window_or_on_the_years_before_it(tidy: Raw, unit: Unit):
    """Peace years and strict onsets, too, are those of the whole history."""
    first = int(tidy[STATES]["start"].min()) // 10000
    whole = build_panel(tidy, joined(), (first, 2010), unit=unit, lead_in=0).frame

    for window, lead_in in (((2003, 2007), 2), ((first, 2007), 9)):
        part = build_panel(tidy, joined(), window, unit=unit, lead_in=lead_in).frame
        expected = whole[whole["year"].between(max(window[0] - lead_in, first), window[1])].reset_index(drop=True)
        pd.testing.assert_frame_equal(part.drop(columns="in_window"), expected.drop(columns="in_window"))
        assert part["in_window"].equals(part["year"] >= window[0])
    assert unit == "state-year" or whole.loc[whole["year"] == 2003, "peace_years"].max() > 2003 - 1997


def test_a_window_past_the_end_of_a_source_is_missing_there(tidy: Raw):
    frame = build_panel(tidy, joined(), (2005, 2014)).frame
    late = frame["year"] > 2010

    assert frame.loc[late, ["onset_gml", "peace_years", "exercise_any", "defence_agreement"]].isna().all(axis=None)
    assert frame.loc[late, ["onset_cow", "defence_pact", "un_mission", "rivalry"]].notna().any().all()
    assert frame.loc[~late, ["peace_years", "exercise_any", "defence_agreement"]].notna().all(axis=None)


@pytest.mark.parametrize("window", [(1980, 2010), (1996, 2025), (1815, 1820)])
def test_a_window_outside_the_state_list_is_refused(tidy: Raw, window: tuple[int, int]):
    with pytest.raises(ConfigError) as caught:
        build_panel(tidy, joined(), window)

    assert str(caught.value) == f"window {window[0]}–{window[1]} lies outside the state system's years, 1991–2024"


def test_a_window_that_ends_before_it_starts_is_refused(tidy: Raw):
    with pytest.raises(ConfigError, match=r"^the window starts in 2010, after it ends in 2000$"):
        build_panel(tidy, joined(), (2010, 2000))


def test_years_before_the_window_cannot_be_fewer_than_none(tidy: Raw):
    with pytest.raises(ConfigError, match=r"^the years before the window must be 0 or more; found -1$"):
        build_panel(tidy, joined(), WINDOW, lead_in=-1)


# Columns


@pytest.mark.parametrize("unit", UNITS)
def test_some_variables_are_the_columns_of_the_whole(tidy: Raw, units: Mapping[Unit, Panel], unit: Unit):
    """Derived ones without what they are made of, several in the order of the catalogue, and none."""
    whole = units[unit].frame
    key = [*KEYS[unit], "in_window"]
    names = list(catalogue(joined(), unit))
    for chosen in (names[-1:], names[::-3], []):
        part = build_panel(tidy, joined(), WINDOW, unit=unit, variables=chosen)
        ordered = [name for name in names if name in chosen]
        pd.testing.assert_frame_equal(part.frame, whole[[*key, *ordered]])
        assert list(part.entries) == ordered


def test_the_attrition_log_does_not_depend_on_the_variables_asked_for(tidy: Raw, built: Panel):
    part = build_panel(tidy, joined(), WINDOW, variables=["rivalry"])

    assert len(part.attrition) > 0
    pd.testing.assert_frame_equal(part.attrition, built.attrition)


def test_an_unknown_variable_names_the_nearest(tidy: Raw):
    with pytest.raises(UnknownVariable) as caught:
        build_panel(tidy, joined(), WINDOW, variables=["rivalry", "peace_year"])

    number = len(catalogue(joined()))
    assert str(caught.value) == (
        f"the panel has no variable 'peace_year'; legal values: {number} of them; nearest: 'peace_years'"
    )


def test_a_variable_of_another_unit_is_unknown(tidy: Raw):
    with pytest.raises(UnknownVariable, match=r"'cinc_1'.*nearest: 'cinc'"):
        build_panel(tidy, joined(), WINDOW, unit="state-year", variables=["cinc_1"])


# Sources


def test_a_source_that_is_not_at_hand_is_named(tidy: Raw):
    few = {slug: frame for slug, frame in tidy.items() if slug not in ("mme", "nmc")}

    with pytest.raises(ConfigError) as caught:
        build_panel(few, joined(), WINDOW)

    assert str(caught.value) == f"the panel needs mme, nmc; at hand: {', '.join(sorted(few))}"


def test_a_panel_needs_the_list_of_states(tidy: Raw):
    with pytest.raises(ConfigError, match=rf"^the panel needs {STATES}: it says which states exist when$"):
        build_panel(tidy, [REGISTRY["rivalry"]], WINDOW)


def test_a_unit_that_is_none_names_the_nearest():
    with pytest.raises(ConfigError) as caught:
        catalogue(EVERYTHING, "dyad-years")  # type: ignore[arg-type]

    assert str(caught.value) == (
        "no panel has the unit 'dyad-years'; legal values: directed-dyad-year, dyad-year, state-year; "
        "nearest: 'dyad-year'"
    )


def test_a_source_with_a_key_twice_stops_the_panel(tidy: Raw):
    row = tidy["atop"][tidy["atop"]["year"].between(*WINDOW)].head(1)
    twice = {**tidy, "atop": pd.concat([tidy["atop"], row], ignore_index=True)}

    with pytest.raises(PanelError) as caught:
        build_panel(twice, joined(), WINDOW)

    example = " ".join(map(str, row[KEY].iloc[0]))
    assert str(caught.value) == f"atop: 1 keys (ccode1, ccode2, year) occur more than once, e.g. {example}"


def test_a_source_alone_gives_the_columns_that_it_gives_among_others(tidy: Raw, built: Panel):
    states: Source = REGISTRY[STATES]
    for source in joined()[1:]:
        part = build_panel(tidy, [states, source], WINDOW)
        pd.testing.assert_frame_equal(part.frame, built.frame[list(part.frame.columns)])


# Schema and codebook


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.assign(pact=2.0), "panel: column 'pact' fails 0 or 1, e.g. 2.0"),
        (lambda f: f.assign(ccode1=f["ccode2"]), "panel: "),
        (lambda f: f.assign(x=1.0), "panel: column 'x' is not declared"),
        (lambda f: f.drop(columns="pact"), "panel: column 'pact' is missing"),
        (lambda f: f.astype({"year": "float64"}), "panel: column 'year' fails dtype('int64'), e.g. float64"),
    ],
)
def test_a_panel_that_breaks_its_schema_is_refused(spoil: object, message: str):
    rows = pd.DataFrame(columns=[*KEY, "pact"], dtype="float64")
    panel = made_panel({made_source("pacts", "dyad-year", event("pact")): rows})

    with pytest.raises(BrokenContract) as caught:
        validated(spoil(panel.frame), panel_schema(panel.entries, panel.unit), "panel")

    assert str(caught.value).splitlines()[0].startswith(message)


@pytest.mark.parametrize("unit", UNITS)
def test_every_variable_of_the_record_is_in_the_codebook_with_label_unit_and_role(unit: Unit):
    entries = catalogue(EVERYTHING, unit)
    frame = codebook(entries).set_index("variable")

    assert list(frame.index) == list(entries)
    assert frame.index.is_unique
    assert (frame[["label", "unit", "role", "source", "made_from"]].map(str.strip) != "").all(axis=None)
    assert frame.index.str.fullmatch(r"[a-z][a-z0-9_]*").all()
    assert not set(frame.index) & {"in_window", *(part for parts in KEYS.values() for part in parts)}
    assert frame["label"].is_unique or not frame["label"].duplicated(keep=False).loc[frame["role"] == "outcome"].any()
    assert set(frame["absent_means"]) <= {"0 in the years covered", "missing"}
    for name, entry in entries.items():
        event = entry.variable.kind == "event"
        assert (frame.loc[name, "absent_means"] == "0 in the years covered") == event
        assert set(frame.loc[name, "made_from"].split()) <= REGISTRY.keys()


def test_the_codebook_says_how_a_variable_is_spread_in_the_window(built: Panel):
    frame = described(built).set_index("variable")
    inside = built.frame[built.frame["in_window"]]

    assert list(frame.index) == list(built.entries)
    assert ((frame["nobs"] + frame["missing"]) == len(inside)).all()
    for name in ("peace_years", "cinc_1", "rivalry"):
        column = inside[name].dropna()
        found = frame.loc[name, ["nobs", "mean", "sd", "min", "max"]].astype(float).tolist()
        assert found == pytest.approx([len(column), column.mean(), column.std(), column.min(), column.max()])


def test_a_variable_that_is_never_known_is_described_as_such():
    pact = made_source("pacts", "dyad-year", event("pact"), years=(1900, 1901))
    row = described(made_panel({pact: pd.DataFrame(columns=[*KEY, "pact"], dtype="float64")})).set_index("variable")

    assert row.loc["pact", ["nobs"]].tolist() == [0]
    assert row.loc["pact", ["mean", "sd", "min", "max"]].isna().all()


def test_the_attrition_log_of_a_panel_without_losses_is_empty_and_has_its_columns():
    panel = made_panel({})

    assert panel.attrition.empty
    assert list(panel.attrition.columns) == list(attrition("x").columns)


@pytest.mark.slow
@pytest.mark.record
@pytest.mark.parametrize("unit", UNITS)
def test_the_panel_of_the_whole_record_keeps_its_schema_without_a_warning(mirror: Path, unit: Unit):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        panel = build_panel(observed(mirror), EVERYTHING, (1990, 1990), unit=unit, lead_in=0)

    validated(panel.frame, panel_schema(panel.entries, unit), "panel")
    assert list(described(panel)["variable"]) == list(panel.entries)
