"""Which series an exercise belongs to: the one its coders name, else that of its own name without number and year.

Exercises without a coded series are of one series if their names agree and two states took part in both:
Friendship is an exercise of China with Pakistan and, elsewhere, one of the Soviet Union.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

UNNAMED = frozenset({"", "-9"})
# Kinds of exercises (in the air, at a command post, in the field, in passing, search and rescue), which name no series.
KINDS = frozenset({"airex", "cpx", "ftx", "passex", "pass ex", "sarex"})
IN_COMMON = 2
# Coded series that are one series under two spellings.
SPELLINGS = {
    "malindo darsasa": "malindo darsara",
    "nasim i bahr": "naseem al bahr",
    "nikoforos": "nikiforos",
    "peninsual shield": "peninsula shield",
    "vzaimodeistviye": "vzaimodeystviye",
}
_BRACKETS = re.compile(r"\(.*?\)|\[.*?\]")
# From the first digit of a word on, and the whole word where but one letter goes before it.
_NUMBERED = re.compile(r"(?<!\S)\w?\d\S*|\d\S*")
_ROMAN = re.compile(r"(?=[ivxl])(xl|l?x{0,3})(ix|iv|v?i{0,3})")


@dataclass(frozen=True)
class Held:
    """One exercise: its coded `series` and `title` as they stand in the file, `year`, `month` and states."""

    series: str
    title: str
    year: int
    month: int
    states: frozenset[int]


def plain(text: str) -> str:
    """Lower-case words, without accents and punctuation."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", bare.lower()))


def series_name(coded: str) -> str:
    """A coded series in one spelling."""
    name = plain(coded)
    return SPELLINGS.get(name, name)


def stem(title: str) -> str:
    """What an exercise shares with the next of its series: its name but for remarks in brackets, numbers and years.

    >>> [stem(t) for t in ("Readex 1-80", "PHIBLEX-97", "Annualex 18-G", "Amitié (Friendship) XXVII", "-9")]
    ['readex', 'phiblex', 'annualex', 'amitie', '']
    """
    if title in UNNAMED:
        return ""
    words = plain(_NUMBERED.sub(" ", _BRACKETS.sub(" ", title))).split()
    while len(words) > 1 and _ROMAN.fullmatch(words[-1]):
        words.pop()
    name = " ".join(words)
    return "" if name in KINDS else name


def number_series(exercises: Sequence[Held]) -> list[int]:
    """Number of each exercise's series, −1 where it has neither series nor name; the order of rows plays no part."""
    families: dict[str, list[int]] = {}
    for k, family in enumerate(_families(exercises)):
        if family:
            families.setdefault(family, []).append(k)
    found = [
        (family, *min((exercises[k].year, exercises[k].month, sorted(exercises[k].states)) for k in group), group)
        for family, members in families.items()
        for group in _related(exercises, members)
    ]
    numbers = [-1] * len(exercises)
    for number, (*_, group) in enumerate(sorted(found)):
        for k in group:
            numbers[k] = number
    return numbers


def _families(exercises: Sequence[Held]) -> list[str]:
    """Series as coded; else the series that all exercises of this name have that are coded; else the name."""
    coded = [series_name(e.series) for e in exercises]
    stems = [stem(e.title) for e in exercises]
    known: dict[str, set[str]] = {name: {name} for name in coded if name}
    for name, title in zip(coded, stems, strict=True):
        if name and title:
            known.setdefault(title, set()).add(name)
    sure = {title: next(iter(names)) for title, names in known.items() if len(names) == 1}
    return [name or sure.get(title, title) for name, title in zip(coded, stems, strict=True)]


def _related(exercises: Sequence[Held], members: Sequence[int]) -> list[list[int]]:
    """Parts of a family that are linked by a coded series or by states in common."""

    def related(one: Held, other: Held) -> bool:
        return bool(one.series and other.series) or len(one.states & other.states) >= IN_COMMON

    parts: list[list[int]] = []
    for k in members:
        linked = [part for part in parts if any(related(exercises[k], exercises[i]) for i in part)]
        parts = [part for part in parts if part not in linked]
        parts.append([*(i for part in linked for i in part), k])
    return parts
