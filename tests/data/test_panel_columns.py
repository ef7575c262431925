"""Each value goes to its row: directions, sides, partners, and what has no row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import BrokenContract, ConfigError, PanelError
from detente.base.units import UNITS
from detente.data.panel import STATES, Panel, build_panel, catalogue
from detente.data.panel.outcomes import fought_before, peace_censored, peace_years
from detente.data.sources import KEYS, REGISTRY

from support.builders import dyad_years, spells
from support.made_panels import MEMBERS, NA, SYSTEM, event, made_panel, made_source, measure

PACT = made_source("pacts", "dyad-year", event("pact"))
ACTED = made_source("acts", "directed-dyad-year", event("acted"), measure("sold", "tonnes"))
POWER = made_source("power", "state-year", measure("power"))
APART = "the two states do not coexist in the system"


def values(panel: Panel, name: str) -> dict[tuple[int, ...], float]:
    """Values by key, without the missing ones."""
    keys = map(tuple, panel.frame[list(KEYS[panel.unit])].to_numpy().tolist())
    return {key: value for key, value in zip(keys, panel.frame[name], strict=True) if not np.isnan(value)}


def acts(*rows: tuple[int, int, int, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["ccode1", "ccode2", "year", "acted", "sold"])


def power(*rows: tuple[int, int, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["ccode", "year", "power"])


# Rows


@pytest.mark.parametrize("unit", UNITS)
def test_keys_are_sorted_unique_whole_numbers(unit: str):
    frame = made_panel({}, (1940, 1995), unit=unit).frame
    key = list(KEYS[unit])

    assert frame[key].dtypes.astype(str).tolist() == ["int64"] * len(key)
    assert not frame.duplicated(key).any()
    assert frame[key].equals(frame[key].sort_values(key, ignore_index=True))


def test_a_directed_panel_has_each_pair_twice():
    undirected, directed = (made_panel({}, (1940, 1995), unit=u).frame for u in ("dyad-year", "directed-dyad-year"))

    forth = directed[directed["ccode1"] < directed["ccode2"]][["ccode1", "ccode2", "year"]].to_numpy()
    back = directed[directed["ccode1"] > directed["ccode2"]][["ccode2", "ccode1", "year"]]
    assert np.array_equal(forth, undirected[["ccode1", "ccode2", "year"]].to_numpy())
    assert np.array_equal(back.sort_values(list(back)).to_numpy(), forth)


def test_a_join_never_loses_or_adds_rows():
    strays = pd.concat([dyad_years(2, 200, [1989, 1990, 1991]), dyad_years(2, 7, [1990]), dyad_years(7, 9, [1990])])

    panel = made_panel({PACT: strays.assign(pact=1.0)})

    key = ["ccode1", "ccode2", "year"]
    assert panel.frame[key].equals(made_panel({}).frame[key])
    assert values(panel, "pact") == {
        k: float(k in {(2, 200, 1990), (2, 200, 1991)}) for k in panel.frame[key].itertuples(index=False, name=None)
    }


# Sides and directions


def test_each_state_of_a_dyad_has_its_own_value():
    tidy = {POWER: power((2, 1990, 0.1), (200, 1990, 0.2), (255, 1990, NA))}

    undirected = made_panel(tidy, (1990, 1990))
    directed = made_panel(tidy, (1990, 1990), unit="directed-dyad-year")
    alone = made_panel(tidy, (1990, 1990), unit="state-year")

    row = undirected.frame.set_index(["ccode1", "ccode2"]).loc[(2, 200)]
    assert row[["power_1", "power_2"]].tolist() == [0.1, 0.2]
    assert values(undirected, "power_2").keys() == {(2, 200, 1990)}
    rows = directed.frame.set_index(["ccode1", "ccode2"]).loc[[(2, 200), (200, 2)], ["power_sender", "power_target"]]
    assert rows.to_numpy().tolist() == [[0.1, 0.2], [0.2, 0.1]]
    assert values(alone, "power") == {(2, 1990): 0.1, (200, 1990): 0.2}


def test_what_the_source_does_stands_in_its_direction():
    tidy = {ACTED: acts((2, 200, 1990, 1, 5.0), (200, 2, 1991, 1, 7.0), (679, 2, 1991, 0, NA))}

    undirected = made_panel(tidy, (1990, 1991))
    directed = made_panel(tidy, (1990, 1991), unit="directed-dyad-year")

    ones = {name: {k for k, v in values(undirected, name).items() if v} for name in ("acted_12", "acted_21")}
    assert ones == {"acted_12": {(2, 200, 1990)}, "acted_21": {(2, 200, 1991)}}
    assert values(undirected, "sold_12") == {(2, 200, 1990): 5.0}
    assert values(undirected, "sold_21") == {(2, 200, 1991): 7.0}
    assert {k for k, v in values(directed, "acted").items() if v} == {(2, 200, 1990), (200, 2, 1991)}
    assert values(directed, "sold") == {(2, 200, 1990): 5.0, (200, 2, 1991): 7.0}
    assert not directed.frame["acted"].isna().any()
    labels = [undirected.entries[f"acted_{way}"].variable.label for way in ("12", "21")]
    assert labels == ["Label of acted, state 1 towards state 2", "Label of acted, state 2 towards state 1"]


@pytest.mark.fault("panels")
def test_a_folded_variable_keeps_its_direction_in_directed_panels_and_is_the_maximum_elsewhere():
    owed = made_source(
        "owed",
        "directed-dyad-year",
        event("bound", folded="Bound, either"),
        measure("lent", "tons", folded="Lent, most"),
    )
    rows = [(2, 200, 1990, 1, 5.0), (200, 2, 1990, 0, 7.0), (200, 2, 1991, 1, NA), (679, 2, 1991, 1, 3.0)]
    tidy = {owed: pd.DataFrame(rows, columns=["ccode1", "ccode2", "year", "bound", "lent"])}

    pairs, ways, states = (made_panel(tidy, (1990, 1991), unit=unit) for unit in UNITS)

    ones = {(2, 200, 1990), (200, 2, 1991), (679, 2, 1991)}
    assert {k for k, v in values(ways, "bound").items() if v} == ones
    turned = {(b, a, y) for a, b, y in ones}
    assert {k for k, v in values(ways, "bound_either").items() if v} == ones | turned
    assert {k for k, v in values(pairs, "bound").items() if v} == {k for k in ones | turned if k[0] < k[1]}
    assert not pairs.frame["bound"].isna().any() and not ways.frame["bound"].isna().any()
    assert values(ways, "lent") == {k[:3]: k[4] for k in rows if k[4] == k[4]}
    assert values(pairs, "lent") == {(2, 200, 1990): 7.0, (2, 679, 1991): 3.0}
    assert values(states, "bound_partners")[(2, 1991)] == 2
    assert [ways.entries[n].variable.label for n in ("bound", "bound_either")] == ["Label of bound", "Bound, either"]
    assert pairs.entries["bound"].variable.label == "Bound, either"
    assert not {"bound_12", "bound_21", "bound_either"} & set(pairs.entries)
    for panel in (pairs, ways, states):
        merged = panel.attrition[panel.attrition["action"] == "merged"][["source", "reason", "rows"]]
        assert merged.to_numpy().tolist() == [
            ["owed", "bound differs by direction: without direction the maximum counts", 3],
            ["owed", "lent differs by direction: without direction the maximum counts", 1],
        ]


@pytest.mark.fault("contracts")
def test_what_is_folded_has_a_direction():
    with pytest.raises(BrokenContract, match="'bound' is `folded`, but rows have no direction"):
        made_source("owed", "dyad-year", event("bound", folded="Bound, either"))


def test_what_two_states_share_is_the_same_in_both_directions():
    lasting = made_source("ties", "dyad", measure("kin"), years=(1991, 1992))
    tidy = {
        PACT: dyad_years(2, 200, [1990, 1992], pact=[1, 1]),
        lasting: pd.DataFrame({"ccode1": [2, 200], "ccode2": [200, 679], "kin": [3.0, 4.0]}),
    }

    directed = made_panel(tidy, unit="directed-dyad-year")

    assert {k for k, v in values(directed, "pact").items() if v} == {
        (s, t, y) for s, t in ((2, 200), (200, 2)) for y in (1990, 1992)
    }
    assert values(directed, "kin") == {
        (*pair, year): kin
        for kin, pairs in ((3.0, [(2, 200), (200, 2)]), (4.0, [(200, 679), (679, 200)]))
        for pair in pairs
        for year in (1991, 1992)
    }
    undirected = made_panel(tidy)
    assert values(undirected, "kin") == {k: v for k, v in values(directed, "kin").items() if k[0] < k[1]}


def test_a_major_power_is_one_on_any_day_of_the_year():
    """State 200 is one up to 6 July 1956, state 2 from 13 August 1898 on."""
    panel = made_panel({}, (1897, 1958), unit="state-year")

    majors = {k for k, v in values(panel, "major").items() if v}

    assert majors == {(200, y) for y in range(1897, 1957)} | {(2, y) for y in range(1898, 1959)}
    assert not panel.frame["major"].isna().any()
    pairs = made_panel({}, (1897, 1958))
    either = {k: float((k[0], k[2]) in majors or (k[1], k[2]) in majors) for k in values(pairs, "major_power")}
    assert values(pairs, "major_power") == either
    assert 0 < sum(either.values()) < len(either)


# Partners


def test_a_state_year_counts_partners_where_a_pair_is_coded():
    pact = made_source("pacts", "dyad-year", event("pact", unknown=True), years=(1990, 1992))
    tidy = pd.concat([dyad_years(2, 200, [1990, 1991], pact=[1, NA]), dyad_years(2, 679, [1990, 1993], pact=[1, 1])])

    panel = made_panel({pact: tidy}, unit="state-year")

    found = values(panel, "pact_partners")
    assert {k for k, v in found.items() if v} == {(2, 1990), (200, 1990), (679, 1990)}
    assert (found[2, 1990], found[200, 1990], found[2, 1991]) == (2, 1, 0)
    assert {year for _, year in found} == {1990, 1991, 1992}
    entry = panel.entries["pact_partners"].variable
    assert (entry.unit, entry.kind, entry.label) == ("partners", "measure", "Label of pact: number of partners")


@pytest.mark.parametrize(
    ("key", "variable"),
    [("dyad-year", measure("kin")), ("dyad-year", event("battles", "battles")), ("directed-dyad-year", event("acted"))],
)
def test_only_events_of_a_pair_have_partners(key: str, variable: object):
    offered = catalogue([REGISTRY[STATES], made_source("some", key, variable)], "state-year")

    assert list(offered) == ["major", "microstate"]


# What has no row


@pytest.mark.parametrize("unit", UNITS)
def test_records_without_a_row_are_counted_in_the_attrition_log(unit: str):
    pact = made_source("pacts", "dyad-year", event("pact"), years=(1900, 1992))
    kin = made_source("ties", "dyad", measure("kin"))
    seat = made_source("seats", "state", measure("seat"))
    tidy = {
        # 2–200 coexist; 255 and 260 never do; 999 is no state; of 1993 the source codes nothing.
        pact: pd.concat(
            [
                dyad_years(2, 200, [1989, 1990]),
                dyad_years(2, 200, [1993]),
                dyad_years(255, 260, [1990, 1992]),
                dyad_years(2, 999, [1980, 1991]),
            ]
        ).assign(pact=1),
        ACTED: acts((260, 255, 1991, 1, 1.0), (255, 260, 1992, 1, 1.0), (200, 2, 1991, 1, 1.0)),
        POWER: power((260, 1990, 1.0), (260, 1991, 1.0), (260, 1993, 1.0), (999, 1990, 1.0)),
        kin: pd.DataFrame({"ccode1": [2, 2, 255], "ccode2": [200, 999, 260], "kin": 1.0}),
        seat: pd.DataFrame({"ccode": [2, 998, 999], "seat": 1.0}),
    }

    attrition = made_panel(tidy, unit=unit).attrition

    away, never = "not a member of the system that year", "never a member of the system up to 1993"
    assert attrition.drop(columns="action").to_numpy().tolist() == [
        ["pacts", APART, "2-999 1991–1991", 1],
        ["pacts", APART, "255-260 1990–1992", 2],
        ["pacts", "not in the years that the source covers", "2-200 1993–1993", 1],
        ["acts", APART, "255-260 1992–1992", 1],
        ["acts", APART, "260-255 1991–1991", 1],
        ["power", away, "260 1991–1993", 2],
        ["power", away, "999 1990–1990", 1],
        ["ties", "the two states never coexist in the system up to 1993", "2-999", 1],
        ["ties", "the two states never coexist in the system up to 1993", "255-260", 1],
        ["seats", never, "998", 1],
        ["seats", never, "999", 1],
    ]
    assert set(attrition["action"]) == {"dropped"}


def test_every_record_of_the_window_is_in_the_panel_or_in_its_attrition_log():
    draw = np.random.default_rng(3)
    everyone = [*MEMBERS, 7, 999]
    keys = [(a, b, y) for a in everyone for b in everyone if a < b for y in range(1935, 1999) if draw.random() < 0.3]
    tidy = pd.DataFrame(keys, columns=["ccode1", "ccode2", "year"]).assign(pact=1)
    pact = made_source("pacts", "dyad-year", event("pact"), years=(1944, 1990))

    panel = made_panel({pact: tidy}, (1940, 1995))

    inside = tidy["year"].between(1940, 1995).sum()
    assert panel.frame["pact"].sum() + panel.attrition["rows"].sum() == inside
    assert min(panel.frame["pact"].sum(), panel.attrition["rows"].sum()) > 50


# What is refused


@pytest.mark.parametrize("unit", UNITS)
def test_a_key_that_occurs_twice_is_refused_with_examples(unit: str):
    years = [1990, 1990, 1991, 1991, 1992, 1992, 1993, 1993, 1989]

    with pytest.raises(PanelError) as caught:
        made_panel({PACT: dyad_years(2, 200, years).assign(pact=1)}, unit=unit)

    examples = "2 200 1990; 2 200 1991; 2 200 1992"
    assert str(caught.value) == f"pacts: 4 keys (ccode1, ccode2, year) occur more than once, e.g. {examples}"


TWICE = {
    "state-year": (POWER, power((2, 1990, 0.1), (2, 1990, 0.2)), "power: 1 keys (ccode, year) … e.g. 2 1990"),
    "directed-dyad-year": (
        ACTED,
        acts((2, 200, 1990, 1, 1.0), (200, 2, 1990, 1, 1.0), (200, 2, 1990, 0, 1.0)),
        "acts: 1 keys (ccode1, ccode2, year) … e.g. 200 2 1990",
    ),
    "dyad": (
        made_source("ties", "dyad", measure("kin")),
        pd.DataFrame({"ccode1": [2, 2], "ccode2": [200, 200], "kin": 1.0}),
        "ties: 1 keys (ccode1, ccode2) … e.g. 2 200",
    ),
    "ccode": (
        made_source("seats", "state", measure("seat")),
        pd.DataFrame({"ccode": [2, 2], "seat": 1.0}),
        "seats: 1 keys (ccode) … e.g. 2",
    ),
}


@pytest.mark.parametrize("key", TWICE)
def test_a_key_of_any_kind_that_occurs_twice_is_refused(key: str):
    source, frame, message = TWICE[key]

    with pytest.raises(PanelError) as caught:
        made_panel({source: frame})

    assert str(caught.value) == message.replace("…", "occur more than once,")


@pytest.mark.parametrize(
    ("source", "frame", "message"),
    [
        (PACT, dyad_years(2, 10_000, [1990], pact=[1]), "pacts: ccode2 must … found 10,000"),
        (PACT, dyad_years(-9, 200, [1990], pact=[1]), "pacts: ccode1 must … found -9"),
        (POWER, power((12_345, 1990, 1.0)), "power: ccode must … found 12,345"),
        (ACTED, acts((2, -1, 1990, 1, 1.0)), "acts: ccode2 must … found -1"),
    ],
)
def test_a_code_that_can_be_no_state_is_refused_naming_its_source(source: object, frame: pd.DataFrame, message: str):
    with pytest.raises(PanelError) as caught:
        made_panel({source: frame})

    assert str(caught.value) == message.replace("…", "be a whole number from 0 to 9,999;")


def test_a_declared_variable_must_be_there():
    with pytest.raises(PanelError) as caught:
        made_panel({ACTED: acts((2, 200, 1990, 1, 1.0)).drop(columns=["acted", "ccode2"])})

    assert str(caught.value) == "acts: declared columns are missing from the tidy frame: ccode2, acted"


CLASHES = [
    (
        made_source("b", "dyad-year", event("pact")),
        "'pacts' and 'b' both have a variable 'pact': join one of them, or ",
    ),
    (made_source("b", "dyad-year", event("power_1")), "'power' and 'b' both have a variable 'power_1': join one of t"),
    (made_source("b", "dyad", measure("major_power")), "'b' has a variable 'major_power', which is derived: rename th"),
]


@pytest.mark.parametrize("unit", UNITS[:2])
@pytest.mark.parametrize(("other", "message"), CLASHES)
def test_two_variables_of_one_name_are_refused(other: object, message: str, unit: str):
    with pytest.raises(ConfigError) as caught:
        catalogue([REGISTRY[STATES], PACT, POWER, other], unit)

    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith("rename the variable")


# The past


def test_the_last_dispute_of_one_dyad_is_nothing_to_the_next():
    frame = pd.concat(
        [
            dyad_years(2, 20, [1990, 1991], ongoing=[0, 1]),
            dyad_years(2, 40, [1992, 1993, 1994], ongoing=[0, 0, 0]),
            dyad_years(3, 40, [1995, 1996], ongoing=[0, 0]),
        ]
    )
    columns = {name: frame[name].to_numpy() for name in frame}

    assert peace_years(columns, "ongoing").tolist() == [0, 1, 0, 1, 2, 0, 1]
    assert fought_before(columns, "ongoing").tolist() == [0] * 7
    assert peace_censored(columns, "ongoing").tolist() == [1] * 7


def test_a_microstate_is_one_in_all_years_and_on_its_side():
    states = pd.concat([SYSTEM, spells((986, 19941215, 20161231))], ignore_index=True)
    frames = {
        unit: build_panel({STATES: states}, [REGISTRY[STATES]], (1993, 1996), unit=unit, lead_in=0) for unit in UNITS
    }

    pairs = frames["dyad-year"].frame.query("ccode2 == 986")
    assert sorted(set(pairs["year"])) == [1994, 1995, 1996]
    assert (pairs["microstate_2"] == 1).all() and (pairs["microstate_1"] == 0).all()
    ways = frames["directed-dyad-year"].frame
    assert ways["microstate_sender"].tolist() == (ways["ccode1"] == 986).astype(float).tolist()
    assert {k for k, v in values(frames["state-year"], "microstate").items() if v} == {
        (986, year) for year in (1994, 1995, 1996)
    }


def test_a_major_power_that_is_no_member_makes_no_other_state_one():
    states = pd.concat([SYSTEM, spells((999, 19000101, 20161231), status="major")], ignore_index=True)

    panel = build_panel({STATES: states}, [REGISTRY[STATES]], (1990, 1990), unit="state-year")

    assert {k[0] for k, v in values(panel, "major").items() if v} == {2}
