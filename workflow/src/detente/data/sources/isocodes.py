"""ISO 3166 three-letter codes of today's states → COW codes, and the old or home-made codes that datasets still use."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from detente.data.sources.names import refuse

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
