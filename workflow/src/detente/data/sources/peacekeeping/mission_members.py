"""UN missions as groups of the states that give them troops, by Geo-PKO's maps of contributors, 1994–2024.

What the maps name, and their traps, is said in `deployments.py`: troops alone, so that missions of observers and police
are none; and no map of UNIFIL in 2016 and of UNPREDEP in 1996, whose contributors of the year before and after stand
here as not `mapped`, so that they do not pass for states that did not serve together. A contributor is of a mission in
a year if it has troops at a site of it; whether two of them were there in the same months is not said.
"""

import pandas as pd

from detente.data.sources.base import Frames, Source, Tidy
from detente.data.sources.peacekeeping import deployments
from detente.data.sources.peacekeeping.deployments import CONTRIBUTOR_NOBODY, SHARED_FILE, UN, named, without_map

SLUG = "geopko-members"
KEY = ["event", "year", "ccode"]


def clean(raw: Frames) -> Tidy:
    """One row per mission, year and contributor of troops, with the name of the `mission` and whether it is `mapped`.

    `event` numbers missions in the order of their names; `mapped` is 0 or 1, of the mission in the year. Raises
    SourceSchemaError if a cell is not a list of names with sizes in brackets.
    """
    known, log = deployments.contributors(raw, SLUG)
    present = deployments.present_in(known, log)
    gaps = without_map(present)
    rows = pd.concat([present.assign(mapped=1), gaps.assign(mapped=0)], ignore_index=True)
    missions = sorted(rows["mission"].unique())
    event = rows["mission"].map({name: number for number, name in enumerate(missions, start=1)}).astype("int64")
    frame = rows.assign(event=event).sort_values(KEY, ignore_index=True)[[*KEY, "mission", "mapped"]]
    sites = named(raw[SHARED_FILE])
    partly = sites[sites["name"].isin(set(CONTRIBUTOR_NOBODY) - {UN})].drop_duplicates(["mission", "year"])
    reason = "a contributor at a site is not named: the group is of those that are"
    log.add("kept", reason, len(partly), "all mission-years")
    reason = "no map of the mission that year: who serves in it before and after, as not mapped"
    log.add("added", reason, len(gaps), "all contributors")
    return log.tidy(frame.astype({"year": "int64", "ccode": "int64", "mapped": "int64"}))


SOURCE = Source(SLUG, "group", deployments.SHARED_RAW, (), clean, deployments.SHARED.years)
