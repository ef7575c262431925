"""Names of states as exercises print them → COW codes, by date."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

# Codes in the order in which they are tried: the first that is a member on a day of the exercise counts.
ALIASES: Mapping[str, tuple[int, ...]] = {
    "Germany": (255, 260),
    "Federal Republic of Germany": (260, 255),
    "German Democratic Republic": (265,),
    "Russia": (365,),
    "Serbia": (345,),
    "Yugoslavia": (345,),
    "Yemen": (679, 678),
    "Vietnam": (816,),
    "Czechia": (316,),
    "North Macedonia": (343,),
    "Bosnia & Herzegovina": (346,),
    "Antigua & Barbuda": (58,),
    "St. Kitts & Nevis": (60,),
    "st. christopher": (60,),
    "St. Vincent & Grenadines": (57,),
    "Trinidad & Tobago": (52,),
    "São Tomé & Príncipe": (403,),
    "Cape Verde": (402,),
    "Côte d’Ivoire": (437,),
    "Congo - Kinshasa": (490,),
    "Congo - Brazzaville": (484,),
    "Eswatini": (572,),
    "Timor-Leste": (860,),
    "Myanmar (Burma)": (775,),
    "United States": (2,),
}
UNKNOWN = "-9"
NOT_STATES: Mapping[str, str] = {
    UNKNOWN: "participant unknown",
    "NATO": "an alliance; its members are not named",
    "Baltic States": "a group; its members are not named",
    "Hong Kong SAR China": "not a state: a territory of China",
    "Bermuda": "not a state: a territory of the United Kingdom",
    "New Caledonia": "not a state: a territory of France",
    "Netherlands Antilles": "not a state: a territory of the Netherlands",
}


@dataclass(frozen=True)
class Gazetteer:
    """Spells of membership by name and by code; `start` and `end` as whole numbers yyyymmdd."""

    by_name: Mapping[str, tuple[int, ...]]
    spells: Mapping[int, Sequence[tuple[int, int]]]

    def known(self, name: str) -> bool:
        """Whether the name stands for a state of any time, or for a known party that is no state."""
        return name in NOT_STATES or name in self.by_name

    def code(self, name: str, first_day: int, last_day: int) -> int | None:
        """COW code of the state called `name` that is a member on a day between the two, if one is."""
        for code in self.by_name.get(name, ()):
            if any(start <= last_day and end >= first_day for start, end in self.spells.get(code, ())):
                return code
        return None


def gazetteer(states: pd.DataFrame) -> Gazetteer:
    """Build the gazetteer from the raw list of states; an alias never hides a name of the list itself."""
    days = states.assign(
        start=states["styear"] * 10000 + states["stmonth"] * 100 + states["stday"],
        end=states["endyear"] * 10000 + states["endmonth"] * 100 + states["endday"],
    )
    spells: dict[int, list[tuple[int, int]]] = {}
    for code, start, end in days[["ccode", "start", "end"]].to_numpy().tolist():
        spells.setdefault(code, []).append((start, end))
    listed = states.groupby("statenme")["ccode"].unique()
    names = {str(name): tuple(int(c) for c in codes) for name, codes in listed.items()}
    return Gazetteer({**names, **ALIASES}, spells)


def unknown_names(names: Iterable[str], known: Gazetteer) -> list[str]:
    """Names that stand for nothing known, sorted."""
    return sorted({name for name in names if not known.known(name)})
