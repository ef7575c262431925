"""Informal intergovernmental bodies of 2017: who belongs to which with whom, and what the sheets have a column away."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from detente.data.record.rawread import clean_source
from detente.data.sources import Tidy, tidy_schema
from detente.data.sources.cooperation import informal_bodies, rosters
from detente.data.sources.cooperation.informal_bodies import ASTRAY, ISSUE, MISPLACED, NAME, NUMBER, STANDS

from support.builders import entries, rows, state_list

STATES = state_list(
    (2, "United States of America", 18160101, 20161231),
    (255, "Germany", 19901003, 20161231),
    (305, "Austria", 19550727, 20161231),
    (626, "South Sudan", 20110714, 20161231),
    (732, "South Korea", 19490629, 20161231),
    (900, "Australia", 19200110, 20161231),
)


def cleaned(*bodies: tuple[str, str, int, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch) -> Tidy:
    """Bodies with their issue, whether they stand (0), and the columns in which they are marked."""
    columns = ("Australia", "Austria", "Austria-Hungary", "Germany", "Korea", "United States of America")
    monkeypatch.setattr(informal_bodies, "STATES_LISTED", columns)
    listed = [(n, issue, stands) for n, (_, issue, stands, _) in enumerate(bodies, start=1)]
    marked = [(n, name, *(1.0 if c in states else None for c in columns)) for n, (name, _, _, states) in
              enumerate(bodies, start=1)]  # fmt: skip
    past = state_list((300, "Austria-Hungary", 18160101, 19181112))
    raw = {
        "bodies": pd.DataFrame(listed, columns=[NUMBER, ISSUE, STANDS]),
        "members": pd.DataFrame(marked, columns=[NUMBER, NAME, *columns]),
        informal_bodies.STATES.file: pd.concat([STATES, past], ignore_index=True),
    }
    return informal_bodies.SOURCE.clean(raw)


def test_members_of_bodies_that_stand_are_paired_and_those_of_security_counted(monkeypatch: pytest.MonkeyPatch):
    tidy = cleaned(
        ("Group A ", "Security", 0, ("Korea", "United States of America")),
        ("Group B", "Economic", 0, ("Korea", "United States of America", "Germany")),
        ("Group C", "Security", 1, ("Australia", "Germany")),
        monkeypatch=monkeypatch,
    )

    known = tidy.frame.dropna()
    assert rows(Tidy(known, tidy.attrition), "ccode1", "ccode2", "informal_bodies", "informal_security_bodies") == [
        (2, 255, 1, 0), (2, 732, 2, 1), (255, 732, 1, 0),
    ]  # fmt: skip
    unknown = tidy.frame[tidy.frame["informal_bodies"].isna()]
    assert set(unknown["ccode1"]) | set(unknown["ccode2"]) == {2, 255, 305, 626, 732, 900}
    assert (unknown[["ccode1", "ccode2"]] == 626).any(axis=1).all(), "South Sudan has no column: missing, not none"
    reason = "body had ended or become formal by 2017: members of its last year"
    assert ("dropped", reason, "all members of bodies", 2) in entries(tidy)
    assert tidy.idle, "corrections that find nothing to correct are said"


def test_who_is_marked_a_column_away_is_who_is_meant(monkeypatch: pytest.MonkeyPatch):
    tidy = cleaned(
        ("Quadrilateral Security Dialogue", "Security", 0, ("Austria-Hungary", "United States of America")),
        ("Salzburg Forum", "Security", 0, ("Australia", "Germany")),
        (ASTRAY, "Security", 0, ("Korea", "United States of America", "Germany")),
        monkeypatch=monkeypatch,
    )

    known = tidy.frame.dropna()
    assert known[["ccode1", "ccode2"]].to_numpy().tolist() == [[2, 255], [2, 900], [255, 305]]


@pytest.mark.record
def test_members_of_the_record_are_those_that_are_known(mirror: Path):
    def found(slug: str, file: str) -> Path:
        return mirror / slug / file

    tidy = clean_source(informal_bodies.SOURCE, found, rows=18_559)
    tidy_schema(informal_bodies.SOURCE).validate(tidy.frame)
    shared = tidy.frame.set_index(["ccode1", "ccode2"])["informal_security_bodies"]

    # NORDEFCO has Denmark, Finland, Iceland, Norway and Sweden; the Quad Australia, India, Japan and the United States.
    assert shared[375, 390] >= 1 and shared[750, 900] >= 1
    assert (
        "recoded",
        "Austria-Hungary is marked, Australia is meant",
        "Quadrilateral Security Dialogue",
        1,
    ) in entries(tidy)
    assert sum(reason.endswith("is meant") for _, reason, *_ in entries(tidy)) == len(MISPLACED)
    forum = clean_source(rosters.SOURCE, found).frame.query("year == 2017 and in_admm_plus == 1")["ccode"]
    pairs = [(a, b) for a in forum for b in forum if a < b]
    assert len(forum) == 18
    assert min(shared[pair] for pair in pairs) >= 1, "every pair of the ADMM-Plus shares it"
    assert not {pair for pair in pairs if pair not in shared.index}
