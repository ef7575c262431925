"""Outcomes of state-years: onsets of the state with any other, its initiations and its years at peace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import ConfigError
from detente.data.panel import CODINGS, GRID, STATES, Panel, build_panel, catalogue, codebook
from detente.data.panel.outcomes import Coding, fought_before, peace_censored, peace_years
from detente.data.panel.stateyears import OF_DYADS, STATE_PEACE, STRICT
from detente.data.sources import REGISTRY

from support.builders import spells
from support.known import Record, observed
from support.made_panels import NA, SYSTEM, made_source, measure

GML, BEGUN = REGISTRY["gml-mid"], REGISTRY["gml-mid-initiation"]
WINDOW = (1938, 2012)
# Two states, year; new, force, fatal, originators. The older of state 200's disputes goes on while 2 and 679 begin one.
DISPUTES = [
    (200, 255, 1939, 1, 1, NA, 0),
    (200, 255, 1940, 0, 0, 0, 0),
    (2, 255, 1941, 1, 1, 1, 1),
    (200, 255, 1941, 0, 0, 0, 0),
    *((2, 255, year, 0, 0, 0, 0) for year in range(1942, 1946)),
    (200, 679, 1991, 1, 0, 0, 1),
    (200, 679, 1992, 0, 0, 0, 0),
    (2, 679, 1992, 1, 1, NA, 1),
]
# Sender, target, year; force, fatal.
BEGINNINGS = [(255, 2, 1941, 1, 1), (200, 679, 1991, 0, 0), (679, 2, 1992, 1, NA)]


def gml() -> pd.DataFrame:
    names = ["ccode1", "ccode2", "year", "new_gml", "force_gml", "fatal_gml", "originators_gml"]
    return pd.DataFrame(DISPUTES, columns=names).assign(ongoing_gml=1, hostility_gml=1)


def beginnings() -> pd.DataFrame:
    names = ["ccode1", "ccode2", "year", "initiated_force_gml", "initiated_fatal_gml"]
    return pd.DataFrame(BEGINNINGS, columns=names).assign(initiated_gml=1)


def state_years(window: tuple[int, int] = WINDOW, disputes: pd.DataFrame | None = None) -> Panel:
    tidy = {STATES: SYSTEM, GML.slug: gml() if disputes is None else disputes, BEGUN.slug: beginnings()}
    return build_panel(tidy, [REGISTRY[STATES], GML, BEGUN], window, unit="state-year", lead_in=0)


def column(panel: Panel, state: int, name: str, years: Sequence[int]) -> list[float]:
    rows = panel.frame[panel.frame["ccode"] == state].set_index("year")
    return rows.loc[list(years), name].tolist()


def same(found: Sequence[float], expected: Sequence[float]) -> None:
    np.testing.assert_array_equal(np.array(found, dtype="float64"), np.array(expected, dtype="float64"))


# Onsets


@pytest.mark.fault("panels")
def test_an_onset_of_a_state_is_any_new_dispute_whatever_else_continues():
    panel = state_years()

    same(column(panel, 2, "onset_gml", range(1939, 1948)), [0, 0, 1, 0, 0, 0, 0, 0, 0])
    same(column(panel, 2, "ongoing_gml", range(1939, 1948)), [0, 0, 1, 1, 1, 1, 1, 0, 0])
    same(column(panel, 255, "onset_gml", range(1938, 1946)), [0, 1, 0, 1, 0, 0, 0, 0])
    # The older dispute of 679 with 200 continues when another with 2 begins; that of 200 begins none.
    same(column(panel, 679, "onset_gml", range(1990, 1994)), [0, 1, 1, 0])
    same(column(panel, 200, "onset_gml", range(1990, 1994)), [0, 1, 0, 0])
    same(column(panel, 200, "ongoing_gml", range(1990, 1994)), [0, 1, 1, 0])
    same(column(panel, 260, "onset_gml", range(1955, 1991)), [0] * 36)
    assert panel.frame["new_gml"].equals(panel.frame["onset_gml"].rename("new_gml"))


def test_a_strict_onset_is_of_a_state_without_a_dispute_the_year_before():
    panel = state_years()

    same(column(panel, 2, "onset_gml_strict", range(1939, 1948)), [0, 0, 1, NA, NA, NA, NA, NA, 0])
    same(column(panel, 679, "onset_gml_strict", range(1990, 1995)), [0, 1, NA, NA, 0])
    same(column(panel, 255, "onset_gml_strict", [1939, 1940, 1941, 1945, 1990, 1991]), [1, NA, NA, NA, 0, 0])


def test_a_strict_onset_is_unknown_where_the_year_before_is_not_coded():
    ucdp = REGISTRY["ucdp-prio-acd"]
    rows = pd.DataFrame({"ccode1": [2], "ccode2": [200], "year": [1946]}).assign(**{v.name: 1 for v in ucdp.variables})

    panel = build_panel({STATES: SYSTEM, ucdp.slug: rows}, [REGISTRY[STATES], ucdp], (1945, 1948), unit="state-year")

    same(column(panel, 2, "onset_ucdp", range(1945, 1949)), [NA, 1, 0, 0])
    same(column(panel, 2, "onset_ucdp_strict", range(1945, 1949)), [NA, NA, NA, 0])


def test_a_narrower_onset_of_a_state_is_unknown_only_where_no_dyad_has_it_for_certain():
    panel = state_years()

    same(column(panel, 255, "onset_fatal_gml", range(1938, 1943)), [0, NA, 0, 1, 0])
    same(column(panel, 200, "onset_fatal_gml", range(1938, 1943)), [0, NA, 0, 0, 0])
    same(column(panel, 2, "onset_fatal_gml", range(1991, 1994)), [0, NA, 0])
    same(column(panel, 679, "onset_force_gml", range(1990, 1994)), [0, 0, 1, 0])
    same(column(panel, 255, "onset_originators_gml", range(1938, 1943)), [0, 0, 0, 1, 0])


def test_certain_deaths_with_one_state_count_whatever_is_unknown_of_another():
    both = gml().assign(fatal_gml=[NA if row[:3] == (200, 255, 1941) else row[5] for row in DISPUTES])

    panel = state_years(disputes=both)

    same(column(panel, 255, "onset_fatal_gml", [1941]), [1])
    same(column(panel, 200, "onset_fatal_gml", [1941]), [NA])


def test_a_state_initiates_disputes_and_is_the_target_of_others():
    panel = state_years()

    same(column(panel, 2, "onset_gml_initiated", [1941, 1991, 1992]), [0, 0, 0])
    same(column(panel, 2, "onset_gml_targeted", [1940, 1941, 1942, 1991, 1992]), [0, 1, 0, 0, 1])
    same(column(panel, 255, "onset_gml_initiated", [1939, 1941, 1942]), [0, 1, 0])
    same(column(panel, 255, "onset_gml_targeted", [1939, 1941]), [0, 0])
    same(column(panel, 679, "onset_gml_targeted", [1991, 1992]), [1, 0])
    same(column(panel, 679, "onset_gml_initiated", [1991, 1992]), [0, 1])
    same(column(panel, 679, "onset_force_gml_targeted", [1991, 1992]), [0, 0])
    same(column(panel, 679, "onset_fatal_gml_initiated", [1991, 1992]), [0, NA])
    same(column(panel, 2, "onset_fatal_gml_targeted", [1941, 1992]), [1, NA])


@pytest.mark.fault("panels")
def test_nothing_is_known_of_a_state_outside_the_years_coded():
    frame = state_years().frame

    made = [name for name in frame if "gml" in name or name in ("peace_years", "peace_censored")]
    assert len(made) > 15
    assert frame.loc[frame["year"] > 2010, made].isna().all(axis=None)
    certain = [name for name in made if "fatal" not in name and not name.endswith(("strict", "_partners"))]
    assert frame.loc[frame["year"] <= 2010, certain].notna().all(axis=None)


def test_a_state_that_shares_no_day_with_another_has_no_onset_that_could_be_known():
    system = spells((2, 19900101, 20161231), (200, 19900101, 19901231))

    panel = build_panel({STATES: system, "gml-mid": gml()}, [REGISTRY[STATES], GML], (1990, 1991), unit="state-year")

    same(column(panel, 2, "onset_gml", [1990, 1991]), [0, NA])


# The past


@pytest.mark.fault("panels")
def test_years_at_peace_of_a_state_begin_anew_after_a_gap_in_its_membership():
    panel = state_years()

    same(column(panel, 255, "peace_years", [1938, 1939, 1940, 1945, 1990, 1991, 2010]), [122, 123, 0, 0, 0, 1, 20])
    same(column(panel, 255, "peace_censored", [1938, 1939, 1940, 1945, 1990, 1991, 2010]), [1, 1, 0, 0, 1, 1, 1])
    same(column(panel, 255, "fought_before", [1938, 1939, 1940, 1990]), [0, 0, 1, 0])


def test_years_at_peace_of_a_state_are_those_since_its_last_dispute_with_any():
    panel = state_years()

    years = [1938, 1941, 1942, 1946, 1947, 1992, 1993, 2010, 2011]
    same(column(panel, 2, "peace_years", years), [122, 125, 0, 0, 1, 46, 0, 17, NA])
    same(column(panel, 2, "peace_censored", years), [1, 1, 0, 0, 0, 0, 0, 0, NA])
    same(column(panel, 260, "peace_years", range(1955, 1991)), list(range(36)))


def test_the_past_of_a_state_does_not_depend_on_the_window():
    late, whole = state_years((1942, 1946)).frame, state_years().frame

    pd.testing.assert_frame_equal(late, whole[whole["year"].between(1942, 1946)].reset_index(drop=True))


def test_the_last_dispute_of_one_state_is_nothing_to_the_next():
    p = {
        "ccode": np.array([2, 2, 20, 20, 20]),
        "year": np.array([1990, 1991, 1992, 1993, 1995]),
        "ongoing": np.array([0.0, 1, 0, 1, 0]),
    }

    same(peace_years(p, "ongoing"), [0, 1, 0, 1, 0])
    same(peace_censored(p, "ongoing"), [1, 1, 1, 1, 1])
    same(fought_before(p, "ongoing"), [0, 0, 0, 0, 0])


# What is offered


def test_state_years_have_every_outcome_that_dyads_have():
    offered = catalogue(list(REGISTRY.values()), "state-year")
    outcomes = {name for name, entry in offered.items() if entry.variable.role == "outcome"}

    expected = set()
    of_all = [coding for coding in CODINGS if not coding.chosen]
    for name in (name for (coding, _), name in GRID.items() if coding in {c.name for c in of_all}):
        onset = name.replace("initiation_", "onset_")
        expected |= {f"{onset}_initiated", f"{onset}_targeted"} if onset != name else {onset}
    assert outcomes == expected
    for coding in of_all:
        past = (coding.named(stem) for stem in ("fought_before", "peace_years", "peace_censored"))
        assert {f"ongoing_{coding.name}", f"new_{coding.name}", *past} <= offered.keys()


def test_labels_say_that_it_is_of_the_state_and_when_it_is_at_risk():
    for item in (*OF_DYADS, *STATE_PEACE, *STRICT):
        v = item.variable
        assert "the state" in v.label, v.label
        assert (
            v.role != "outcome"
            or ("none the year before" if v.name.endswith("_strict") else "always at risk") in v.label
        )
    labels = {item.variable.name: item.variable.label for item in (*OF_DYADS, *STATE_PEACE, *STRICT)}
    assert labels["onset_gml"] == "Onset of a dispute of the state, always at risk (GML 2.2.1)"
    assert labels["onset_gml_strict"] == "Onset of a dispute of the state, none the year before (GML 2.2.1)"
    forced = "Onset with use of force in any dyad of the state, always at risk (COW MID 5.0)"
    assert labels["onset_force_cow"] == forced
    assert labels["onset_icb_targeted"] == "Onset of a crisis, with the state as target, always at risk (ICB 13)"
    assert labels["peace_years_war"] == "Years at peace of the state (COW wars)"


def test_the_codebook_says_what_an_outcome_of_a_state_is_made_from():
    table = codebook(catalogue([REGISTRY[STATES], GML, BEGUN], "state-year")).set_index("variable")

    assert table.loc["onset_gml", ["source", "made_from", "role"]].tolist() == ["derived", "gml-mid", "outcome"]
    assert table.loc["onset_gml_targeted", "made_from"] == "gml-mid-initiation"
    assert table.loc["onset_gml_strict", "made_from"] == "gml-mid"
    assert table.loc["peace_years", ["made_from", "unit", "role"]].tolist() == ["gml-mid", "years", "control"]
    assert table.loc["ongoing_gml", "absent_means"] == "0 in the years covered"


@pytest.mark.parametrize("name", ["ongoing_gml", "onset_gml", "peace_years", "onset_gml_strict"])
def test_a_variable_of_a_state_that_is_called_as_one_of_these_is_refused(name: str):
    own = made_source("own", "state-year", measure(name))

    with pytest.raises(ConfigError) as caught:
        catalogue([REGISTRY[STATES], GML, own], "state-year")

    assert str(caught.value) == f"'own' has a variable {name!r}, which is derived: rename the variable"


# The observed record

AMERICA, GRENADA, GERMANY, PALAU = 2, 55, 255, 986
TABLES = {
    "gml": ("gml-mid", "gml-mid-initiation"),
    "gml211": ("gml-mid-2.1.1", "gml-mid-2.1.1-initiation"),
    "cow": ("mid-5.0", "mid-5.0-dyad-years-initiation"),
    "mid5": ("mid-5.0-participants", "mid-5.0-initiation"),
    "dyadic": ("dyadic-mid-4.02", ""),
    "mie": ("mie-1.0", "mie-1.0-initiation"),
    "icb": ("icb-13", "icb-13-triggered"),
    "gmld": ("gml-mid-directed", "gml-mid-directed-initiation"),
    "mid5d": ("mid-directed", "mid-directed-initiation"),
    "icb15": ("icb-15", ""),
    "war": ("cow-war", ""),
    "ucdp": ("ucdp-prio-acd", ""),
    "ucdp251": ("ucdp-acd-25.1", ""),
}


class ByHand:
    """Values of a state, year by year from the tidy tables, with nothing of the panel's."""

    def __init__(self, record: Record, state: int) -> None:
        self.tidy, self.state = record.tidy, state
        members = record.tidy[STATES].query("status == 'member'")
        self.days: dict[int, list[tuple[int, int]]] = {}
        for spell in members.itertuples():
            self.days.setdefault(spell.ccode, []).append((spell.start, spell.end))
        mine = self.days[state]
        self.years = [y for y in range(1816, 2015) if any(a // 10_000 <= y <= b // 10_000 for a, b in mine)]

    def meets(self, other: int, year: int) -> bool:
        """Whether the two are members on a common day of the year."""
        first, last = year * 10_000 + 101, year * 10_000 + 1231
        return any(
            max(first, a, c) <= min(last, b, d) for a, b in self.days[self.state] for c, d in self.days.get(other, [])
        )

    def any(self, slug: str, name: str, sides: tuple[str, ...] = ("ccode1", "ccode2")) -> dict[int, float]:
        """1, 0 or missing by year, of records in which the state is on one of the `sides`."""
        first, last = REGISTRY[slug].years
        found = {year: 0.0 if first <= year <= last else NA for year in self.years}
        for row in self.tidy[slug].to_dict("records"):
            year = row["year"]
            for side, opposite in (("ccode1", "ccode2"), ("ccode2", "ccode1")):
                here = side in sides and row[side] == self.state and self.meets(row[opposite], year)
                if here and found.get(year) != 1 and row[name] != 0:
                    found[year] = row[name]
        return found

    def peace(self, ongoing: dict[int, float]) -> dict[int, tuple[float, float]]:
        """Years at peace, and whether they are counted from no dispute."""
        found: dict[int, tuple[float, float]] = {}
        for year in self.years:
            before = ongoing.get(year - 1, NA)
            if np.isnan(ongoing[year]):
                found[year] = (NA, NA)
            elif before == 1:
                found[year] = (0, 0)
            elif before == 0:
                found[year] = (found[year - 1][0] + 1, found[year - 1][1])
            else:
                found[year] = (0, 1)
        return found


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    slugs = [slug for pair in TABLES.values() for slug in pair if slug]
    return observed().build(slugs, (1816, 2014), "state-year").frame.set_index(["ccode", "year"])


@pytest.mark.record
@pytest.mark.parametrize("state", [AMERICA, GRENADA, GERMANY, PALAU])
@pytest.mark.parametrize("coding", [c for c in CODINGS if not c.chosen], ids=lambda c: c.name)
def test_state_years_are_those_counted_from_the_tidy_tables(coding: Coding, state: int, panel: pd.DataFrame) -> None:
    hand, rows = ByHand(observed(), state), panel.loc[state]
    slug, directed = TABLES[coding.name]
    assert rows.index.tolist() == hand.years
    ongoing, new = (hand.any(slug, f"{stem}_{coding.name}") for stem in ("ongoing", "new"))
    peace = hand.peace(ongoing)
    expected = {
        f"ongoing_{coding.name}": ongoing,
        f"onset_{coding.name}": new,
        **{f"onset_{kind}_{coding.name}": hand.any(slug, f"{kind}_{coding.name}") for kind in coding.kinds},
        coding.named("peace_years"): {year: years for year, (years, _) in peace.items()},
        coding.named("peace_censored"): {year: censored for year, (_, censored) in peace.items()},
    }
    if directed:
        for kind in ("", *coding.begun):
            onset, began = f"onset_{kind}_{coding.name}".replace("__", "_"), coding.beginning(kind)
            expected[f"{onset}_initiated"] = hand.any(directed, began, ("ccode1",))
            expected[f"{onset}_targeted"] = hand.any(directed, began, ("ccode2",))
    for name, values in expected.items():
        same(rows[name].tolist(), [values[year] for year in hand.years])


@pytest.mark.record
def test_cases_of_states_that_are_known(panel: pd.DataFrame) -> None:
    # Germany is no member from 1946 to 1989, and at peace again in 1990.
    germany = panel.loc[GERMANY]
    assert [year for year in germany.index if 1940 <= year <= 1995] == [*range(1940, 1946), *range(1990, 1996)]
    same(germany.loc[[1945, 1990, 1991], "peace_years"].tolist(), [0, 0, 1])
    same(germany.loc[[1945, 1990, 1991], "peace_censored"].tolist(), [0, 1, 1])
    # The one dispute of Grenada is that of its invasion in 1983, that of Palau of 2000.
    for state, entry, year in ((GRENADA, 1974, 1983), (PALAU, 1994, 2000)):
        rows = panel.loc[state]
        assert rows.index[rows["onset_gml"] == 1].tolist() == [year]
        same(rows.loc[[year, year + 1, 2010], "peace_years"].tolist(), [year - entry, 0, 2010 - year - 1])
        same(rows.loc[[year, year + 1, 2010], "peace_censored"].tolist(), [1, 0, 0])
    assert panel.loc[(GRENADA, 1983), ["onset_gml_strict", "onset_icb", "onset_ucdp"]].tolist() == [1, 1, 1]
