"""Cells of a workbook that are no values: errors, and formulas that no program has calculated."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import pandas as pd

from detente.base.errors import SourceSchemaError

# What Excel's NA() says on purpose.
NOT_AVAILABLE = "#N/A"


def error_cells(content: bytes, sheet: str) -> Mapping[tuple[int, int], str]:
    """Errors of a sheet, such as #DIV/0!, by row and column from 1.

    Raises SourceSchemaError if a formula was never calculated: its cell holds no value, or, as some libraries write it,
    all formulas hold 0 and the workbook asks to be calculated when it is opened.
    """
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    values = [cell for row in _rows(book[sheet]) for cell in row]
    if _has_formulas(content):
        places = {(cell.row, cell.column): cell for cell in values if cell.data_type != "n" or cell.value is not None}
        written = load_workbook(io.BytesIO(content), read_only=True)[sheet]
        formulas = [cell for row in _rows(written) for cell in row if cell.data_type == "f"]
        empty = [cell for cell in formulas if (cell.row, cell.column) not in places]
        if not empty and book.calculation.fullCalcOnLoad:
            zero = all(places[cell.row, cell.column].value == 0 for cell in formulas)
            empty = formulas if zero else []
        if empty:
            first, more = empty[0], f" (and {len(empty) - 1:,} more)" if len(empty) > 1 else ""
            raise SourceSchemaError(
                f"cell {first.coordinate} of sheet {sheet!r}{more} has a formula that was never calculated "
                f"({first.value}): open the workbook in a spreadsheet program and save it, or write values"
            )
    return {(cell.row, cell.column): str(cell.value) for cell in values if cell.data_type == "e"}


def with_errors(
    frame: pd.DataFrame, errors: Mapping[tuple[int, int], str], header: int = 1
) -> tuple[pd.DataFrame, list[str]]:
    """The rows below row `header`, with errors as the words that they are in a text, and a note of missing ones.

    A column with other errors is one of words, which is refused where it should be numbers.
    """
    from openpyxl.utils import get_column_letter

    cells: dict[str, list[str]] = {}
    for (row, column), code in errors.items():
        if not 0 < row - header <= len(frame) or column > frame.shape[1]:
            continue
        cells.setdefault(code, []).append(f"{get_column_letter(column)}{row}")
        if code != NOT_AVAILABLE:
            name = frame.columns[column - 1]
            held = frame[name].astype(object)
            held.iloc[row - header - 1] = code
            frame = frame.assign(**{str(name): held})
    notes = []
    for code, places in cells.items():
        where = f"in {len(places):,} cells, e.g. {places[0]}" if len(places) > 1 else f"in cell {places[0]}"
        notes.append(f"{code} {where}: read as {'missing' if code == NOT_AVAILABLE else 'a word'}")
    return frame, notes


def _rows(sheet: Any) -> Any:
    sheet.reset_dimensions()
    return sheet.iter_rows()


def _has_formulas(content: bytes) -> bool:
    """Whether any sheet has a formula; most tables have none, and are gone through once."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")]
    return any(b"<f>" in xml or b"<f " in xml for xml in sheets)
