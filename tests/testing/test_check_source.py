"""Every source keeps the contract, and so may one of anybody's own; what breaks it is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from detente.data.record.rawread import read_raw
from detente.data.sources import ANY, BY_DYAD, REGISTRY, RawTable, Source, Tidy, Variable, attrition
from detente.study.config.project import load_project
from detente.testing import check_source

from support.builders import REPOSITORY

FILE = "visits.csv"
VISITS = {FILE: pd.DataFrame({"ccode1": [2, 2, 2], "ccode2": [200, 200, 220], "year": [1990, 1991, 2050]})}


def clean(raw: Mapping[str, pd.DataFrame]) -> Tidy:
    """One row per dyad-year with a visit."""
    inside = raw[FILE]["year"].between(1980, 2010)
    frame = raw[FILE][inside].assign(visit=1).reset_index(drop=True)
    return Tidy(frame, attrition("visits", [("dropped", "year outside 1980–2010", "all", int((~inside).sum()))]))


OWN = Source(
    slug="visits",
    key="dyad-year",
    raw=(RawTable(FILE, {"ccode1": ANY, "ccode2": ANY, "year": ANY}),),
    variables=(Variable("visit", "Visit of a head of state", "0/1", "event", "treatment", assigned=BY_DYAD),),
    clean=clean,
    years=(1980, 2010),
)


@pytest.mark.parametrize("slug", REGISTRY)
def test_every_source_is_declared_in_full(slug: str) -> None:
    check_source(REGISTRY[slug])


@pytest.mark.record
@pytest.mark.parametrize("slug", REGISTRY)
def test_every_source_keeps_the_contract_on_its_pinned_bytes(slug: str, mirror: Path) -> None:
    records = load_project(REPOSITORY).sources
    raw = {}
    for table in REGISTRY[slug].raw:
        owner = table.slug or slug
        path = mirror / (records[owner].folder or owner) / table.file
        if not path.is_file():
            pytest.skip(f"no {path}")
        raw[table.name] = read_raw(path, table)
    check_source(REGISTRY[slug], raw)


def test_a_source_of_ones_own_keeps_it() -> None:
    check_source(OWN, VISITS)


def changing(raw: Mapping[str, pd.DataFrame]) -> Tidy:
    raw[FILE]["seen"] = 1
    return clean({FILE: raw[FILE].drop(columns="seen")})


def outside(raw: Mapping[str, pd.DataFrame]) -> Tidy:
    return Tidy(raw[FILE].assign(visit=1), attrition("visits"))


def backwards(raw: Mapping[str, pd.DataFrame]) -> Tidy:
    return Tidy(clean(raw).frame[::-1].reset_index(drop=True), attrition("visits"))


def silent(raw: Mapping[str, pd.DataFrame]) -> Tidy:
    return Tidy(clean(raw).frame, attrition("calls", [("dropped", "unknown", "all", 1)]))


@pytest.mark.fault("contracts")
@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (replace(OWN, slug="State Visits"), "'State Visits' is no id"),
        (replace(OWN, years=(2010, 1980)), "its years end in 1980, before they start in 2010"),
        (replace(OWN, raw=()), "it reads no raw table"),
        (replace(OWN, raw=(RawTable(FILE, {"year": ANY}, ("kind",)),)), "its key has kind, which it does not read"),
        (replace(OWN, variables=OWN.variables * 2), "two of its variables have one name"),
        (replace(OWN, variables=(replace(OWN.variables[0], name="year"),)), "'year' is no name for a variable"),
        (replace(OWN, variables=(replace(OWN.variables[0], label=" "),)), "'visit' has no label or no unit"),
        (replace(OWN, clean=changing), "cleaning changes visits.csv"),
        (replace(OWN, clean=outside), "it has rows outside the years it covers, 1980–2010"),
        (replace(OWN, clean=backwards), "its rows are not sorted by ccode1, ccode2, year"),
        (replace(OWN, clean=silent), "an entry of its attrition log lacks its source"),
    ],
)
def test_what_breaks_it_is_named(broken: Source, fault: str) -> None:
    with pytest.raises(AssertionError, match=f"^source '{broken.slug}': .*{fault}"):
        check_source(broken, {FILE: VISITS[FILE].copy()})
