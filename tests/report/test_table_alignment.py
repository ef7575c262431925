"""Numbers of a column stand with their decimal points in line, in every print."""

from __future__ import annotations

from detente.report.tables.table import Column, Row, Table, render

from support.pages import TEMPLATES

TABLE = Table(
    "aligned",
    "T",
    "",
    (Column("a", "", "decimal"), Column("b")),
    (
        Row("Coefficients"),
        Row("x", ("−7.860", "1.5")),
        Row("", ("(25.934)", "2")),
        Row("y", ("n.e.", "")),
        Row("z", ("12", "")),
        Row("Counts"),
        Row("n", ("45,724", "3")),
        Row("share", ("36%", "4")),
    ),
)


def whole(text: str) -> int:
    """Signs from the decimal point, or where one would stand, to the right end."""
    digits = [i for i, sign in enumerate(text) if sign.isdigit()]
    point = text.find(".") if "." in text else digits[-1] + 1
    return len(text) - point


def test_numbers_of_a_part_end_equally_far_behind_the_point() -> None:
    coefficients = [line.cells[0] for line in TABLE.lines if line.cells and line.label in ("x", "", "z")]
    assert [cell.text + cell.behind for cell in coefficients] == ["−7.860)", "(25.934)", "12.934)"]
    assert {whole(cell.text + cell.behind) for cell in coefficients} == {5}


def test_words_other_columns_and_other_parts_are_left_alone() -> None:
    behind = {line.label: [cell.behind for cell in line.cells] for line in TABLE.lines}
    assert behind["y"] == ["", ""] and behind["Counts"] == []
    assert behind["n"] == ["%", ""] and behind["share"] == ["", ""]
    assert all(line.cells[1].behind == "" for line in TABLE.lines if line.cells)


def test_what_aligns_is_invisible_and_not_in_the_data() -> None:
    assert '−7.860<span class="behind" aria-hidden="true">)</span>' in render(TABLE, "html", TEMPLATES)
    assert r"$-$7.860\phantom{)}" in render(TABLE, "tex", TEMPLATES)
    assert '#"−7.860";#hide( ")" );' in render(TABLE, "typ", TEMPLATES)
    assert "x,-7.860,1.5" in render(TABLE, "csv", TEMPLATES)


def test_in_a_wide_table_short_words_stay_on_one_line_and_numbers_and_sentences_may_break() -> None:
    wide = (Column("verdict", align="left"), Column("why", align="left"), *(Column(str(n)) for n in range(6)))
    rows = (
        Row("Part"),
        *(Row("UN mission", (word, "a sentence of some length", *"123456")) for word in ("lowers", "raises")),
    )
    table = Table("wide", "T", "", wide, rows)
    assert table.unbroken[:3] == (("UN mission",) * 2, ("lowers", "raises"), ())
    assert set(table.unbroken[3:]) == {()} and len(table.unbroken) == 9
    assert 'unbroken( "lowers", "raises", )' in " ".join(render(table, "typ", TEMPLATES).split())
    assert set(TABLE.unbroken) == {()}, "a narrow one has room"
