"""Errors in cells of .xls, .xlsb and .ods, which calamine leaves empty, as the formats store them.

[MS-XLS] 2.5.10 and [MS-CFB] for .xls; [MS-XLSB] 2.5.97.2 for .xlsb; OpenDocument 1.3 part 3, 9.1.4 for .ods.
"""

import io
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from xml.etree import ElementTree

Errors = dict[tuple[int, int], str]
COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
# Codes of both binary formats.
CODES = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
OTHER = "#ERROR!"
# Records of .xls: a sheet's name and place, the end of one, a cell with an error or a truth value, one with a formula.
BOUND_SHEET, END, BOOL_ERROR, FORMULA = 0x85, 0x0A, 0x205, 0x06
BEGIN, UNICODE = 0x809, 0x600
# Records of .xlsb: a sheet's name, a row, a cell with an error, one with a formula that gives one.
BUNDLE_SHEET, ROW, CELL_ERROR, FORMULA_ERROR = 156, 0, 3, 11
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"
_TABLE, _TEXT = f"{{{_OFFICE}:table:1.0}}", f"{{{_OFFICE}:text:1.0}}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


def stored_errors(content: bytes, sheet: str) -> Errors:
    """Errors of a sheet, such as #DIV/0!, by row and column from 1."""
    if content.startswith(COMPOUND):
        return _in_xls(_stream(content), sheet)
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        if "xl/workbook.bin" in names:
            return _in_xlsb(archive.read(_part(archive, sheet)))
        return _in_ods(archive.read("content.xml"), sheet) if "content.xml" in names else {}


def _stream(content: bytes) -> bytes:
    """The workbook inside a compound file: sectors that a table chains, small streams within that of the root."""
    size, small = (1 << power for power in struct.unpack_from("<2H", content, 0x1E))
    first, cutoff, first_small = (struct.unpack_from("<I", content, at)[0] for at in (0x30, 0x38, 0x3C))
    more, count = struct.unpack_from("<2I", content, 0x44)

    def sector(number: int) -> bytes:
        return content[(number + 1) * size : (number + 2) * size]

    def whole(data: bytes) -> Sequence[int]:
        return struct.unpack(f"<{len(data) // 4}I", data)

    listed = list(whole(content[0x4C : 0x4C + 109 * 4]))
    for _ in range(count):
        *held, more = whole(sector(more))
        listed += held
    table = [entry for number in listed if number < 0xFFFFFFFC for entry in whole(sector(number))]

    def chained(start: int) -> bytes:
        return b"".join(sector(number) for number in _chain(start, table))

    directory = chained(first)
    entries = [directory[at : at + 128] for at in range(0, len(directory), 128)]
    found = {each[: max(struct.unpack_from("<H", each, 64)[0] - 2, 0)].decode("utf-16-le"): each for each in entries}
    book = found.get("Workbook") or found["Book"]
    start, length = struct.unpack_from("<2I", book, 116)
    if length >= cutoff:
        return chained(start)[:length]
    inner, links = chained(struct.unpack_from("<I", entries[0], 116)[0]), whole(chained(first_small))
    return b"".join(inner[n * small : (n + 1) * small] for n in _chain(start, links))[:length]


def _chain(start: int, table: Sequence[int]) -> Iterator[int]:
    seen = 0
    while start < len(table) and seen <= len(table):
        yield start
        start, seen = table[start], seen + 1


def _in_xls(book: bytes, sheet: str) -> Errors:
    found: Errors = {}
    wide, depth = struct.unpack_from("<H", book, 4)[0] >= UNICODE, 0
    for kind, data in _records(book, _place(book, sheet, wide)):
        depth += (kind == BEGIN) - (kind == END)
        if depth == 0:
            break
        # A formula that gives no number says so in the last two bytes of its result, and in the first what it gives.
        code = data[6] if kind == BOOL_ERROR and data[7] == 1 else None
        if kind == FORMULA and data[12:14] == b"\xff\xff" and data[6] == 2:
            code = data[8]
        if depth == 1 and code is not None:
            row, column = struct.unpack_from("<2H", data)
            found[row + 1, column + 1] = CODES.get(code, OTHER)
    return found


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<2H", book, at)
        yield kind, book[at + 4 : at + 4 + size]
        at += 4 + size


def _place(book: bytes, sheet: str, wide: bool) -> int:
    """Where the records of a sheet begin; at the end of the book if it has none of the name."""
    for kind, data in _records(book, 0):
        if kind == BOUND_SHEET:
            name = data[8:].decode("utf-16-le" if data[7] & 1 else "latin-1") if wide else data[7:].decode("cp1252")
            if name == sheet:
                return int(struct.unpack_from("<I", data)[0])
        elif kind == END:
            break
    return len(book)


def _part(archive: zipfile.ZipFile, sheet: str) -> str:
    """Name of the part of an .xlsb that holds a sheet."""
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.bin.rels"))
    parts = {each.get("Id"): str(each.get("Target")) for each in relations.iter(_RELATION)}
    for kind, data in _packed(archive.read("xl/workbook.bin")):
        if kind == BUNDLE_SHEET:
            relation, after = _string(data, 8)
            if _string(data, after)[0] == sheet:
                return "xl/" + parts[relation].removeprefix("/xl/")
    raise KeyError(sheet)


def _string(data: bytes, at: int) -> tuple[str, int]:
    end = at + 4 + 2 * int(struct.unpack_from("<I", data, at)[0])
    return data[at + 4 : end].decode("utf-16-le"), end


def _packed(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Records of an .xlsb: kind and size are in bytes of seven bits, of which the last has no eighth."""
    at = 0
    while at < len(part):
        numbers = []
        for most in (2, 4):
            number = 0
            for place in range(most):
                byte, at = part[at], at + 1
                number |= (byte & 127) << 7 * place
                if byte < 128:
                    break
            numbers.append(number)
        kind, size = numbers
        yield kind, part[at : at + size]
        at += size


def _in_xlsb(part: bytes) -> Errors:
    found: Errors = {}
    row = 0
    for kind, data in _packed(part):
        if kind == ROW:
            row = int(struct.unpack_from("<I", data)[0])
        elif kind in (CELL_ERROR, FORMULA_ERROR):
            found[row + 1, int(struct.unpack_from("<I", data)[0]) + 1] = CODES.get(data[8], OTHER)
    return found


def _in_ods(content: bytes, sheet: str) -> Errors:
    """Errors that a spreadsheet program marks as such; those of others are words already."""
    tables = ElementTree.fromstring(content).iter(f"{_TABLE}table")
    table = next(each for each in tables if each.get(f"{_TABLE}name") == sheet)
    found: Errors = {}
    row = 1
    for line in table.iter(f"{_TABLE}table-row"):
        rows, column = _repeated(line.attrib, "rows"), 1
        for cell in line:
            columns = _repeated(cell.attrib, "columns")
            if cell.get(_CALC) == "error":
                word = "".join(text for part in cell.iter(f"{_TEXT}p") for text in part.itertext()) or OTHER
                found |= {(row + i, column + j): word for i in range(rows) for j in range(columns)}
            column += columns
        row += rows
    return found


def _repeated(attributes: Mapping[str, str], what: str) -> int:
    return int(attributes.get(f"{_TABLE}number-{what}-repeated", 1))
