"""The contract of exhibits holds for all of the paper's, and names what an exhibit breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from detente.report import EXHIBITS, Evidence, Exhibit
from detente.report.tables import Row, Table
from detente.testing import check_exhibit

from support import exhibit_fixtures as made

PAPER = [e for e in EXHIBITS if e.page == "paper"]


@pytest.mark.slow
@pytest.mark.parametrize("exhibit", PAPER, ids=[f"{e.kind} {e.name}" for e in PAPER])
def test_exhibits_of_the_paper_keep_the_contract(exhibit: Exhibit) -> None:
    # Only the paper's claims have years of their own, only a simulated world has a truth.
    of_demo = exhibit.applies(made.evidence("demo").traits)
    check_exhibit(exhibit, made.evidence("demo" if of_demo else "paper"))


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=[f"{e.page} {e.kind} {e.name}" for e in EXHIBITS])
def test_exhibits_are_declared_in_full(exhibit: Exhibit) -> None:
    from detente.testing.exhibits import _undeclared

    assert list(_undeclared(exhibit)) == []


def table(evidence: Evidence) -> Table:
    rows = (Row(str(len(evidence.frame("timeline")))),)
    return Table("years", "Years", "", (), rows, simulated=evidence.simulated)


def own(make: Any = table, **changes: Any) -> Exhibit:
    return replace(
        Exhibit("table", "years", "How many years there are.", ("timeline",), make, place="sample"), **changes
    )


def test_an_exhibit_of_ones_own_is_checked_like_any_other() -> None:
    check_exhibit(own(), made.evidence())


@pytest.mark.fault("contracts")
@pytest.mark.parametrize(
    ("exhibit", "message"),
    [
        (own(caption=""), "its caption is no sentence"),
        (own(name="Years 1"), "no file-safe id"),
        (own(needs=("weather",)), "needs frames that there are not: weather"),
        (own(place=""), "no place on a page"),
        (own(kind="figure"), "no alternative text"),
        (own(needs=("timeline", "partners")), "declares frames that it does not read: partners"),
        (own(lambda e: replace(table(e), simulated=False)), "does not say whether the world is simulated"),
        (own(lambda e: replace(table(e), name="months")), "calls its table 'months'"),
        (own(lambda e: str(table(e))), "makes a str, not a Table"),
        (own(applies=lambda _: False), "applies to no study like 'paper'"),
    ],
)
def test_what_an_exhibit_breaks_is_named(exhibit: Exhibit, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_exhibit(exhibit, made.evidence())
