"""Files of R are read as people have them, or refused with what to do in R."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import SourceSchemaError
from detente.base.tables import TableFormat, read_table

from support.r_written import (
    DOUBLE,
    INTEGER,
    LATIN1,
    LIST,
    LOGICAL,
    NA,
    NATIVE,
    STRING,
    factor,
    frame,
    marked,
    rda,
    rds,
    vector,
    words,
)  # fmt: skip

CODES = vector(INTEGER, [2, 20])
STATES = frame({"ccode": CODES}, 2)


def read(folder: Path, content: bytes, name: str = "t.rds", member: str | None = None) -> pd.DataFrame:
    (folder / name).write_bytes(content)
    return read_table(folder / name, TableFormat(member=member)).frame


def refusal(folder: Path, content: bytes, name: str = "t.rds") -> str:
    with pytest.raises(SourceSchemaError) as caught:
        read(folder, content, name)
    return str(caught.value).removeprefix(f"{folder / name}: ")


def test_columns_of_a_data_frame_are_what_they_are_in_other_tables(tmp_path: Path) -> None:
    labels = vector(DOUBLE, [1.0, 2.0], names=words("no", "yes"))
    columns = {
        "ccode": CODES,
        "holes": vector(INTEGER, [NA, 7]),
        "level": factor([2, 1], "low", "high"),
        "day": vector(DOUBLE, [7305.0, 7306.5], **{"class": words("Date")}),
        "labelled": vector(DOUBLE, [1.0, 2.0], labels=labels, **{"class": words("haven_labelled")}),
        "flag": vector(LOGICAL, [1, NA]),
        "name": vector(STRING, [marked("Côte", LATIN1), "São Tomé"]),
    }

    table = read(tmp_path, rds(frame(columns, 2, **{"class": words("tbl_df", "tbl", "data.frame")})))

    assert table["ccode"].tolist() == [2, 20]
    assert table["holes"].dtype == "float64"
    assert table["holes"].isna().tolist() == [True, False]
    assert table["level"].tolist() == ["high", "low"]
    assert table["day"].dt.strftime("%Y-%m-%d").tolist() == ["1990-01-01", "1990-01-02"]
    assert table["labelled"].tolist() == [1.0, 2.0]
    assert table["flag"].isna().tolist() == [False, True]
    assert table["name"].tolist() == ["Côte", "São Tomé"]


def test_names_of_rows_are_a_column(tmp_path: Path) -> None:
    table = read(tmp_path, rds(frame({"ccode": CODES}, 2, **{"row.names": words("USA", "CAN")})))
    assert table.to_dict("list") == {"row_names": ["USA", "CAN"], "ccode": [2, 20]}


def test_numbers_of_rows_are_no_names(tmp_path: Path) -> None:
    """As data frames have them from which rows were left out, or that Python wrote."""
    table = read(tmp_path, rds(frame({"ccode": CODES}, 2, **{"row.names": words("7", "12")})))
    assert table.to_dict("list") == {"ccode": [2, 20]}
    assert list(table.index) == [0, 1]


@pytest.mark.fault("tables")
def test_names_of_rows_and_a_column_of_that_name_are_refused(tmp_path: Path) -> None:
    both = rds(frame({"row_names": CODES}, 2, **{"row.names": words("USA", "CAN")}))
    said = "has names of rows, and a column 'row_names' besides; in R, rename it, and save it again"
    assert refusal(tmp_path, both) == said


@pytest.mark.fault("tables")
def test_of_several_data_frames_one_is_named(tmp_path: Path) -> None:
    both = rda({"states": STATES, "years": frame({"year": vector(INTEGER, [1990])}, 1)})
    assert refusal(tmp_path, both, "t.rda") == "say which of its data frames to read; it holds states, years"
    assert read(tmp_path, both, "t.rda", "years").to_dict("list") == {"year": [1990]}
    beside = rda({"states": STATES, "notes": vector(LIST, [CODES], names=words("x"))})
    assert read(tmp_path, beside, "t.rda").to_dict("list") == {"ccode": [2, 20]}


AGAIN = "and save it again"
NO_FRAME = f"holds no data frame; in R, make one of what it holds with as.data.frame(), {AGAIN}"


@pytest.mark.fault("tables")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (CODES, NO_FRAME),
        (vector(LIST, [CODES], names=words("x")), NO_FRAME),
        (
            frame({"ccode": CODES, "parts": vector(LIST, [CODES, CODES])}, 2),
            "is damaged, or holds what is no plain column (Invalid file, or file has unsupported features); in R, take"
            f" out columns that are lists, as in x <- x[!sapply(x, is.list)], {AGAIN}",
        ),
        (
            frame({"id": vector(DOUBLE, [5e-324, 1e-323], **{"class": words("integer64")})}, 2),
            f"column 'id' has whole numbers of 64 bits (integer64); in R, x$id <- as.numeric(x$id), {AGAIN}",
        ),
        (
            frame({"name": vector(STRING, [marked("Côte", NATIVE), "a"])}, 2),
            "has texts that are neither UTF-8 nor marked as Latin-1 (byte 0xf4); in R, say what they are, as in x[] <-"
            f" lapply(x, function(v) if (is.character(v)) iconv(v, 'latin1', 'UTF-8') else v), {AGAIN}",
        ),
    ],
    ids=["vector", "list", "nested", "integer64", "native"],
)
def test_what_is_no_plain_table_is_refused_with_what_to_do_in_r(tmp_path: Path, content: bytes, said: str) -> None:
    assert refusal(tmp_path, rds(content)) == said
