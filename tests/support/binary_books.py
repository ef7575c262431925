"""Workbooks as small as can be in formats that no library at hand writes, from rows of words, numbers and errors."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

Cell = str | float
Rows = Sequence[Sequence[Cell]]
ERRORS: Mapping[Cell, int] = {"#DIV/0!": 7, "#VALUE!": 15, "#N/A": 42}


def xls(rows: Rows, formulas: bool = False) -> bytes:
    """An .xls of one sheet; errors are of cells or of formulas."""
    sheet = _biff(0x809, struct.pack("<4H2I", 0x600, 0x10, 0, 0, 0, 0))
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            place = struct.pack("<3H", r, c, 0)
            if cell in ERRORS and formulas:
                sheet += _biff(0x06, place + bytes([2, 0, ERRORS[cell], 0, 0, 0, 255, 255]) + bytes(6) + b"\0\0")
            elif cell in ERRORS:
                sheet += _biff(0x205, place + bytes([ERRORS[cell], 1]))
            elif isinstance(cell, str):
                sheet += _biff(0x204, place + struct.pack("<HB", len(cell), 0) + cell.encode("latin-1"))
            else:
                sheet += _biff(0x203, place + struct.pack("<d", cell))
    sheet += _biff(0x0A, b"")
    begin = _biff(0x809, struct.pack("<4H2I", 0x600, 0x05, 0, 0, 0, 0))
    place = len(begin) + 4 + 8 + 5 + 4
    head = begin + _biff(0x85, struct.pack("<IBBBB", place, 0, 0, 5, 0) + b"Sheet") + _biff(0x0A, b"")
    return _compound(head + sheet)


def _biff(kind: int, data: bytes) -> bytes:
    return struct.pack("<2H", kind, len(data)) + data


def _compound(stream: bytes) -> bytes:
    """A compound file: a table of sectors, a directory, and the stream of the workbook, too long for small sectors."""
    stream = stream.ljust(4096, b"\0")
    sectors = -(-len(stream) // 512)
    last, free, table = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    chain = [table, last, *range(3, 2 + sectors), last]
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    head += struct.pack("<8I", 1, 1, 0, 4096, last, 0, last, 0) + struct.pack("<109I", 0, *[free] * 108)

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        words = (name.encode("utf-16-le") + b"\0\0").ljust(64, b"\0")
        links = struct.pack("<HBB3I", 2 * len(name) + 2, kind, 1, free, free, child)
        return words + links + bytes(36) + struct.pack("<2I", start, size) + bytes(4)

    directory = entry("Root Entry", 5, 1, last, 0) + entry("Workbook", 2, free, 2, len(stream)) + bytes(256)
    fat = struct.pack("<128I", *chain, *[free] * (128 - len(chain)))
    return head + fat + directory + stream.ljust(512 * sectors, b"\0")


def xlsb(rows: Rows) -> bytes:
    """An .xlsb of one sheet."""
    width = max(map(len, rows))
    sheet = _packed(129, b"") + _packed(148, struct.pack("<4I", 0, len(rows) - 1, 0, width - 1)) + _packed(145, b"")
    for r, row in enumerate(rows):
        sheet += _packed(0, struct.pack("<I", r) + bytes(13))
        for c, cell in enumerate(row):
            place = struct.pack("<2I", c, 0)
            if cell in ERRORS:
                sheet += _packed(3, place + bytes([ERRORS[cell]]))
            elif isinstance(cell, str):
                sheet += _packed(6, place + _wide(cell))
            else:
                sheet += _packed(5, place + struct.pack("<d", cell))
    sheet += _packed(146, b"") + _packed(130, b"")
    bundle = _packed(156, struct.pack("<2I", 0, 1) + _wide("rId1") + _wide("Sheet"))
    book = _packed(131, b"") + _packed(143, b"") + bundle + _packed(144, b"") + _packed(132, b"")
    office = "http://schemas.openxmlformats.org"
    relations = (
        f'<Relationships xmlns="{office}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.bin"/></Relationships>'
    )
    return _zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{office}/package/2006/content-types"/>'.encode(),
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": relations.encode(),
            "xl/worksheets/sheet1.bin": sheet,
        }
    )


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _packed(kind: int, data: bytes) -> bytes:
    """A record; kind and size are in bytes of seven bits."""
    number = b""
    for value in (kind, len(data)):
        rest = value
        while rest >= 128:
            number, rest = number + bytes([rest & 127 | 128]), rest >> 7
        number += bytes([rest])
    return number + data


def ods(rows: Rows) -> bytes:
    """An .ods of one sheet, with errors as LibreOffice writes them, in rows of which the last stands twice."""
    space = "urn:oasis:names:tc:opendocument:xmlns"
    calc = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"

    def written(cell: Cell) -> str:
        if cell in ERRORS:
            kind = 'office:value-type="string" office:string-value="" calcext:value-type="error"'
        else:
            kind = (
                'office:value-type="string"'
                if isinstance(cell, str)
                else f'office:value-type="float" office:value="{cell}"'
            )
        return f"<table:table-cell {kind}><text:p>{cell}</text:p></table:table-cell>"

    twice = ['table:number-rows-repeated="2"' if row is rows[-1] else "" for row in rows]
    cells = ["".join(map(written, row)) for row in rows]
    lines = "".join(f"<table:table-row {n}>{c}</table:table-row>" for n, c in zip(twice, cells, strict=True))
    names = f'xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0" xmlns:text="{space}:text:1.0"'
    body = (
        f'<office:document-content {names} xmlns:calcext="{calc}"><office:body><office:spreadsheet>'
        f'<table:table table:name="Sheet">{lines}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    manifest = f'<manifest:manifest xmlns:manifest="{space}:manifest:1.0"/>'.encode()
    return _zipped({"mimetype": kind, "META-INF/manifest.xml": manifest, "content.xml": body.encode()})


def _zipped(members: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()
