"""Which state of the COW list a code or name of user data stands for, on the days that its record is about."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, get_args

import numpy as np
import pandas as pd

from detente.base.errors import choices
from detente.data.sources.codelists import (
    COW,
    FROM_GLEDITSCH_WARD,
    FROM_POLITY,
    TERRITORIES,
    Then,
    codes_of,
    letters_of,
)
from detente.data.sources.statecodes import ALIASES, ALIASES_BY_YEAR

Codes = Literal["cow", "gw", "polity", "iso2", "iso3", "name"]
CODES: tuple[Codes, ...] = get_args(Codes)
NUMBERED = frozenset({"cow", "gw", "polity"})
NO_MEMBER = "no member of the state system at the time"
EVER = (0, 99_999_999)
FIRST_YEAR = 1816
_CHANGES: Mapping[str, tuple[Then, ...]] = {"gw": FROM_GLEDITSCH_WARD, "polity": FROM_POLITY}
_LISTS: Mapping[str, str] = {"cow": "COW", "gw": "Gleditsch–Ward", "polity": "Polity"}
# Two letters of states of the past, and two that other lists than ISO's use.
_FORMER_TWO: Mapping[str, tuple[int, ...]] = {
    "BU": (775,), "CS": (315, 345), "DD": (265,), "EL": (350,), "SU": (365,), "TP": (860,), "UK": (200,), "VD": (816,),
    "XK": (347,), "YD": (680,), "YU": (345,), "ZR": (490,),
}  # fmt: skip
# Two letters that are not the first two of the three.
_TABLE = """
AGO AO  AND AD  ARE AE  ARM AM  ATG AG  AUT AT  BDI BI  BEN BJ  BGD BD  BHS BS  BIH BA  BLR BY  BLZ BZ  BRB BB  BRN BN
CAF CF  CHL CL  CHN CN  COD CD  COG CG  COM KM  CPV CV  DNK DK  EST EE  FSM FM  GIN GN  GNB GW  GNQ GQ  GRD GD  GUY GY
IRL IE  IRQ IQ  ISR IL  JAM JM  KAZ KZ  KOR KR  LBR LR  LBY LY  MDG MG  MDV MV  MEX MX  MLT MT  MNE ME  MOZ MZ  PAK PK
PLW PW  PNG PG  POL PL  PRK KP  PRT PT  PRY PY  SEN SN  SLB SB  SLV SV  SRB RS  SUR SR  SVK SK  SVN SI  SWE SE  SWZ SZ
SYC SC  TCD TD  TKM TM  TUN TN  TUR TR  TUV TV  UKR UA  URY UY
"""
_TWO = _TABLE.split()
_OTHERS = dict(zip(_TWO[1::2], _TWO[::2], strict=True))
ISO2: Mapping[str, str] = {iso[:2]: iso for iso in COW if iso not in _TWO} | _OTHERS
# Names beside those of the list of states and of the datasets of the record.
_NAMES: Mapping[str, tuple[int, ...]] = {
    "Bosnia": (346,), "Britain": (200,), "Burma": (775,), "Cabo Verde": (402,), "Ceylon": (780,),
    "Congo, Democratic Republic of the": (490,), "Congo, Republic of the": (484,), "Dahomey": (434,),
    "East Germany": (265,), "Great Britain": (200,), "Holland": (210,), "Iran, Islamic Republic of": (630,),
    "Korea, North": (731,), "Korea, Republic of": (732,), "Korea, South": (732,), "Lao PDR": (812,),
    "Micronesia": (987,), "North Vietnam": (816,), "North Yemen": (678,), "Persia": (630,), "Rhodesia": (552,),
    "Republic of the Congo": (484,), "Sao Tome": (403,), "Siam": (800,), "Slovak Republic": (317,),
    "South Vietnam": (817,), "Soviet Union": (365,), "Syrian Arab Republic": (652,), "Türkiye": (640,), "U.K.": (200,),
    "U.S.": (2,), "U.S.A.": (2,), "USSR": (365,), "Upper Volta": (439,), "Viet Nam": (816,), "West Germany": (260,),
    "Zaire": (490,),
    # The World Bank's.
    "Brunei Darussalam": (835,), "Congo, Dem. Rep.": (490,), "Congo, Rep.": (484,), "Egypt, Arab Rep.": (651,),
    "Iran, Islamic Rep.": (630,), "Korea, Dem. People's Rep.": (731,), "Korea, Rep.": (732,), "Kyrgyz Republic": (703,),
    "Micronesia, Fed. Sts.": (987,), "Somalia, Fed. Rep.": (520,), "Venezuela, RB": (101,), "Yemen, Rep.": (679, 678),
    # The United Nations'.
    "Bolivia (Plurinational State of)": (145,), "Democratic People's Republic of Korea": (731,),
    "Lao People's Democratic Republic": (812,), "Libyan Arab Jamahiriya": (620,),
    "Micronesia (Federated States of)": (987,), "Netherlands (Kingdom of the)": (210,), "Republic of Moldova": (359,),
    "United Kingdom of Great Britain and Northern Ireland": (200,), "United Republic of Tanzania": (510,),
    "Venezuela (Bolivarian Republic of)": (101,),
    # Gleditsch and Ward's.
    "Belarus (Byelorussia)": (370,), "Burkina Faso (Upper Volta)": (439,), "Burma (Myanmar)": (775,),
    "Cambodia (Kampuchea)": (811,), "Congo, Democratic Republic of (Zaire)": (490,), "Germany (Prussia)": (255, 260),
    "Iran (Persia)": (630,), "Italy/Sardinia": (325,), "Korea, People's Republic of": (731,),
    "Macedonia (Former Yugoslav Republic of)": (343,), "Madagascar (Malagasy)": (580,), "Rumania": (360,),
    "Russia (Soviet Union)": (365,), "Sri Lanka (Ceylon)": (780,), "Surinam": (115,), "Swaziland (Eswatini)": (572,),
    "Tanzania/Tanganyika": (510,), "Turkey (Ottoman Empire)": (640,), "Vietnam, Democratic Republic of": (816,),
    "Yemen (Arab Republic of Yemen)": (678, 679), "Zimbabwe (Rhodesia)": (552,),
    # Shortened, and of other lists.
    "Bosnia and Herz.": (346,), "Burma/Myanmar": (775,), "Central African Rep.": (482,), "Dem. Rep. Congo": (490,),
    "Dominican Rep.": (42,), "DPRK": (731,), "Eq. Guinea": (411,), "Macedonia, FYR": (343,), "N. Korea": (731,),
    "PRC": (710,), "ROK": (732,), "S. Korea": (732,), "S. Sudan": (626,), "Serbia and Montenegro": (345,),
    "Solomon Is.": (940,), "UAE": (696,), "Yugoslavia, FR (Serbia/Montenegro)": (345,),
}  # fmt: skip


def plain(name: str) -> str:
    """A name without capitals, accents, marks, "and" and "the", so that spellings of one name agree."""
    bare = unicodedata.normalize("NFKD", name.replace("’", "'")).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", " ", bare.replace(".", "").replace("'", "")).split()
    return " ".join("st" if word == "saint" else word for word in words if word not in ("and", "the"))


@dataclass(frozen=True, eq=False)
class Places:
    """States of the tidy list `spells` (one row per spell: `ccode`, `name`, `start`, `end` as yyyymmdd) by any code."""

    spells: pd.DataFrame

    @cached_property
    def members(self) -> Mapping[int, list[tuple[int, int]]]:
        """First and last day of every membership, by COW code."""
        members = self.spells[self.spells["status"] == "member"]
        found: dict[int, list[tuple[int, int]]] = {}
        for code, start, end in members[["ccode", "start", "end"]].to_numpy().tolist():
            found.setdefault(int(code), []).append((start, end))
        return found

    @cached_property
    def listed(self) -> int:
        """Last day of the list; its members count as members ever after."""
        return max(end for spells in self.members.values() for _, end in spells)

    @cached_property
    def names(self) -> Mapping[str, tuple[int, ...]]:
        """COW codes by plain name, in the order in which they are tried."""
        listed = {plain(str(name)): (int(code),) for code, name in self.spells[["ccode", "name"]].to_numpy()}
        more = {plain(name): codes for aliases in (_NAMES, ALIASES_BY_YEAR, ALIASES) for name, codes in aliases.items()}
        return {**listed, **more}

    def code(self, value: object, first: int, last: int, codes: Codes) -> tuple[int | None, str]:
        """COW code of the state that is a member on a day from `first` to `last`, or why there is none."""
        found, why = _BY[codes](self, value)
        days = min(first, self.listed), min(last, self.listed)
        for code in found:
            if any(start <= days[1] and stop >= days[0] for start, stop in self.members.get(code, ())):
                return code, ""
        return None, why if not found else NO_MEMBER

    def numbered(self, value: object, codes: Codes) -> tuple[tuple[int, ...], str]:
        """Codes to try of a number: the same, or that of the state as COW has it."""
        tried = codes_of(int(str(value).partition(".")[0]), _CHANGES.get(codes, ()))
        known = tuple(code for code in tried if code in self.members)
        return known, f"no code of a state ({_LISTS[codes]})"


def _by_letters(value: object, codes: Codes) -> tuple[tuple[int, ...], str]:
    text = str(value).strip().upper()
    if codes == "iso2" and text in _FORMER_TWO:
        return _FORMER_TWO[text], ""
    iso = ISO2.get(text, "") if codes == "iso2" else text
    if found := letters_of(iso):
        return found, ""
    return (), "a territory, no state" if iso in TERRITORIES else f"no {codes.upper()} letters of a state"


@lru_cache(maxsize=4096)
def _by_name(places: Places, value: object) -> tuple[tuple[int, ...], str]:
    names = places.names
    found = names.get(plain(str(value)), ())
    near = choices(plain(str(value)), names).partition("; nearest: ")[2]
    return found, "no name of a state" + (f" (nearest: {near})" if near and not found else "")


_BY: Mapping[Codes, Callable[[Places, object], tuple[tuple[int, ...], str]]] = {
    "cow": lambda places, value: places.numbered(value, "cow"),
    "gw": lambda places, value: places.numbered(value, "gw"),
    "polity": lambda places, value: places.numbered(value, "polity"),
    "iso2": lambda _, value: _by_letters(value, "iso2"),
    "iso3": lambda _, value: _by_letters(value, "iso3"),
    "name": _by_name,
}


def placed(values: pd.Series, days: pd.DataFrame, codes: Codes, places: Places) -> pd.DataFrame:
    """COW's `code` of each value, NaN where there is none, and `why`; `days`: columns `first`, `last`, as yyyymmdd."""
    asked = pd.DataFrame({"value": values, "first": days["first"], "last": days["last"]})
    keys = pd.MultiIndex.from_frame(asked)
    at, unique = pd.factorize(keys)
    found = [places.code(value, int(first), int(last), codes) for value, first, last in unique]
    code = np.array([np.nan if c is None else c for c, _ in found], dtype="float64")
    why = np.array([w for _, w in found], dtype=object)
    return pd.DataFrame({"code": code[at], "why": why[at]}, index=values.index)
