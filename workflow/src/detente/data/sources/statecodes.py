"""COW codes of states: from names as datasets print them, by date or year, from ISO 3166 letters and Gleditsch–Ward."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import pandas as pd

from detente.base.errors import UnresolvedNames, choices
from detente.data.sources.base import Frames, Log
from detente.data.sources.rawtable import DAY, MONTH, STATE, RawTable, text, whole
from detente.data.sources.steps import STATE_YEAR

_DAY = (whole(1816, 2016), MONTH, DAY)
STATES = RawTable(
    "states2016.csv",
    {
        "ccode": STATE,
        "statenme": text(),
        **dict(zip(("styear", "stmonth", "stday"), _DAY, strict=True)),
        **dict(zip(("endyear", "endmonth", "endday"), _DAY, strict=True)),
    },
    slug="cow-state-system",
)
_SPAN = ("ccode", "styear", "endyear")
MEMBERSHIP = RawTable(STATES.file, {name: STATES.columns[name] for name in _SPAN}, slug=STATES.slug)
LAST_LISTED = 2016
# Codes of a thousand and more are territories, in lists that number these, too.
FIRST_TERRITORY = 1000
OUTSIDE = "not a member of the state system in the year"
# (code that lists of today write, code of the state of the time, last year that it holds)
LATER = ((679, 678, 1989), (347, 345, 2007))
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
# As lists of troops, missions and weapons print them.
ALIASES_BY_YEAR: Mapping[str, tuple[int, ...]] = {
    "Antigua and Barbuda": (58,),
    "Cote d Ivoire": (437,),
    "Cote d'Ivoire": (437,),
    "DR Congo": (490,),
    "DRC": (490,),
    "Democratic Republic of Congo": (490,),
    "Kosovo": (347, 345),
    "Moldova, Republic of": (359,),
    "Montenegro": (341, 345),
    "Republic of Korea": (732,),
    "Republic of Vietnam": (817,),
    "Russian Federation": (365,),
    "Saint Kitts and Nevis": (60,),
    "Saint Lucia": (56,),
    "Saint Vincent and the Grenadines": (57,),
    "South Yemen": (680,),
    "Swaziland": (572,),
    "Tanzania, United Republic of": (510,),
    "The Gambia": (420,),
    "The former Yugoslav Republic o": (343,),
    "The former Yugoslav Republic of Macedonia": (343,),
    "Timor": (860,),
    "Western Sahara": (600,),
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

    def code(self, name: str, first_day: int, last_day: int) -> int | None:
        """COW code of the state called `name` that is a member on a day between the two, if one is."""
        return next((c for c in self.by_name.get(name, ()) if self.member(c, first_day, last_day)), None)

    def member(self, code: int, first_day: int, last_day: int) -> bool:
        """Whether the state is a member on a day between the two."""
        return any(start <= last_day and end >= first_day for start, end in self.spells.get(code, ()))


def gazetteer(states: pd.DataFrame, aliases: Mapping[str, tuple[int, ...]] | None = None) -> Gazetteer:
    """Build the gazetteer from the raw list of states; of `aliases`, one may hide a name of the list itself."""
    days = states.assign(
        start=states["styear"] * 10000 + states["stmonth"] * 100 + states["stday"],
        end=states["endyear"] * 10000 + states["endmonth"] * 100 + states["endday"],
    )
    spells: dict[int, list[tuple[int, int]]] = {}
    for code, start, end in days[["ccode", "start", "end"]].to_numpy().tolist():
        spells.setdefault(code, []).append((start, end))
    listed = states.groupby("statenme")["ccode"].unique()
    names = {str(name): tuple(int(c) for c in codes) for name, codes in listed.items()}
    return Gazetteer({**names, **ALIASES, **(aliases or {})}, spells)


def refuse(strangers: Iterable[str], known: Collection[str], what: str, way_out: str) -> None:
    """Raise UnresolvedNames for `strangers`, if there are any, each with the nearest known one."""

    def nearest(name: str) -> str:
        listed = choices(name, known)
        return listed.split("; ")[-1] if "; nearest: " in listed else "no name is near"

    if listed := "; ".join(f"{name!r} ({nearest(name)})" for name in sorted(set(strangers))):
        raise UnresolvedNames(f"{what} {listed}; {way_out}")


def refuse_unknown(names: Iterable[str], places: Gazetteer, stateless: Collection[str], where: str) -> None:
    """Raise UnresolvedNames for names that are neither a state's of any time nor in `stateless`."""
    strangers = {n for n in names if n not in places.by_name and n not in stateless}
    refuse(strangers, places.by_name, f"{where}: no state is called", "add the name to data/sources/statecodes.py")


def codes(names: pd.Series, years: pd.Series, raw: Frames, *, where: str, stateless: Mapping[str, str]) -> pd.Series:
    """COW code of each name in its year; missing for parties that are no state and for states not yet or no longer one.

    The raw list of states ends in 2016; a state of its last day counts as one ever after.

    Raises UnresolvedNames listing every name that is neither a state of any time nor in `stateless`.
    """
    places = gazetteer(raw[STATES.file], ALIASES_BY_YEAR)
    asked = pd.DataFrame({"name": names.astype("str"), "year": years.astype("int64")})
    refuse_unknown(asked["name"].unique(), places, stateless, where)

    @cache
    def code(name: str, year: int) -> int | None:
        listed = min(year, LAST_LISTED) * 10000
        return None if name in stateless else places.code(name, listed + 101, listed + 1231)

    return pd.Series([*map(code, asked["name"], asked["year"])], index=names.index, dtype="Int64")


def members(rows: pd.DataFrame, raw: Frames) -> pd.Series:
    """Whether the state of each row, `ccode`, is a member of the state system on a day of its `year`."""
    asked = rows[STATE_YEAR].astype("int64").assign(year=rows["year"].clip(upper=LAST_LISTED).astype("int64"))
    spells = asked.drop_duplicates().merge(raw[STATES.file][list(_SPAN)], on="ccode")
    inside = spells[(spells["styear"] <= spells["year"]) & (spells["year"] <= spells["endyear"])]
    flags = pd.MultiIndex.from_frame(asked).isin(pd.MultiIndex.from_frame(inside[STATE_YEAR]))
    return pd.Series(flags, index=rows.index)


def of_the_time(rows: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Rows whose `ccode` is that of the state that held a later state's ground in the year."""
    held = rows["ccode"].astype("int64")
    for later, earlier, last in LATER:
        held = held.mask((held == later) & (rows["year"] <= last), earlier)
    log.add("recoded", "later state's code: the state of the time", held != rows["ccode"])
    return rows.assign(ccode=held)


# ISO 3166 letters of today's states → COW codes.
_TABLE = """
AFG 700  AGO 540  ALB 339  AND 232  ARE 696  ARG 160  ARM 371  ATG 58  AUS 900  AUT 305  AZE 373  BDI 516  BEL 211
BEN 434  BFA 439  BGD 771  BGR 355  BHR 692  BHS 31  BIH 346  BLR 370  BLZ 80  BOL 145  BRA 140  BRB 53  BRN 835
BTN 760  BWA 571  CAF 482  CAN 20  CHE 225  CHL 155  CHN 710  CIV 437  CMR 471  COD 490  COG 484  COL 100  COM 581
CPV 402  CRI 94  CUB 40  CYP 352  CZE 316  DEU 255  DJI 522  DMA 54  DNK 390  DOM 42  DZA 615  ECU 130  EGY 651  ERI
531  ESP 230  EST 366  ETH 530  FIN 375  FJI 950  FRA 220  FSM 987  GAB 481  GBR 200  GEO 372  GHA 452  GIN 438  GMB
420  GNB 404  GNQ 411  GRC 350  GRD 55  GTM 90  GUY 110  HND 91  HRV 344  HTI 41  HUN 310  IDN 850  IND 750  IRL 205
IRN 630  IRQ 645  ISL 395  ISR 666  ITA 325  JAM 51  JOR 663  JPN 740  KAZ 705  KEN 501  KGZ 703  KHM 811  KIR 946
KNA 60  KOR 732  KWT 690  LAO 812  LBN 660  LBR 450  LBY 620  LCA 56  LIE 223  LKA 780  LSO 570  LTU 368  LUX 212
LVA 367  MAR 600  MCO 221  MDA 359  MDG 580  MDV 781  MEX 70  MHL 983  MKD 343  MLI 432  MLT 338  MMR 775  MNE 341
MNG 712  MOZ 541  MRT 435  MUS 590  MWI 553  MYS 820  NAM 565  NER 436  NGA 475  NIC 93  NLD 210  NOR 385  NPL 790
NRU 970  NZL 920  OMN 698  PAK 770  PAN 95  PER 135  PHL 840  PLW 986  PNG 910  POL 290  PRK 731  PRT 235  PRY 150
QAT 694  ROU 360  RUS 365  RWA 517  SAU 670  SDN 625  SEN 433  SGP 830  SLB 940  SLE 451  SLV 92  SMR 331  SOM 520
SRB 345  SSD 626  STP 403  SUR 115  SVK 317  SVN 349  SWE 380  SWZ 572  SYC 591  SYR 652  TCD 483  TGO 461  THA 800
TJK 702  TKM 701  TLS 860  TON 955  TTO 52  TUN 616  TUR 640  TUV 947  TWN 713  TZA 510  UGA 500  UKR 369  URY 165
USA 2  UZB 704  VCT 57  VEN 101  VNM 816  VUT 935  WSM 990  YEM 679  ZAF 560  ZMB 551  ZWE 552
"""
_WORDS = _TABLE.split()
COW: Mapping[str, int] = {iso: int(code) for iso, code in zip(_WORDS[::2], _WORDS[1::2], strict=True)}
# Codes before 1997 (Zaire), 2002 (Romania) and 2006 (Montenegro), and two that only one dataset has.
OLD: Mapping[str, str] = {"ZAR": "COD", "ROM": "ROU", "MON": "MNE", "TMP": "TLS", "MFD": "MKD"}
# Codes of territories, of Antarctica and of disputed areas (X…): no states of the COW list.
_TERRITORIES = """
ABW AIA ANT ASM ATA ATF BMU CCK COK CXR CYM ESH FLK FRO GIB GLP GRL GUF GUM HKG HMD IOT MAC MNP MSR MTQ MYT NCL NFK NIU
PAL PCN PRI PYF REU SGS SHN SJM SPM TCA TKL UMI VGB VIR WLF XGK XIM XJE XPF XPG
"""
TERRITORIES = frozenset(_TERRITORIES.split())
# States of the past that today's borders hold, or come near to.
PREDECESSORS: Mapping[str, tuple[int, ...]] = {"DEU": (260, 265), "YEM": (678, 680), "VNM": (817,), "CZE": (315,)}


def resolve(
    codes: Iterable[str], where: str, others: Iterable[str], more: Mapping[str, int] = MappingProxyType({})
) -> dict[str, int]:
    """COW code of each ISO code that stands for a state; `others` stand for none, `more` are codes that one list has.

    Raises UnresolvedNames listing every code that is neither, each with the nearest known one.
    """
    wanted, apart = sorted(set(codes)), set(others)
    known = {**COW, **{old: COW[new] for old, new in OLD.items()}, **more}
    strangers = [code for code in wanted if code not in known and code not in apart]
    refuse(strangers, known, f"{where}: no state has the ISO code", "add it to the module's codes")
    return {code: known[code] for code in wanted if code not in apart}


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
# Polity's code → COW's.
FROM_POLITY: Mapping[int, int] = {
    324: 325,  # Sardinia, Italy
    341: 347,  # Kosovo
    342: 345,  # Serbia
    347: 345,  # Yugoslavia, Serbia and Montenegro
    348: 341,  # Montenegro
    364: 365,  # Soviet Union
    525: 626,  # South Sudan
    529: 530,  # Ethiopia without Eritrea
    626: 625,  # Sudan without the South
    769: 770,  # Pakistan with Bangladesh
    818: 816,  # united Vietnam
}
# States there that COW never has as members.
NEVER_MEMBERS: Mapping[int, str] = {396: "Abkhazia", 397: "South Ossetia", 711: "Tibet", 751: "Hyderabad"}


def translated(
    codes: pd.Series,
    years: pd.Series,
    raw: Frames,
    log: Log,
    where: str,
    table: Mapping[int, tuple[int, int]] = FROM_GLEDITSCH_WARD,
    strangers: Mapping[int, str] = NEVER_MEMBERS,
) -> pd.DataFrame:
    """COW's `code` of each row, and whether it is a `member` that year; a year after the list's last counts as that.

    `codes`, `years`: aligned, whole numbers. `where`: what the codes are from, for the message. `table`, `strangers`:
    codes that differ, with the first year in which they do, and codes of no member of the system. Raises
    UnresolvedNames if a code is neither COW's nor in one of the two tables.
    """
    code = codes.astype("int64").copy()
    for old, (new, since) in table.items():
        code = code.mask((codes == old) & (years >= since), new)
    listed = {int(c) for c in raw[STATES.file]["ccode"]}
    unknown = sorted({int(c) for c in code} - listed - set(strangers))
    if unknown:
        named = "; ".join(f"{c} ({choices(str(c), map(str, strangers))})" for c in unknown)
        raise UnresolvedNames(f"{where}: no state has the code {named}; add the code to data/sources/statecodes.py")
    recoded = pd.DataFrame({"old": codes.astype("int64"), "new": code})[code != codes].value_counts(sort=False)
    for old, new, rows in recoded.reset_index().itertuples(index=False, name=None):
        log.add("recoded", "code of another list", rows, f"{old} is COW {new}")
    return pd.DataFrame({"code": code, "member": members(pd.DataFrame({"ccode": code, "year": years}), raw)})
