"""What a source has nothing of, where it covers it, is found, and on the observed record each hole has a cause."""

from __future__ import annotations

from itertools import combinations, permutations
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from detente.data.pins import load_sources
from detente.data.record.holes import cause, find_holes, hole_lines
from detente.data.record.rawread import read_raw
from detente.data.sources import REGISTRY, Source, Variable
from detente.data.sources.codelists import Then
from detente.data.sources.holes import HOLES, Hole
from detente.data.sources.power import surplus, trade
from detente.data.sources.statecodes import members

from support.builders import REPOSITORY
from support.made_panels import event, made_source, measure, observed

STATES = "cow-state-system"
CODES = (2, 20, 200, 220, 255, 365, 640, 700, 710, 740)
SPELLS = pd.DataFrame(
    {"ccode": code, "name": f"S{code}", "status": "member", "start": 19000101, "end": 19391231} for code in CODES
)
YEARS = range(1900, 1940)


def as_they_are(codes: Any, years: Any, raw: Any, *_: Any) -> pd.DataFrame:
    """Codes of any list, as if they were COW's."""
    code = codes.astype("int64")
    return pd.DataFrame({"code": code, "member": members(pd.DataFrame({"ccode": code, "year": years}), raw)})


def found(key: Any, variable: Variable, frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    sources: dict[str, Source] = {"made": made_source("made", key, variable, years=(1900, 1939))}
    holes = find_holes({STATES: SPELLS, "made": frame}, sources, STATES)
    return [tuple(row) for row in holes.drop(columns=["source", "variable"]).itertuples(index=False)]


def state_years() -> pd.DataFrame:
    return pd.DataFrame([(c, y, 1.0) for c in CODES for y in YEARS], columns=["ccode", "year", "power"])


def dyad_years(pairs: Any = combinations) -> pd.DataFrame:
    rows = [(*pair, y, 1.0) for pair in pairs(CODES, 2) for y in YEARS]
    return pd.DataFrame(rows, columns=["ccode1", "ccode2", "year", "flow"])


def test_a_table_without_holes_has_none() -> None:
    assert found("state-year", measure("power"), state_years()) == []
    assert found("dyad-year", measure("flow"), dyad_years()) == []


def test_a_state_that_is_missing_throughout_is_a_hole() -> None:
    frame = state_years()
    assert found("state-year", measure("power"), frame[frame["ccode"] != 255]) == [(255, "", 1900, 1939)]
    unknown = frame.assign(power=frame["power"].mask(frame["ccode"] == 255))
    assert found("state-year", measure("power"), unknown) == [(255, "", 1900, 1939)]


def test_five_years_in_a_row_are_a_hole_and_four_are_none() -> None:
    frame = state_years()
    gone = (frame["ccode"] == 2) & frame["year"].between(1914, 1918) | (frame["ccode"] == 20) & frame["year"].lt(1904)
    assert found("state-year", measure("power"), frame[~gone]) == [(2, "", 1914, 1918)]


def test_a_year_without_any_state_is_one_hole() -> None:
    frame = state_years()
    assert found("state-year", measure("power"), frame[frame["year"] != 1913]) == [(0, "", 1913, 1913)]


def test_a_state_with_hardly_any_dyads_is_a_hole() -> None:
    frame = dyad_years()
    germany = frame[["ccode1", "ccode2"]].eq(255).any(axis=1) & frame["year"].between(1920, 1930)
    one = frame["ccode1"] == 2
    assert found("dyad-year", measure("flow"), frame[~germany | one]) == [(255, "", 1920, 1930)]


def test_a_year_without_an_event_among_years_with_several_is_a_hole() -> None:
    frame = dyad_years().rename(columns={"flow": "war"})
    assert found("dyad-year", event("war"), frame[frame["year"] != 1905]) == [(0, "", 1905, 1905)]
    few = frame[frame["ccode1"].eq(2) & frame["ccode2"].eq(20)]
    assert found("dyad-year", event("war"), few[few["year"] != 1905]) == []


def test_directed_dyads_that_stand_in_one_order_alone_are_a_hole() -> None:
    both = dyad_years(permutations).rename(columns={"flow": "began"})
    assert found("directed-dyad-year", event("began"), both) == []
    assert found("directed-dyad-year", event("began"), dyad_years().rename(columns={"flow": "began"})) == [
        (0, "second", 1900, 1939)
    ]
    imports = dyad_years(permutations)
    assert found("directed-dyad-year", measure("flow"), imports[imports["ccode1"] != 700]) == [
        (700, "first", 1900, 1939)
    ]


def test_a_state_without_an_event_that_has_some_in_other_sources_is_a_hole() -> None:
    sources = {f"s{i}": made_source(f"s{i}", "dyad-year", event(f"e{i}"), years=(1900, 1939)) for i in range(6)}
    tables = {slug: dyad_years().rename(columns={"flow": f"e{slug[1]}"}) for slug in sources}
    tables["s3"] = tables["s3"][~tables["s3"][["ccode1", "ccode2"]].eq(740).any(axis=1)]

    holes = find_holes({STATES: SPELLS, **tables}, sources, STATES)

    assert [tuple(row) for row in holes.itertuples(index=False)] == [("s3", 740, "", 1900, 1939, "")]


def test_a_variable_that_a_state_lacks_and_most_have_is_a_hole() -> None:
    source = made_source("made", "state-year", measure("power"), measure("ships"), years=(1900, 1939))
    frame = state_years().assign(ships=1.0)
    sunk = frame.assign(ships=frame["ships"].mask(frame["ccode"] == 200))
    rare = frame.assign(ships=frame["ships"].where(frame["ccode"] == 200))

    for table, expected in ((frame, []), (sunk, [("made", 200, "", 1900, 1939, "ships")]), (rare, [])):
        holes = find_holes({STATES: SPELLS, "made": table}, {"made": source}, STATES)
        assert [tuple(row) for row in holes.itertuples(index=False)] == expected


def test_a_state_without_a_row_in_a_table_without_years_is_a_hole() -> None:
    areas = pd.DataFrame({"ccode": CODES[1:], "area": 1.0})
    assert found("state", measure("area"), areas) == [(2, "", 1900, 1939)]
    assert found("state", event("bases"), areas.rename(columns={"area": "bases"})) == []
    pairs = dyad_years()[["ccode1", "ccode2"]].drop_duplicates().assign(distance=1.0)
    assert found("dyad", measure("distance"), pairs[~pairs.isin([740]).any(axis=1)]) == [(740, "", 1900, 1939)]


def test_holes_are_said_with_their_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "detente.data.record.holes.HOLES",
        {"made": (Hole("not coded in the war", (2,), (1914, 1918)), Hole("no estimate", variables=("gdp",)))},
    )
    rows = [
        ("made", 2, "", 1914, 1918, ""),
        ("made", 20, "first", 1900, 1939, ""),
        ("made", 0, "", 1930, 1930, ""),
        ("made", 200, "", 1900, 1939, "gdp"),
    ]

    said = hole_lines(pd.DataFrame(rows, columns=["source", "state", "side", "first", "last", "variable"]), SPELLS)

    assert said == {
        "made": [
            "not coded in the war: S2 (2) 1914–1918",
            "no cause is declared: S20 (20) on the first side 1900–1939, all states 1930",
            "gdp: no estimate: S200 (200)",
        ]
    }


@pytest.mark.record
def test_every_hole_of_the_record_has_a_declared_cause_and_every_cause_a_hole(mirror: Path) -> None:
    holes = find_holes(observed(mirror), REGISTRY, STATES)
    causes = {row: cause(*row) for row in holes.itertuples(index=False, name=None)}

    assert [row for row, declared in causes.items() if declared is None] == []
    used = {(row[0], declared) for row, declared in causes.items()}
    unused = [(slug, hole) for slug, known in HOLES.items() for hole in known if (slug, hole) not in used]
    # Whether a state without events is remarkable hangs on how many other sources there are; that it has none does not.
    tables = observed(mirror)
    assert [(slug, hole) for slug, hole in unused if not _without_rows(tables[slug], hole)] == []


@pytest.mark.fault("raw files")
@pytest.mark.parametrize(
    ("slug", "module", "patched", "missed"),
    [
        # Codes of Gleditsch and Ward taken for COW's: no Germany and Yemen from 1990 on.
        ("gdp-pop-surplus", surplus, {"translated": as_they_are}, {(255, 1990, 2015), (679, 1990, 2015)}),
        # What stands under Germany's code while it was divided is not the Federal Republic's.
        ("cow-trade-4.0-national", trade, {"WEST": Then(255, 255, 1960, 1989)}, {(260, 1960, 1990)}),
    ],
)
@pytest.mark.record
def test_codes_of_another_list_or_time_are_seen_as_holes_without_a_cause(
    slug: str,
    module: ModuleType,
    patched: dict[str, Any],
    missed: set[tuple[int, int, int]],
    mirror: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in patched.items():
        monkeypatch.setattr(module, name, value)
    records, raw = load_sources(REPOSITORY), {}
    for table in REGISTRY[slug].raw:
        folder = records[table.slug or slug].folder or table.slug or slug
        raw[table.name] = read_raw(mirror / folder / table.file, table)
    tidy = {**observed(mirror), slug: REGISTRY[slug].clean(raw).frame}

    holes = find_holes(tidy, REGISTRY, STATES)
    without = [row for row in holes.itertuples(index=False, name=None) if cause(*row) is None]

    assert {row[0] for row in without} == {slug}
    assert missed <= {(state, first, last) for _, state, _, first, last, _ in without}


def _without_rows(frame: pd.DataFrame, hole: Hole) -> bool:
    """Whether the table has no row of any of the states that the hole names, if it names some and no years."""
    sides = [side for side in ("ccode", "ccode1", "ccode2") if side in frame]
    return bool(hole.states) and hole.years is None and not frame[sides].isin(hole.states).any(axis=None)


def test_a_declared_hole_with_a_row_is_none() -> None:
    frame = pd.DataFrame({"ccode1": [2, 20], "ccode2": [200, 220], "year": 1990})
    assert _without_rows(frame, Hole("none", (255, 365)))
    assert not _without_rows(frame, Hole("none", (255, 220)))
    assert not _without_rows(frame, Hole("none"))
