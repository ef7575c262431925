"""Figures in less room: the same picture without what no reader sees of it."""

import re
from itertools import count

# Units of a typeface's glyphs are a thousandth of a letter, those of a figure points.
_NOISE = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
_PLACES = re.compile(r'( (?:d|x|y)="|translate\()([^")]*)')
_GLYPH = re.compile(r'(<path id="[\w-]+-[0-9a-f]+" d=")([^"]*)("[^>]*transform="scale\()')
_DIGITS, _FRACTION = re.compile(r"(\.\d\d)\d+"), re.compile(r"-?\d+\.\d+")
_IDS = re.compile(r' id="([^"]+)"')


def slim(svg: str) -> str:
    """Return the SVG of a figure without metadata and unused ids, and places to a hundredth of a point."""
    text = _NOISE.sub("", svg)
    text = _GLYPH.sub(lambda m: m[1] + _FRACTION.sub(lambda n: f"{float(n[0]):.0f}", m[2]) + m[3], text)
    text = _PLACES.sub(lambda m: m[1] + _DIGITS.sub(r"\1", " ".join(m[2].split())), text)
    used, names = set(re.findall(r"#([\w.-]+)", text)), count()
    short = {name: f"i{next(names)}" for name in dict.fromkeys(_IDS.findall(text)) if name in used}
    text = _IDS.sub(lambda m: f' id="{short[m[1]]}"' if m[1] in short else "", text)
    text = re.sub(r"#([\w.-]+)(?=[\")])", lambda m: f"#{short.get(m[1], m[1])}", text)
    text = text.replace("xlink:href", "href").replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    return re.sub(r">\s+<", "><", text).strip() + "\n"
