"""Figures in less room: the same picture without what no reader sees of it."""

import re
import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from io import BytesIO
from itertools import count
from xml.etree import ElementTree

import numpy as np

from detente.base.deflate import zlib_stream
from detente.base.types import Array

_SVG, _XLINK = "http://www.w3.org/2000/svg", "{http://www.w3.org/1999/xlink}href"
# Units of a typeface's glyphs are 1/64 of a hundredth of their size; sixteen of these are less than a reader sees.
_UNIT, _COARSE = "scale(0.015625)", 16
_TOKEN = re.compile(r"[A-Za-z]|-?\d+(?:\.\d+)?(?:e-?\d+)?")
_TAKES = {"M": 2, "L": 2, "Q": 4, "C": 6, "Z": 0}
_MOVED = re.compile(r"translate\((-?[\d.]+)(?: (-?[\d.]+))?\)")
_LEVELS = 256


def slim(svg: str) -> str:
    """Return the SVG of a figure without metadata, groups that do nothing and unused ids.

    Places are to a hundredth of a point, those of glyphs to a hundredth of a point as well, and paths are relative.
    """
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in [c for c in parent if c.tag == f"{{{_SVG}}}metadata"]:
            parent.remove(child)
    for element in root.iter():
        _shortened(element)
    _renamed(root)
    _flattened(root)
    text = ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)
    return re.sub(r">\s+<", "><", text.replace(" />", "/>")).strip() + "\n"


def slim_page(page: bytes) -> bytes:
    """Return a page whose figures, SVG within it in base64, take less room; nothing else of it is touched."""

    def shorter(found: re.Match[bytes]) -> bytes:
        return found[1] + b64encode(slim(b64decode(found[2]).decode("utf-8")).encode("utf-8"))

    return re.sub(rb'(src="data:image/svg\+xml;base64,)([^"]+)', shorter, page)


def _shortened(element: ElementTree.Element) -> None:
    """Shorten what an element says of its path and style, and its children of their places."""
    said = element.attrib
    if _XLINK in said:
        said["href"] = said.pop(_XLINK)
    glyph = said.get("transform") == _UNIT
    if glyph:
        said["transform"] = f"scale({0.015625 * _COARSE:g})"
    if "d" in said:
        said["d"] = path(said["d"], coarse=_COARSE if glyph else 1, digits=0 if glyph else 2)
    if "style" in said:
        said["style"] = re.sub(r"\s*([:;])\s*", r"\1", said["style"].strip().rstrip(";"))
    # Letters stand on places in hundredths of their size.
    digits = 1 if "scale(" in said.get("transform", "") else 2
    for child in element:
        _placed(child.attrib, digits, used=child.tag == f"{{{_SVG}}}use")


def _placed(said: dict[str, str], digits: int, *, used: bool) -> None:
    """Round the place of an element; of one that is used again, a move is a place, and none is at zero."""
    if used and (moved := _MOVED.fullmatch(said.get("transform", ""))):
        del said["transform"]
        for name, by in zip("xy", (moved[1], moved[2] or "0"), strict=True):
            said[name] = str(float(said.get(name, "0")) + float(by))
    for name in [n for n in ("x", "y") if n in said]:
        said[name] = _number(round(float(said[name]), digits))
        if used and said[name] == "0":
            del said[name]


def path(d: str, *, coarse: int = 1, digits: int = 2) -> str:
    """Return a path of absolute M, L, Q, C and z in relative steps, over `coarse`, rounded to `digits`.

    Steps are between rounded places, so that no error adds up along the path. What has other commands stays as it is.
    """
    tokens = _TOKEN.findall(d)
    if any(t.isalpha() and t.upper() not in _TAKES for t in tokens):
        return " ".join(d.split())
    made, here, begun, last = "", (0.0, 0.0), (0.0, 0.0), ""
    for command, places in _commands(tokens):
        if command == "Z":
            made, here, last = made + "z", begun, "z"
            continue
        ends = [(round(x / coarse, digits), round(y / coarse, digits)) for x, y in places]
        steps = [round(v, digits) for x, y in ends for v in (x - here[0], y - here[1])]
        written = command.lower() if made else "M"
        if written == "l" and 0 in steps:
            # Across or down, by one number.
            written, steps = ("h", steps[:1]) if steps[1] == 0 else ("v", steps[1:])
        # A line that follows a move, or another of its kind, needs no letter.
        follows = written == last or (written == "l" and last in ("m", "M") and last != "M")
        made += _joined(made, "" if follows else written, steps)
        here = ends[-1]
        if command == "M":
            begun = here
        last = written
    return made


def _commands(tokens: list[str]) -> Iterator[tuple[str, list[tuple[float, float]]]]:
    """Yield commands with the places that each takes."""
    at, command = 0, "M"
    while at < len(tokens):
        if tokens[at].isalpha():
            command, at = tokens[at].upper(), at + 1
        takes = _TAKES[command]
        numbers = [float(t) for t in tokens[at : at + takes]]
        at += takes
        yield command, list(zip(numbers[::2], numbers[1::2], strict=True))


def _joined(before: str, command: str, steps: list[float]) -> str:
    """Steps after a command, with a blank where two numbers would be one."""
    made = command
    for step in steps:
        text = _number(step)
        bare = (made or before)[-1:]
        made += text if text.startswith("-") or not (bare.isdigit() or bare == ".") else f" {text}"
    return made


def _number(value: float) -> str:
    """A number without what is not needed: 0.5 is .5, -0 is 0."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else re.sub(r"^(-?)0\.", r"\1.", text)


def _renamed(root: ElementTree.Element) -> None:
    """Drop ids that nothing uses, and shorten the others."""
    said = " ".join(value for element in root.iter() for value in element.attrib.values())
    used, names = set(re.findall(r"#([\w.-]+)", said)), count()
    short: dict[str, str] = {}
    for element in root.iter():
        if (name := element.attrib.pop("id", None)) in used and name is not None:
            element.attrib["id"] = short.setdefault(name, f"i{next(names)}")
    for element in root.iter():
        for key, value in element.attrib.items():
            if "#" in value:
                element.attrib[key] = re.sub(r"#([\w.-]+)(?=\)|$)", lambda m: f"#{short.get(m[1], m[1])}", value)


def _flattened(parent: ElementTree.Element) -> None:
    """Put what stands in groups without attributes in their place."""
    kept: list[ElementTree.Element] = []
    for child in list(parent):
        _flattened(child)
        plain = child.tag == f"{{{_SVG}}}g" and not child.attrib
        kept += list(child) if plain else [child]
    parent[:] = kept


def with_palette(png: bytes) -> bytes:
    """Return a picture (PNG) without transparency in at most 256 colours, each the mean of those that it stands for."""
    from matplotlib.image import imread

    pixels = np.rint(255 * imread(BytesIO(png), format="png")[..., :3]).astype(np.int64)
    height, width, _ = pixels.shape
    flat = pixels.reshape(-1, 3)
    for bits in range(8, 0, -1):
        shades, codes = np.unique((flat >> (8 - bits)) @ (2**16, 2**8, 1), return_inverse=True)
        if len(shades) <= _LEVELS:
            break
    counts = np.bincount(codes)
    colours = np.column_stack([np.bincount(codes, weights=flat[:, i]) / counts for i in range(3)])
    lines = np.zeros((height, width + 1), dtype=np.uint8)
    lines[:, 1:] = codes.reshape(height, width)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"PLTE", _bytes(colours)), (b"IDAT", zlib_stream(lines.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _bytes(colours: Array) -> bytes:
    return np.rint(colours).astype(np.uint8).tobytes()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
