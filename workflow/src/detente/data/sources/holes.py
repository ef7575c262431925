"""Holes that are known: of which states and years a source has nothing where it covers them, and why.

Every hole that the scan in `data/record/holes.py` finds on the observed record must be part of one of these.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Hole:
    """Why there is nothing of `states` (none: of all) in `years` (None: in all), on a `side` ("": on both).

    `variables`: those that alone are missing, where others of the source have values; none: all.
    """

    cause: str
    states: tuple[int, ...] = ()
    years: tuple[int, int] | None = None
    side: str = ""
    variables: tuple[str, ...] = ()

    def covers(self, state: int, side: str, first: int, last: int, variable: str) -> bool:
        """Whether these years of a state, on a `side` and of a `variable` if of one alone, are part of the hole."""
        first_known, last_known = self.years or (first, last)
        here = (not self.states or state in self.states) and self.side in ("", side)
        here &= variable in self.variables if variable else not self.variables
        return here and first_known <= first and last <= last_known


_WARS = "no figures of the years of a world war"
_NO_WAR = "no war of the state with another is coded"
_NO_RIVALRY = "no rivalry of the state is coded"
_NOT_OF_152 = "the file has rows of 152 states, and none of this one"
_NOT_NAMED = "the file has no row of the state under its name, on either side"
_HOSTS = "only states with UN peacekeepers have rows"
_NO_ROW = "the file has no row of the state"
_SMALL_FOR_POLITY = (
    "Polity codes no state of fewer than 500,000 inhabitants, and no German or Italian state that became a part"
)
# States that were divided or came apart, of which lists of today's have their heirs.
_DIVIDED = (260, 265, 315, 678, 680, 817)
_BUT_LANGUAGES = (
    *("contiguous_today", "colonial_link", "colonial_link_1945", "colonial_link_today", "common_coloniser"),
    *("same_country", "main_city_distance_km", "population_distance_km"),
)
# German and Italian states that became parts of others.
_PARTS = (240, 245, 267, 269, 271, 273, 275, 280, 327, 329, 332, 335, 337)
_INDICES = tuple(f"vdem_{name}" for name in ("liberal", "participatory", "deliberative", "egalitarian"))
_DYADIC_TRADE = (
    Hole("the file has two rows a year of the state, and none under another code", (260,), (1960, 1990)),
    Hole("the file has two rows a year of the state to 1996, then none", (345,), (1993, 2014)),
    Hole("the file has no row of the state, or none with a value", (221, 223, 232, 331, 402, 511, 626, 760, 860)),
    Hole("the file has no row of the state, or none with a value", (983, 986, 987)),
    Hole("the file has rows of one Vietnam at a time, of the South to 1959 and of the North from 1960", (816, 817)),
    Hole("the file has rows of few of its partners", (713,), (1949, 1959)),
    Hole(_WARS, (), (1913, 1919)),
    Hole("few partners reported their trade with the state", (), (1870, 1949)),
)
HOLES: Mapping[str, tuple[Hole, ...]] = {
    "bara-hultman": (Hole("only 36 countries with an intrastate conflict are coded, while it and a mission last"),),
    "cepii-geodist": (
        Hole(_NO_ROW, (221, 223, 341, 347, 511, 626)),
        Hole("a state that is gone has its heir's languages alone", _DIVIDED, variables=_BUT_LANGUAGES),
    ),
    "cepii-geodist-states": (Hole(_NO_ROW, (221, 223, 341, 347, 511, 626, *_DIVIDED)),),
    "china-diplomacy": (
        Hole("only 39 receivers of Asia and the Pacific are coded, with China"),
        Hole(
            "coded in years with a visit alone, so that whether there was one is missing",
            (*range(700, 706), 750, 760, 770, 771, 780, 781, 790),
            variables=("china_military_visit", "china_military_visits"),
        ),
    ),
    "climate-drought": (
        Hole("the file has rows without a value", (385, 781, 947, 970, 983)),
        Hole("no state of today stands for this one of the past", (300, 511, 730)),
        Hole("the file has no row", (347, 626, 860)),
    ),
    "cow-religion": (
        Hole("coded every fifth year, of which the state has none", (511,)),
        Hole("the file has no row", (210,), (1945, 1954)),
        Hole("the file has no row", (850,), (1980, 1989)),
    ),
    "atop": (Hole("no alliance of the state is coded", (327,)),),
    "atop-3.0": (Hole("no alliance of the state is coded", (327,)),),
    "atop-4.01": (Hole("no alliance of the state is coded", (327,)),),
    "atop-5.1": (Hole("no alliance of the state is coded", (327,)),),
    "cow-trade-4.0": _DYADIC_TRADE,
    "cow-trade-4.0-directed": _DYADIC_TRADE,
    "cow-trade-4.0-national": (
        Hole("the file has no row or no value", (221, 223, 232, 245, 267, 271, 331, 347, 402, 511, 531, 626, 760, 860)),
        Hole("the file has no row or no value", (983, 986, 987)),
        Hole(_WARS, (255, 300, 339, 345, 640), (1913, 1919)),
        Hole(_WARS, (150, 365, 670, 678, 700, 712, 800), (1936, 1945)),
        Hole("the file has no value of Serbia and Montenegro, nor of Serbia", (345,), (1993, 2014)),
        Hole("trade of both Vietnams stands under one code, first the South's, then the North's", (816,), (1954, 1959)),
        Hole("trade of both Vietnams stands under one code, first the South's, then the North's", (817,), (1960, 1975)),
        Hole(
            "the file has exports of the state, and no imports",
            (58, 565, 570, 571, 572, 946, 947, 970),
            variables=("imports_cow",),
        ),
        Hole("the file has rows without a value", (95,), (1903, 1919)),
        Hole("the file has rows without a value", (530,), (1914, 1934)),
        Hole("the file has rows without a value", (600, 616, 651), (1870, 1885)),
        Hole("the file has rows without a value", (670,), (1927, 1934)),
        Hole("the file has rows without a value", (790,), (1924, 1963)),
    ),
    "cow-war": (Hole("no war between states is coded of the year", (0,), (1946, 1946)),),
    "cow-war-states": (
        Hole("no war between states is coded of the year", (0,)),
        Hole(_NO_WAR, (42, 101, 369, 432, 433, 437, 439, 452, 471, 475)),
        Hole(_NO_WAR, (516, 517, 522, 541, 565, 625, 730, 820, 850)),
    ),
    "dcad": (Hole("no agreement of the state is coded", (70, 94, 437, 678)),),
    "democracy-cow": (
        Hole(_SMALL_FOR_POLITY, variables=("polity",)),
        Hole("V-Dem does not code the state", variables=("polyarchy",)),
    ),
    "forester-jme": (
        Hole("the file has no row of the divided, or of what later came apart", (260, 315, 345, 678, 680)),
        Hole("years that Forester's models lack have no row", (346, 541, 645, 660, 700, 811)),
        Hole("states too small for Forester's models have no row"),
    ),
    "gdp-pop": (Hole("the source has no estimate", (600, 651, 670), (1856, 1931)),),
    "gdp-pop-surplus": (
        Hole("the file has one GDP for all years, which is no estimate", (240, 245, 267, 269, 271, 273, 275, 280)),
        Hole("the file has one GDP for all years, which is no estimate", (327, 329, 332, 335, 337, 730, 817)),
    ),
    "geopko": (
        Hole(_HOSTS),
        Hole("no site in the state is of known strength", (501,), variables=("peacekeeper_troops",)),
        Hole("no site in the state is marked for observers", variables=("peacekeeper_observers",)),
    ),
    "greenbook": (Hole("the donor itself is no recipient", (2,)),),
    "icews-dyad-year": (
        Hole(_NOT_OF_152, (31, 53, 54, 55, 56, 57, 58, 60, 80, 101, 221, 223, 232, 316, 331, 338, 341, 345, 347)),
        Hole(_NOT_OF_152, (395, 403, 531, 565, 570, 571, 572, 591, 626, 640, 713, 760, 781, 835, 860, 935, 946)),
        Hole(_NOT_OF_152, (947, 955, 970, 983, 986, 987, 990)),
    ),
    "gml-mid-directed-initiation": (
        Hole("no state began a dispute in the year, though others went on", (0,), (1867, 1867)),
        Hole("no initiation by the state or against it is coded", (51,)),
    ),
    "icb-15-actors": (
        Hole("no state came into a crisis with another in the year", (0,), (2000, 2000)),
        Hole("its crises ended after 2014, or when is unknown", (347, 369), variables=("crisis_recurred_icb15",)),
    ),
    "icow-colonial": (
        Hole("no ruler of the state is coded (−9)", variables=("colonial_ruler",)),
        Hole("none that the state became independent of is coded (−9)", variables=("independence_from",)),
    ),
    "icow-territory": (
        Hole("no claim of the state, or to its territory, is coded", (240, 273, 337, 516, 517, 540, 541)),
    ),
    "icow-territory-directed": (
        Hole("no claim of the state, or to its territory, is coded", (240, 273, 337, 516, 517, 540, 541)),
    ),
    "ipi-contributors": (
        Hole("the source has no file of the state, as of one that gave none", (93, 94, 95, 373, 520, 531, 540, 625)),
        Hole(
            "the source has no file of the state, as of one that gave none",
            (645, 652, 698, 700, 713, 731, 775, 812, 816),
        ),
    ),
    "jme": (Hole("no exercise of the state is on the sheet", (40, 531, 620, 645, 678)),),
    "mcmanus-nieman": (
        Hole("the list of protégés ends before the state is in it", (626,)),
        Hole("only signals of five great powers are coded", side="first"),
        Hole(
            "the state is on the list in years alone in which this signal is not coded",
            (511, 817),
            variables=("protege_exercise", "protege_troops"),
        ),
        Hole(
            "only nuclear weapons of the United States, the United Kingdom and Russia abroad are coded",
            (710,),
            variables=("protege_nuclear_weapons",),
        ),
        Hole("the list of protégés lacks this great power", (2, 365, 710), side="second"),
    ),
    "mid-directed-initiation": (
        Hole("no state began a dispute in the year, though others went on", (0,), (1867, 1867)),
    ),
    "midloc-2.1": (Hole("no dispute began in the year", (0,), (1867, 1867)),),
    "nuclear": (Hole("the file writes Czechia and Slovakia back to 1938, and has no Czechoslovakia", (315,)),),
    "pko-shortfall": (
        Hole(_HOSTS),
        Hole(
            "the file has no authorised strength of the mission",
            (94, 630),
            variables=("un_personnel_authorised", "un_personnel_shortfall", "un_personnel_shortfall_share"),
        ),
    ),
    "peace-scale-3.1": (
        Hole("few relationships of the state are coded", (20, 130, 150, 165, 221, 223, 232, 331, 338, 347)),
        Hole("few relationships of the state are coded", (660, 712, 713, 732, 860)),
    ),
    "polity5": (
        Hole("coded from majority rule on", (552,), (1965, 1979)),
        Hole("coded from its later independence on", (616, 651), (1825, 1950)),
        Hole("coded from the federal constitution on", (225,), (1816, 1847)),
        Hole(_SMALL_FOR_POLITY),
        Hole(
            "the state is under foreign interruption (−66) in all years",
            (346,),
            variables=("polity5_democracy", "polity5_autocracy", "polity5_executive_constraints"),
        ),
    ),
    "rivalry": (
        Hole(_NO_RIVALRY, (20, 211, 240, 269, 273, 327, 329, 337, 366, 375)),
        Hole(_NO_RIVALRY, (385, 390, 730, 771, 840, 900)),
    ),
    "rivalry-dreyer": (
        Hole(_NO_RIVALRY, (20, 211, 235, 240, 269, 273, 327, 329, 337, 352, 366, 369)),
        Hole(_NO_RIVALRY, (385, 390, 565, 616, 660, 678, 730, 771, 812, 840, 900)),
    ),
    "sipri-dyad": (
        Hole(_NOT_NAMED, (41, 52, 54, 55, 56, 57, 58, 60, 221, 223, 232, 331, 345, 346, 347, 402, 403, 404, 437)),
        Hole(_NOT_NAMED, (484, 490, 572, 696, 775, 816, 935, 946, 947, 970, 987)),
        Hole("the file has no row of the state as a recipient", (315, 341, 359), side="second"),
        Hole("the file has no row of the state as a supplier", side="first"),
    ),
    "territorial-threat": (
        Hole(
            "the file has no second estimate of a German or Italian state",
            _PARTS,
            variables=("territorial_threat_m", "territorial_threat_m_sd"),
        ),
    ),
    "troopdata": (
        Hole("the sender itself is no host", (2,)),
        Hole("the troops were in South Vietnam (817)", (816,), (1954, 1975)),
    ),
    "ucdp-acd-25.1": (Hole("no conflict between states is coded of the year", (0,), (1947, 1947)),),
    "ucdp-prio-acd": (Hole("no conflict between states is coded of the year", (0,), (1947, 1947)),),
    "unga-idealpoints": (
        Hole("the Assembly did not vote", (0,), (1964, 1964)),
        Hole("no member of the United Nations, or without a vote or without votes cast, in these years"),
    ),
    "us-missions": (
        Hole("the United States have no mission to themselves", (2,)),
        Hole("no page of the Department of State is matched with the state", (240, 269, 273, 332, 335, 337)),
    ),
    "vdem": (
        Hole("V-Dem has no row of these years", (91, 92, 135, 337, 630), (1816, 1944)),
        Hole("V-Dem does not code the state"),
        Hole("V-Dem has the index of electoral democracy of the state, and not this one", _PARTS, variables=_INDICES),
    ),
}
