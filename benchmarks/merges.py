"""The panel as a plain chain of pandas merges: what an analyst would write by hand to have the same columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detente.base.units import Unit
from detente.data.sources import Source

from benchmarks.data import JOINED, folded, keyed, variables

Tidy = Mapping[str, pd.DataFrame]
KEY, DYAD = ["ccode1", "ccode2", "year"], ["ccode1", "ccode2"]
DAYS = ["ccode", "first_day", "last_day"]


def chain(tidy: Tidy, window: tuple[int, int], unit: Unit) -> pd.DataFrame:
    """Key, `in_window` and the variables of a panel of pairs, sorted by key."""
    panel = _pairs(tidy, window[1])
    if unit == "dyad-year":
        panel = _merge_directed(panel, tidy)
        return _finished(_sides(panel, tidy, ("1", "2")), KEY, unit, window)
    panel = _flipped(panel)
    for source in keyed("directed-dyad-year"):
        panel = _covered(panel, tidy[source.slug], source, KEY)
    panel = _initiated(_sides(panel, tidy, ("sender", "target")))
    return _finished(panel, KEY, unit, window)


def years_at_peace(panel: pd.DataFrame, ongoing: str) -> pd.Series:
    """Years since the last with a dispute, the entry into the system, or the begin of the coding; rows are sorted."""
    dyads = panel.groupby(DYAD)
    fresh = (dyads["year"].diff() != 1) | (dyads[ongoing].shift(1) != 0)
    return panel.groupby(fresh.cumsum()).cumcount().where(panel[ongoing].notna()).astype("float64")


def _pairs(tidy: Tidy, last: int) -> pd.DataFrame:
    """Dyad-years with all that two states share."""
    states = tidy["cow-state-system"]
    panel = _spine(states[states["status"] == "member"], last)
    for source in keyed("dyad-year"):
        panel = _covered(panel, tidy[source.slug], source, KEY)
    for source in keyed("event"):
        panel = _covered(panel, _exercise_dyads(tidy[source.slug]), source, KEY)
    for source in keyed("dyad"):
        panel = _covered(panel, tidy[source.slug], source, DYAD)
    return _onsets(panel)


def _covered(panel: pd.DataFrame, right: pd.DataFrame, source: Source, key: list[str]) -> pd.DataFrame:
    """Merge the variables of a source: where it codes, an event without a record is 0; elsewhere all is missing."""
    names = list(JOINED[source.slug])
    panel = panel.merge(right[[*key, *names]], on=key, how="left", indicator="found")
    covered, absent = panel["year"].between(*source.years), panel.pop("found") == "left_only"
    for v in source.variables:
        if v.name in names:
            filled = panel[v.name].mask(absent, 0) if v.kind == "event" else panel[v.name]
            panel[v.name] = filled.where(covered).astype("float64")
    return panel


def _years(spells: pd.DataFrame) -> pd.DataFrame:
    """One row per state, spell and year, with its first and last day in that year."""
    years = spells.loc[spells.index.repeat(spells["end"] // 10000 - spells["start"] // 10000 + 1)]
    years = years.assign(year=years["start"] // 10000 + years.groupby(level=0).cumcount())
    years["first_day"] = np.maximum(years["start"], years["year"] * 10000 + 101)
    years["last_day"] = np.minimum(years["end"], years["year"] * 10000 + 1231)
    return years[["year", *DAYS]]


def _spine(members: pd.DataFrame, last: int) -> pd.DataFrame:
    years = _years(members)
    years = years[years["year"] <= last]
    pairs = years.merge(years, on="year", suffixes=("_1", "_2"))
    pairs = pairs[pairs["ccode_1"] < pairs["ccode_2"]]
    shared = pairs[["first_day_1", "first_day_2"]].max(axis=1) <= pairs[["last_day_1", "last_day_2"]].min(axis=1)
    spine = pairs[shared].rename(columns={"ccode_1": "ccode1", "ccode_2": "ccode2"})[KEY].drop_duplicates()
    return spine.sort_values(KEY, ignore_index=True)


def _exercise_dyads(participants: pd.DataFrame) -> pd.DataFrame:
    rows = participants[["exercise", "year", "ccode", "parties"]]
    pairs = rows.merge(rows[["exercise", "year", "ccode"]], on=["exercise", "year"], suffixes=("", "_2"))
    pairs = pairs[pairs["ccode"] < pairs["ccode_2"]]
    return (
        pairs.assign(
            exercise_any=1,
            exercise_bilateral=(pairs["parties"] == 2).astype(int),
            exercise_small=(pairs["parties"] <= 5).astype(int),
            exercise_weight=1 / (pairs["parties"] - 1),
        )
        .groupby(["ccode", "ccode_2", "year"])
        .agg(
            exercise_any=("exercise_any", "max"),
            exercise_bilateral=("exercise_bilateral", "max"),
            exercise_small=("exercise_small", "max"),
            exercise_weight=("exercise_weight", "sum"),
            exercise_count=("exercise_any", "sum"),
        )
        .reset_index()
        .rename(columns={"ccode": "ccode1", "ccode_2": "ccode2"})
    )


def _onsets(panel: pd.DataFrame) -> pd.DataFrame:
    """Spells of peace, and onsets among dyads at risk."""
    dyads = panel.groupby(DYAD)
    panel["fought_before"] = dyads["ongoing_gml"].shift(1).where(dyads["year"].diff() == 1, 0.0)
    panel["peace_years"] = years_at_peace(panel, "ongoing_gml")
    panel["peace_years_cow"] = years_at_peace(panel, "ongoing_cow")
    for name in ("gml", "cow"):
        new, ongoing = panel[f"new_{name}"], panel[f"ongoing_{name}"]
        panel[f"onset_{name}"] = new.mask(((ongoing == 1) & (new == 0)) | ongoing.isna())
    panel["onset_gml_strict"] = panel["onset_gml"].where(panel["fought_before"] == 0)
    panel["onset_force_gml"] = panel["onset_gml"] * panel["force_gml"]
    panel["onset_fatal_gml"] = panel["onset_gml"] * panel["fatal_gml"]
    return panel


def _merge_directed(panel: pd.DataFrame, tidy: Tidy) -> pd.DataFrame:
    """What one state does to the other, once for each direction."""
    for source in keyed("directed-dyad-year"):
        names = list(JOINED[source.slug])
        for way, sides in (("12", {}), ("21", {"ccode1": "ccode2", "ccode2": "ccode1"})):
            right = tidy[source.slug].rename(columns=sides)
            panel = _covered(panel, right, source, KEY).rename(columns={name: f"{name}_{way}" for name in names})
        for name in folded(source) & set(names):
            panel[name] = panel[[f"{name}_12", f"{name}_21"]].max(axis=1)
    return panel


def _flipped(panel: pd.DataFrame) -> pd.DataFrame:
    """Every pair twice."""
    back = panel.rename(columns={"ccode2": "ccode1", "ccode1": "ccode2"})
    return pd.concat([panel, back]).sort_values(KEY, ignore_index=True)


def _sides(panel: pd.DataFrame, tidy: Tidy, sides: tuple[str, str]) -> pd.DataFrame:
    """Variables of either state, and what is made of both."""
    for source in keyed("state-year"):
        right = tidy[source.slug].loc[tidy[source.slug]["year"].between(*source.years)]
        for part, side in zip(DYAD, sides, strict=True):
            names = {name: f"{name}_{side}" for name in JOINED[source.slug]}
            renamed = right[["ccode", "year", *names]].rename(columns={"ccode": part, **names})
            panel = panel.merge(renamed, on=[part, "year"], how="left")
    states = tidy["cow-state-system"]
    majors = _years(states[states["status"] == "major"])[["ccode", "year"]].drop_duplicates().assign(major=1.0)
    for part, side in zip(DYAD, sides, strict=True):
        renamed = majors.rename(columns={"ccode": part, "major": f"major_{side}"})
        panel = panel.merge(renamed, on=[part, "year"], how="left").fillna({f"major_{side}": 0.0})
    return _compared(panel, sides)


def _compared(panel: pd.DataFrame, sides: tuple[str, str]) -> pd.DataFrame:
    both = {
        name: panel[[f"{name}_{side}" for side in sides]] for name in ("cinc", "democracy", "log_gdp_per_head", "major")
    }
    major = both["major"].max(axis=1)
    weaker = both["cinc"].min(axis=1, skipna=False)
    relevant = (panel["contiguous"] == 1) | (major == 1)
    return panel.assign(
        major_power=major,
        politically_relevant=relevant.astype(float).where(panel["contiguous"].notna()),
        capability_ratio=np.log(both["cinc"].max(axis=1, skipna=False) / weaker.where(weaker > 0)),
        democracy_low=both["democracy"].min(axis=1, skipna=False),
        gdp_per_head_low=both["log_gdp_per_head"].min(axis=1, skipna=False),
    )


def _initiated(panel: pd.DataFrame) -> pd.DataFrame:
    """What has a direction: who began, and who is the stronger."""
    new, ongoing, began = (panel[name] for name in ("new_gml", "ongoing_gml", "initiated_gml"))
    total = panel["cinc_sender"] + panel["cinc_target"]
    return panel.assign(
        initiation_gml=began.mask(((ongoing == 1) & (new == 0) & (began == 0)) | ongoing.isna()),
        capability_share=panel["cinc_sender"] / total.where(total > 0),
    )


def _finished(panel: pd.DataFrame, key: list[str], unit: Unit, window: tuple[int, int]) -> pd.DataFrame:
    panel["in_window"] = panel["year"] >= window[0]
    return panel[[*key, "in_window", *variables(unit)]]
