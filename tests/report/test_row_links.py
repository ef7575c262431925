"""Rows of the site's tables lead to the rows of the files of data that their numbers are read from."""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

import pandas as pd
import pytest

from detente.base.errors import EstimationError
from detente.report.explorer.row_links import Placed, row_link, with_links
from detente.report.formats import MISSING
from detente.report.tables.keys import Key, key
from detente.report.tables.table import Column, Row, Table

from support import explored

# Columns that are computed of several numbers of the rows: quotients, counts of rows, numbers rounded up.
COMPUTED = (
    "Of base risk", "SE ÷ spread", "Observed SE over planted spread", "Detectable over smallest", "Need",
    "Another verdict",
)  # fmt: skip
NUMBER = re.compile(r"[−-]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)")


class Printed(NamedTuple):
    """A row of a table of a page: heads of its columns, words of its cells, and address and words of its links."""

    table: str
    heads: list[str]
    cells: list[str]
    links: list[tuple[str, str]]


def text(html: str) -> str:
    # What only keeps decimal points in line is no number.
    return unescape(re.sub(r'<span class="behind".*?</span>|<[^>]+>', "", html)).strip()


def printed() -> Iterator[tuple[str, Printed]]:
    """Every row of the site's tables of exhibits, with its page."""
    for page, html in explored.pages(explored.site()).items():
        for name, table in re.findall(r'<figure class="table[^"]*" id="table-([^"]*)">(.*?)</figure>', html, re.DOTALL):
            heads = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", re.findall(r"<tr>(.*?)</tr>\n</thead>", table)[0])
            for row in re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL):
                cells = [text(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
                links = [(unescape(a), text(said)) for a, said in re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', row)]
                yield page, Printed(name, [text(head) for head in heads], cells, links)


def linked_rows(page: str, links: list[tuple[str, str]]) -> Iterator[pd.DataFrame]:
    """The rows that links name, each file counted from its head as 1."""
    for address, said in links:
        file, _, fragment = address.partition("#row=")
        content = explored.site()[posixpath.normpath(posixpath.join(posixpath.dirname(page), file))]
        frame = pd.read_parquet(io.BytesIO(content)) if file.endswith("parquet") else pd.read_csv(io.BytesIO(content))
        named = re.sub(r".*rows? ", "", said).replace("–", "-").replace(", ", ";")
        assert fragment in (named, "")
        ends = [[int(end) for end in run.split("-")] for run in named.split(";")]
        yield frame.iloc[[row - 2 for run in ends for row in range(run[0], run[-1] + 1)]]


def holds(frames: list[pd.DataFrame], number: str) -> bool:
    """Whether a number is one of the frames, as it is or times 100 or 1,000, to its digits, or in their words."""
    digits = len(number.partition(".")[2])
    value = float(number.replace(",", "").replace("−", "-"))
    if any(number in str(v) for frame in frames for v in frame.select_dtypes(exclude="number").to_numpy().ravel()):
        return True
    values = [v for frame in frames for v in frame.select_dtypes("number").to_numpy(dtype=float).ravel()]
    return any(abs(times * v - value) <= 0.5 * 10**-digits * (1 + 1e-9) for v in values for times in (1, 100, 1000))


def test_every_number_of_a_linked_row_is_in_the_rows_that_it_leads_to() -> None:
    tables: set[str] = set()
    for page, row in printed():
        if not row.links:
            continue
        frames = list(linked_rows(page, row.links))
        for head, cell in list(zip(row.heads, row.cells, strict=True))[1:-1]:
            for number in NUMBER.findall(re.sub(r"<0\.001|[A-Za-z]\S*", "", cell)):
                assert head in COMPUTED or holds(frames, number), (page, row, head, number)
                tables.add(row.table.partition("-")[0])
    assert tables >= {"headline", "models", "designs", "kads", "published", "attrition"}


def test_no_row_with_numbers_of_a_frame_is_without_a_link() -> None:
    # What was measured once and for all is in no frame; a model that was not estimated says why in its row.
    rows = (row for _, row in printed() if not row.links and MISSING not in row.cells)
    assert {row.table for row in rows if any(map(str.isdigit, "".join(row.cells[1:])))} == {"characteristics", "passed"}


def test_claims_and_checks_lead_to_their_rows_too() -> None:
    files = explored.site()
    page = files["claims.html"].decode("utf-8")
    ledger = pd.read_csv(io.BytesIO(files["data/ledger.SIMULATED_WORLD.csv"]))
    found = re.findall(r'claims/(\w+)\.html.*?ledger\.SIMULATED_WORLD\.csv#row=(\d+)"', page)
    assert [claim for claim, _ in found] == list(ledger["claim"])
    assert [ledger["claim"].iloc[int(row) - 2] for _, row in found] == [claim for claim, _ in found]
    checks = pd.read_csv(io.BytesIO(files["data/checks.SIMULATED_WORLD.csv"]))
    claim = files["claims/un_mission.html"].decode("utf-8")
    rows = [int(row) - 2 for row in re.findall(r'checks\.SIMULATED_WORLD\.csv#row=(\d+)"', claim)]
    assert len(rows) > 3 and set(checks["claim"].iloc[rows]) == {"un_mission"}
    outcomes = re.findall(r'<span class="check [^"]*">([^<]*)</span>', claim)
    assert list(checks["outcome"].iloc[rows]) == outcomes


def test_rows_are_counted_from_the_head_and_runs_of_them_are_said_as_one() -> None:
    link = row_link("sizes", [9, 2, 3, 4], "data/sizes.csv")
    assert link[:2] == ("sizes, rows 2–4, 9", "data/sizes.csv#row=2-4;9")
    assert row_link("estimates", [5], "data/estimates.parquet")[:2] == ("estimates, row 5", "data/estimates.parquet")
    frame = pd.DataFrame({"claim": ["a", "b", "a"], "level": [0.1, 0.1, 0.5]})
    table = Table("t", "T", "", (Column("x"),), (Row("r", ("1",), (key("sizes", {"claim": "a"}, "claim"),)),))
    (row,) = with_links(table, {"sizes": Placed("data/sizes.csv", frame)}, "../").rows
    assert row.links == (("sizes, rows 2, 4", "../data/sizes.csv#row=2;4", "claim = a"),)
    lost = Table("t", "T", "", (Column("x"),), (Row("r", ("1",), (Key("sizes", (("claim", "c"),)),)),))
    with pytest.raises(EstimationError, match=r"frame 'sizes' has no row with {'claim': 'c'}"):
        with_links(lost, {"sizes": Placed("data/sizes.csv", frame)}, "")
