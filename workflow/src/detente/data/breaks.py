"""Years from which a coding of conflict is coded in another way, so that levels before and after do not compare.

Disputes from 2011 on were found and coded by another procedure (Palmer and others 2022): directed dyads with an onset
rise from 38 in 2010 to 148 in 2011, and events of MIE, which start from the same disputes, from 126 to 324.
"""

from collections.abc import Mapping

_MID5 = (2011,)
BREAKS: Mapping[str, tuple[int, ...]] = {"cow": _MID5, "mid5": _MID5, "mid5d": _MID5, "mie": _MID5}
"""First years of another way of coding, by the name of the coding."""


def breaks_of(outcome: str) -> tuple[int, ...]:
    """The same of an outcome of a panel: the name of a coding stands in those of all its outcomes, between underscores.

    This is asked by every estimate, which must not depend on how sources are cleaned.
    """
    parts = outcome.split("_")
    return next((years for coding, years in BREAKS.items() if coding in parts), ())
