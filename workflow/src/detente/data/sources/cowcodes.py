"""Codes of states that are Gleditsch–Ward's, or nearly → COW codes, by year."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from detente.base.errors import UnresolvedNames, choices

STATES = "states2016.csv"
STATE_COLUMNS = ("ccode", "styear", "endyear")
LAST = 2016
# Code there: (COW code, first year in which it applies). A code that is not listed is the same in both.
FROM_GLEDITSCH_WARD: Mapping[int, tuple[int, int]] = {
    260: (255, 1991),
    340: (345, 2006),
    678: (679, 1991),
    970: (946, 1816),
    971: (970, 1816),
    972: (955, 1816),
    973: (947, 1816),
}
# States there that COW never has as members.
NEVER_MEMBERS: Mapping[int, str] = {396: "Abkhazia", 397: "South Ossetia", 711: "Tibet", 751: "Hyderabad"}


@dataclass(frozen=True)
class Translation:
    """`code`: COW codes; `member`: whether the state is a member of the system on a day of the year."""

    code: pd.Series
    member: pd.Series

    def entries(self, codes: pd.Series) -> list[tuple[str, str, str, int]]:
        """Return an attrition entry for every code that became another, from the codes that were translated."""
        changed = self.code != codes
        pairs = pd.DataFrame({"old": codes[changed].astype("int64"), "new": self.code[changed]}).value_counts(
            sort=False
        )
        listed = pairs.rename("rows").reset_index().itertuples(index=False, name=None)
        return [("recoded", "code of another list", f"{old} is COW {new}", int(rows)) for old, new, rows in listed]


def translated(
    codes: pd.Series,
    years: pd.Series,
    states: pd.DataFrame,
    where: str,
    table: Mapping[int, tuple[int, int]] = FROM_GLEDITSCH_WARD,
    strangers: Mapping[int, str] = NEVER_MEMBERS,
) -> Translation:
    """Translate codes by year and say which are members that year; a year after the list's last counts as its last.

    `codes`, `years`: aligned, whole numbers. `states`: raw list of states. `where`: what the codes are from, for the
    message. `table`, `strangers`: codes that differ, with the first year in which they do, and codes of no member of
    the system. Raises UnresolvedNames if a code is neither COW's nor in one of the two tables.
    """
    code = codes.astype("int64").copy()
    for old, (new, since) in table.items():
        code = code.mask((codes == old) & (years >= since), new)
    listed = {int(c) for c in states["ccode"]}
    unknown = sorted({int(c) for c in code} - listed - set(strangers))
    if unknown:
        named = "; ".join(f"{c} ({choices(str(c), map(str, strangers))})" for c in unknown)
        raise UnresolvedNames(f"{where}: no state has the code {named}; add the code to data/sources/cowcodes.py")
    asked = pd.DataFrame({"ccode": code, "year": years.clip(upper=LAST)}).drop_duplicates()
    spells = asked.merge(states[list(STATE_COLUMNS)], on="ccode")
    inside = spells[(spells["styear"] <= spells["year"]) & (spells["year"] <= spells["endyear"])]
    members = pd.MultiIndex.from_frame(inside[["ccode", "year"]])
    held = pd.MultiIndex.from_arrays([code, years.clip(upper=LAST)]).isin(members)
    return Translation(code, pd.Series(held, index=codes.index))
