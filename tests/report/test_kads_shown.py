"""Claims by their k-ads: the table is true of the frame that it is made from."""

from __future__ import annotations

from detente.report.formats import MISSING
from detente.report.tables import Table
from detente.report.tables.kads import kads as table_of

from support import exhibit_fixtures as made
from support.own_studies import kads, robustness


def shown(*claims: str) -> Table:
    return table_of(robustness(made.evidence("demo")).with_frames(kads=kads(claims)))


def test_a_claim_has_a_row_for_every_comparison_on_both_scales() -> None:
    table = shown("exercise")
    heads = [row.label for row in table.rows if not row.cells]
    assert heads == ["Joint exercise, per 1,000 pair-years", "Joint exercise, per 1,000 k-ad-years"]
    rows = {row.label: row.cells for row in table.rows if row.cells}
    numbers = ("−2.00", "1.00", "−4.50 to 0.50")
    held = ("1,213", "4,866", "5,038", "376")
    assert rows["Dyads, the headline"] == (*numbers, "6.0", "0.090", *[""] * 4)
    assert rows["K-ads, each as one"] == (*numbers, "6.0", "0.090", *held)
    assert rows["K-ads, each weighted by its pairs"][3] == "1.3†", "few degrees of freedom are marked"
    assert rows["K-ads, number of onsets"] == (MISSING, MISSING, *[""] * 3, *held)
    assert len(rows) == 7


def test_what_has_no_number_has_its_reason() -> None:
    (reason,) = (note for note in shown("exercise").notes if note.startswith(MISSING))
    assert reason == (
        "–, Joint exercise, per 1,000 k-ad-years: K-ads, number of onsets: the kadic covariance leaves no variance."
    )


def test_without_k_ads_there_is_no_table() -> None:
    assert shown("un_mission").rows == ()
