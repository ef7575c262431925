"""Published findings beside our verdicts: the table is true of the frame that it is made from."""

from __future__ import annotations

import math

from detente.report.formats import MISSING
from detente.report.tables import Table
from detente.report.tables.published import published as table_of

from support import exhibit_fixtures as made
from support.own_studies import published, robustness


def shown(*claims: str) -> Table:
    return table_of(robustness(made.evidence("demo")).with_frames(published=published(claims)))


def test_a_finding_stands_beside_our_verdict_and_its_model_on_the_panel() -> None:
    table = shown("exercise", "defence_pact")
    heading, first, second = table.rows
    assert heading.label == "Defence pact; our verdict: lowers" and not heading.cells
    assert first.label == "(1) Somebody and Other 2001: allies"
    assert first.cells == (
        "-.341", ".175", "−0.232", "0.161", "0.186", "−0.620 to 0.156", "0.226", "25,771", "724"
    )  # fmt: skip
    assert second.cells == ("0.1", MISSING, MISSING, *[""] * 6)
    said = {note[:3]: note for note in table.notes}
    assert "logit of onset_gml on lag(defence_pact, 1), 1951–1985" in said["(1)"]
    assert "Unlike the published model: no trade." in said["(1)"]
    assert said["(2)"].endswith("–: it is of months.")


def test_claims_of_which_nothing_is_published_are_not_there() -> None:
    assert shown("exercise").rows == ()


def test_every_row_of_the_frame_is_a_row_of_the_table() -> None:
    frame = published(["defence_pact"])
    assert sum(bool(row.cells) for row in shown("defence_pact").rows) == len(frame)
    assert math.isnan(frame["dyadic_p"].iloc[1])
