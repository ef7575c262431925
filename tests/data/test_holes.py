"""What a source has nothing of, where it covers it, is found, and on the observed record each hole has a cause."""

from __future__ import annotations

from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from detente.data.record.holes import cause, find_holes, hole_lines
from detente.data.sources import REGISTRY, Source, Variable
from detente.data.sources.holes import HOLES, Hole

from support.made_panels import event, made_source, measure, observed

STATES = "cow-state-system"
CODES = (2, 20, 200, 220, 255, 365, 640, 700, 710, 740)
SPELLS = pd.DataFrame(
    {"ccode": code, "name": f"S{code}", "status": "member", "start": 19000101, "end": 19391231} for code in CODES
)
YEARS = range(1900, 1940)


def found(key: Any, variable: Variable, frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    sources: dict[str, Source] = {"made": made_source("made", key, variable, years=(1900, 1939))}
    holes = find_holes({STATES: SPELLS, "made": frame}, sources, STATES)
    return [tuple(row) for row in holes.drop(columns="source").itertuples(index=False)]


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

    assert [tuple(row) for row in holes.itertuples(index=False)] == [("s3", 740, "", 1900, 1939)]


def test_holes_are_said_with_their_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "detente.data.record.holes.HOLES", {"made": (Hole("not coded in the war", (2,), (1914, 1918)),)}
    )
    rows = [("made", 2, "", 1914, 1918), ("made", 20, "first", 1900, 1939), ("made", 0, "", 1930, 1930)]

    said = hole_lines(pd.DataFrame(rows, columns=["source", "state", "side", "first", "last"]), SPELLS)

    assert said == {
        "made": [
            "not coded in the war: S2 (2) 1914–1918",
            "no cause is declared: S20 (20) on the first side 1900–1939, all states 1930",
        ]
    }


@pytest.mark.record
def test_every_hole_of_the_record_has_a_declared_cause_and_every_cause_a_hole(mirror: Path) -> None:
    holes = find_holes(observed(mirror), REGISTRY, STATES)
    causes = {row: cause(*row) for row in holes.itertuples(index=False, name=None)}

    assert [row for row, declared in causes.items() if declared is None] == []
    used = {(row[0], declared) for row, declared in causes.items()}
    assert {(slug, hole) for slug, known in HOLES.items() for hole in known} - used == set()
