"""Holes that are known: of which states and years a source has nothing where it covers them, and why.

Every hole that the scan in `data/record/holes.py` finds on the observed record must be part of one of these.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Hole:
    """Why there is nothing of `states` (none: of all) in `years` (None: in all), on a `side` ("": on both)."""

    cause: str
    states: tuple[int, ...] = ()
    years: tuple[int, int] | None = None
    side: str = ""

    def covers(self, state: int, side: str, first: int, last: int) -> bool:
        """Whether these years of a state, on a `side` if on one alone, are part of the hole."""
        first_known, last_known = self.years or (first, last)
        here = (not self.states or state in self.states) and self.side in ("", side)
        return here and first_known <= first and last <= last_known


_WARS = "no figures of the years of a world war"
_NO_WAR = "no war of the state with another is coded"
_NO_RIVALRY = "no rivalry of the state is coded"
_HOSTS = "only states with UN peacekeepers have rows"
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
    "atop-4.01": (Hole("no alliance of the state is coded", (327,)),),
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
    "dcad": (Hole("no agreement of the state is coded", (70, 437, 678)),),
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
    "geopko": (Hole(_HOSTS),),
    "icow-territory": (
        Hole("no claim of the state, or to its territory, is coded", (240, 273, 337, 516, 517, 540, 541)),
    ),
    "icow-territory-directed": (
        Hole("no claim of the state, or to its territory, is coded", (240, 273, 337, 516, 517, 540, 541)),
    ),
    "ipi-contributors": (
        Hole("the source has no file of the state, as of one that gave none", (93, 520, 531, 540, 625, 645, 652)),
        Hole("the source has no file of the state, as of one that gave none", (698, 700, 816)),
    ),
    "jme": (Hole("no exercise of the state is on the sheet", (40, 531, 620, 645, 678)),),
    "mcmanus-nieman": (
        Hole("the list of protégés ends before the state is in it", (626,)),
        Hole("only signals of five great powers are coded", side="first"),
        Hole("the list of protégés lacks this great power", (2, 365, 710), side="second"),
    ),
    "nuclear": (Hole("the file writes Czechia and Slovakia back to 1938, and has no Czechoslovakia", (315,)),),
    "pko-shortfall": (Hole(_HOSTS),),
    "polity5": (
        Hole("coded from majority rule on", (552,), (1965, 1979)),
        Hole("coded from its later independence on", (616, 651), (1825, 1950)),
        Hole("coded from the federal constitution on", (225,), (1816, 1847)),
        Hole(
            "Polity codes no state of fewer than 500,000 inhabitants, and no German or Italian state that became a part"
        ),
    ),
    "rivalry": (Hole(_NO_RIVALRY, (20, 211, 240, 269, 273, 327, 329, 337, 385, 390, 730, 840, 900)),),
    "rivalry-dreyer": (
        Hole(_NO_RIVALRY, (20, 211, 235, 240, 269, 273, 327, 329, 337, 352, 369)),
        Hole(_NO_RIVALRY, (385, 390, 565, 660, 678, 730, 840, 900)),
    ),
    "troopdata": (
        Hole("the sender itself is no host", (2,)),
        Hole("the troops were in South Vietnam (817)", (816,), (1954, 1975)),
    ),
    "ucdp-prio-acd": (Hole("no conflict between states is coded of the year", (0,), (1947, 1947)),),
    "unga-idealpoints": (
        Hole("the Assembly did not vote", (0,), (1964, 1964)),
        Hole("no member of the United Nations, or without a vote or without votes cast, in these years"),
    ),
    "vdem": (
        Hole("V-Dem has no row of these years", (91, 92, 135, 337, 630), (1816, 1944)),
        Hole("V-Dem does not code the state"),
    ),
}
