"""ATOP 5.1: whether a defence pact of a state binds a third one against a given challenger, by the pact's conditions.

Leeds, Ritter, Mitchell and Long code for each member what its promise of defence is conditional on. Two conditions can
be checked for a challenger: that it is the adversary which the treaty names (`defcoadv`, with the states of `statthr1`
and `statthr2`), and that it was not provoked (`defconpr`), which one who challenges is taken not to have been. The
others (`defcoloc` a place, `defcocon` a conflict, `defconum` a number of adversaries, `defcodem` a demand refused,
`olimob` any other limit) are flags without what they refer to: whether such a pact binds is missing, unless another
one does. So it is where the adversary of the condition is not, or not only, one or two states named (`specthrt`
other than 1). A pact does not count against its own members, and a defender must exist in the year.

The traps: NATO binds to defend in a region alone, so that it is missing; `may_bind` has such pacts at their most. The
adversary of pacts of the 1940s is Germany, code 255: from 1955 to 1990 that is West Germany, 260.
"""

import pandas as pd

from detente.data.sources.base import BY_NETWORK, Frames, Log, Source, Tidy, event
from detente.data.sources.codelists import WEST_GERMANY
from detente.data.sources.cooperation import members, obligations, rosters
from detente.data.sources.cooperation.members import PHASE
from detente.data.sources.rawtable import FLAG, RawTable, one_of, state, whole
from detente.data.sources.statecodes import MEMBERSHIP, member_years, recoded
from detente.data.sources.steps import DYAD_YEAR, STATE_YEAR, yearly

SLUG = "atop-5.1-conditions"
# From the first year of the list of states on.
YEARS = (1816, obligations.YEARS[1])
ADVERSARY, NAMED = "defcoadv", ["statthr1", "statthr2"]
UNCHECKED = ["defcoloc", "defcocon", "defconum", "defcodem", "olimob"]
# What `specthrt` is where the threat is one or two states, and no others.
STATES_ALONE = 1
# (state that a treaty names, state that it is in these years)
PACT_YEAR = [*PHASE, "ccode2", "year"]


def clean(raw: Frames) -> Tidy:
    """One row per challenger, target and year with a defence pact of the target that binds, or may."""
    states = member_years(raw, YEARS)
    log = Log(SLUG, "all challengers of a pact's state-years")
    spells = obligations.spells(raw, log)
    promises, parties = _promises(spells, states), _parties(spells)
    faced = pd.concat([_against_any(promises, states), _against_named(promises, log)], ignore_index=True)
    faced = faced.astype("int64")
    faced = faced[faced["ccode1"] != faced["ccode2"]]
    faced = faced[_among(faced[["ccode1", "year"]], states)]
    fellow = _among(faced[[*PHASE, "ccode1", "year"]], parties)
    kept = log.drop(faced, fellow, "challenger is a party to the pact itself")
    sure = kept.groupby(DYAD_YEAR)["sure"].max()
    log.merge(kept, sure.to_frame(), "several pacts of one target are one row: whether any binds")
    log.add("kept", "a condition that cannot be checked decides: missing", sure == 0)
    bound = sure.where(sure == 1).rename("target_pact_binds").astype("float64")
    return log.tidy(bound.to_frame().assign(target_pact_may_bind=1).reset_index())


def _among(rows: pd.DataFrame, others: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each row is one of the others, whatever their columns are called."""
    return pd.Series(pd.MultiIndex.from_frame(rows).isin(pd.MultiIndex.from_frame(others)), rows.index)


def _parties(spells: pd.DataFrame) -> pd.DataFrame:
    """Years of every member of a phase."""
    years = yearly(spells, spells["start"] // 10000, spells["end"] // 10000)
    return years[[*PHASE, "member", "year"]].drop_duplicates()


def _promises(spells: pd.DataFrame, states: pd.DataFrame) -> pd.DataFrame:
    """Promises to defend `ccode2` in a year, by conditions alike: `checked` if none is beyond the file."""
    known = spells.assign(
        checked=(spells[UNCHECKED].max(axis=1) == 0).astype("int64"),
        complete=(spells["specthrt"] == STATES_ALONE).astype("int64"),
    )
    pairs = obligations.directed_pairs(known, ["defense", ADVERSARY, *NAMED, "checked", "complete"])
    owed = pairs[pairs["defense"] == 1].rename(columns={"ccode1": "ccode"})
    rows = yearly(owed, owed["start"] // 10000, owed["end"] // 10000).merge(states, on=STATE_YEAR)
    promises: pd.DataFrame = rows[[*PACT_YEAR, ADVERSARY, *NAMED, "checked", "complete"]].drop_duplicates()
    return promises


def _against_any(promises: pd.DataFrame, states: pd.DataFrame) -> pd.DataFrame:
    """Promises against whoever challenges: `sure` 1, or 0 where it is not known whether they are."""
    open_ended = promises[(promises[ADVERSARY] == 0) | (promises["complete"] == 0)]
    sure = ((open_ended[ADVERSARY] == 0) & (open_ended["checked"] == 1)).astype("int64")
    most = open_ended.assign(sure=sure).groupby(PACT_YEAR, as_index=False)["sure"].max()
    faced: pd.DataFrame = most.merge(states.rename(columns={"ccode": "ccode1"}), on="year")
    return faced[[*PACT_YEAR, "ccode1", "sure"]]


def _against_named(promises: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Promises against the adversaries that a treaty names, under the code of the year."""
    conditional = promises[promises[ADVERSARY] == 1].assign(sure=promises["checked"])
    named = conditional.melt([*PACT_YEAR, "sure"], NAMED, value_name="ccode1")
    named = named[named["ccode1"] > 0]
    code = recoded(named["ccode1"], named["year"], (WEST_GERMANY.within(1955, 1990),), log, "the adversary was {}")
    named = named.assign(ccode1=code)
    return named[[*PACT_YEAR, "ccode1", "sure"]]


_THREAT = state(0).optional()
_COLUMNS = {
    **obligations.COLUMNS,
    "yrent": whole(*obligations.YEARS),
    **dict.fromkeys((ADVERSARY, *UNCHECKED, "defconpr"), FLAG),
    **dict.fromkeys(NAMED, _THREAT),
    "specthrt": one_of(*range(7)).optional(),
}
RAW = (RawTable(obligations.MEMBERS, _COLUMNS, members.KEY), MEMBERSHIP, rosters.TABLE)
VARIABLES = (
    event(
        "target_pact_binds",
        "Target has a defence pact that binds a third state against the sender, by its conditions (ATOP 5.1)",
        unknown=True,
        assigned=BY_NETWORK,
    ),
    event(
        "target_pact_may_bind",
        "The same, with conditions that cannot be checked taken as met (ATOP 5.1)",
        role="description",
        assigned=BY_NETWORK,
    ),
)
SOURCE = Source(SLUG, "directed-dyad-year", RAW, VARIABLES, clean, YEARS)
