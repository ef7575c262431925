"""Lists of states other than COW's: ISO 3166 letters, and numbers of Gleditsch and Ward, of Polity and of ICB, by year.

What a code stands for is said here, once for all sources and for users' own data; `statecodes` puts it to rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

ALWAYS = (0, 9999)


@dataclass(frozen=True)
class Then:
    """What a list has under `code` in the years from `first` to `last` is of the state that is COW's `then`."""

    code: int
    then: int
    first: int = ALWAYS[0]
    last: int = ALWAYS[1]

    def within(self, first: int, last: int) -> Then:
        """The same in the years that a file has so."""
        return replace(self, first=max(first, self.first), last=min(last, self.last))

    def concerns(self, codes: pd.Series, years: pd.Series) -> pd.Series[bool]:
        """Which rows are of the state `then`."""
        return (codes == self.code) & years.between(self.first, self.last)


# Lists of today's states: Germany is a member to 1945 and from 1990 on.
WEST_GERMANY, SOUTH_VIETNAM = Then(255, 260, 1946, 1990), Then(816, 817, 1954, 1975)
NORTH_YEMEN, SERBIA_WITH_KOSOVO = Then(679, 678, 1926, 1989), Then(347, 345, 1878, 2007)
# Numbers that are other states', or at other times, than COW's; one that is not listed is the same in both.
FROM_GLEDITSCH_WARD = (
    Then(260, 255, first=1991),
    Then(340, 345),
    Then(678, 679, first=1991),
    Then(970, 946),
    Then(971, 970),
    Then(972, 955),
    Then(973, 947),
)
# The other way: what Gleditsch and Ward have for a state of COW's. They have a Serbia to 1915 and since 5 June 2006,
# and one Yemen and one Germany since 1945, which took in the other state in 1990.
TO_GLEDITSCH_WARD = (
    Then(255, 260, first=1990),
    Then(345, 340, last=1917),
    Then(345, 340, first=2006),
    Then(679, 678),
    Then(946, 970),
    Then(970, 971),
    Then(955, 972),
    Then(947, 973),
)
FROM_POLITY = (
    Then(305, 300, last=1918),  # Austria, and Austria-Hungary
    Then(324, 325),  # Sardinia, Italy
    Then(341, 347),  # Kosovo
    Then(342, 345),  # Serbia
    Then(347, 345),  # Yugoslavia, Serbia and Montenegro
    Then(348, 341),  # Montenegro
    Then(364, 365),  # Soviet Union
    Then(525, 626),  # South Sudan
    Then(529, 530),  # Ethiopia without Eritrea
    Then(626, 625),  # Sudan without the South
    Then(769, 770),  # Pakistan with Bangladesh
    Then(818, 816),  # united Vietnam
)
# As Gleditsch and Ward, and Vichy France.
FROM_ICB = (*FROM_GLEDITSCH_WARD, Then(219, 220, first=1940))
# Numbers in any of these lists of what is no member of COW's system, ever.
NEVER_MEMBERS: Mapping[int, str] = {
    89: "United Provinces of Central America",
    99: "Great Colombia",
    396: "Abkhazia",
    397: "South Ossetia",
    563: "Transvaal",
    564: "Orange Free State",
    671: "Hejaz",
    672: "Najd",
    708: "Khiva",
    709: "Kokand",
    711: "Tibet",
    751: "Hyderabad",
    815: "Annam",
}


def numbered(changes: tuple[Then, ...], *others: int) -> tuple[int, ...]:
    """Numbers that a list has beside COW's: of `changes`, of what was never a member, and `others`."""
    return (*(change.code for change in changes), *NEVER_MEMBERS, *others)


def codes_of(number: int, changes: tuple[Then, ...]) -> tuple[int, ...]:
    """COW's codes of what may stand under a number, in the order in which they are tried: the same first."""
    found = [change for change in changes if change.code == number]
    same = () if any((change.first, change.last) == ALWAYS for change in found) else (number,)
    return (*same, *(change.then for change in found))


def changed(codes: pd.Series, years: pd.Series, changes: tuple[Then, ...]) -> pd.Series:
    """COW's codes of the states that rows are of; `codes`, `years`: aligned."""
    made = codes
    for change in changes:
        made = made.mask(change.concerns(codes, years), change.then)
    return made


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
# Letters of states of the past, and letters that other lists than ISO's use.
FORMER: Mapping[str, int] = {
    "BUR": 775, "CSK": 315, "DDR": 265, "DHY": 434, "HVO": 439, "KSV": 347, "RHO": 552, "SCG": 345, "SUN": 365,
    "VDR": 816, "XKO": 347, "XKX": 347, "YAR": 678, "YMD": 680, "YUG": 345,
}  # fmt: skip
# Codes before 1997 (Zaire), 2002 (Romania) and 2006 (Montenegro), and two that only one dataset has.
OLD: Mapping[str, str] = {"ZAR": "COD", "ROM": "ROU", "MON": "MNE", "TMP": "TLS", "MFD": "MKD"}
# Letters of states of the past for COW's codes, where ISO withdrew them as the state ended or parted (ISO 3166-3), and
# the last year at whose end they stood. Letters that gave way to others of the same state (Zaire, Burma) are today's.
WITHDRAWN: Mapping[int, tuple[tuple[int, str], ...]] = {
    260: ((ALWAYS[1], "DEU"),),
    265: ((ALWAYS[1], "DDR"),),
    315: ((ALWAYS[1], "CSK"),),
    345: ((2002, "YUG"), (2005, "SCG")),
    347: ((ALWAYS[1], "XKX"),),  # letters for users' own use, which the World Bank gives to Kosovo
    365: ((1991, "SUN"),),
    678: ((ALWAYS[1], "YEM"),),
    680: ((ALWAYS[1], "YMD"),),
    817: ((ALWAYS[1], "VNM"),),
}
# Codes of territories, of Antarctica and of disputed areas (X…): no states of the COW list.
_TERRITORIES = """
ABW AIA ANT ASM ATA ATF BMU CCK COK CXR CYM ESH FLK FRO GIB GLP GRL GUF GUM HKG HMD IOT MAC MNP MSR MTQ MYT NCL NFK NIU
PAL PCN PRI PYF REU SGS SHN SJM SPM TCA TKL UMI VGB VIR WLF XGK XIM XJE XPF XPG
"""
TERRITORIES = frozenset(_TERRITORIES.split())
# States of the past that today's borders hold, or come near to.
PREDECESSORS: Mapping[str, tuple[int, ...]] = {"DEU": (260, 265), "YEM": (678, 680), "VNM": (817,), "CZE": (315,)}
# States of the past that no list of letters has: German and Italian ones, Austria-Hungary, Zanzibar, Korea.
_WITHOUT_LETTERS = (240, 245, 267, 269, 271, 273, 275, 280, 300, 327, 329, 332, 335, 337, 511, 730)
_HELD = (code for codes in PREDECESSORS.values() for code in codes)
STATES_EVER = frozenset({*COW.values(), *FORMER.values(), *_HELD, *_WITHOUT_LETTERS})
"""COW's codes of all states that were members of its system between 1816 and 2016."""


def letters_of(iso: str) -> tuple[int, ...]:
    """COW's codes of what three letters may stand for, in the order in which they are tried: today's state first."""
    today = OLD.get(iso, iso)
    if iso in FORMER:
        return (FORMER[iso],)
    return (COW[today], *PREDECESSORS.get(today, ())) if today in COW else ()


def iso_letters(codes: pd.Series, years: pd.Series) -> pd.Series:
    """ISO 3166 letters, three each, of COW's `codes` in `years` (aligned, whole numbers); missing where there are none.

    They are today's, and of states that ended those that ISO withdrew; also before 1974, when there were none yet.
    """
    today = {code: iso for iso, code in COW.items()}
    made = codes.map(today).astype("str")
    for code, until in WITHDRAWN.items():
        for last, letters in reversed(until):
            made = made.mask((codes == code) & (years <= last), letters)
    return made
