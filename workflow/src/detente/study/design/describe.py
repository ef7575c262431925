"""Counts and raw risks of the panel, before any model."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy

from detente.base.frames import Column, FrameSchema, count, number, text
from detente.base.lags import lag
from detente.base.numerics import LEVEL
from detente.study.config import Claim, Control, Sample
from detente.study.design.matrix import in_sample, sides_of

COUNTED = {"onsets": "new_gml", "ongoing": "ongoing_gml", "force_onsets": "force_gml", "exercise_dyads": "exercise_any"}
FLOW = {
    "onset_gml": "new_gml",
    "onset_cow": "new_cow",
    "ongoing_gml": "ongoing_gml",
    "force_onset": "force_gml",
    "fatal_onset": "fatal_gml",
    "exercise_any": "exercise_any",
    "exercise_bilateral": "exercise_bilateral",
}
OUTCOMES = ("onset_gml", "onset_force_gml", "onset_fatal_gml", "onset_cow")


def _count(description: str) -> Column:
    """A number of rows, whole where no variable is missing."""
    return Column("any", description, low=0)


SAMPLE = text("sample of `config/samples.yaml`")
SCHEMAS: Mapping[str, FrameSchema] = {
    "sample_flow": FrameSchema(
        "sample flow",
        {
            "sample": SAMPLE,
            "label": text("what it is called"),
            "dyad_years": count("its dyad-years"),
            "dyads": count("its dyads, or its states where these are the unit"),
            "onset_gml": _count("onsets of disputes, by GML"),
            "onset_cow": _count("onsets of disputes, by COW"),
            "onset_after_dispute": _count("onsets in the year after one with a dispute"),
            "ongoing_gml": _count("dyad-years with a dispute"),
            "force_onset": _count("onsets with use of force"),
            "fatal_onset": _count("onsets with deaths"),
            "exercise_any": _count("dyad-years with a joint exercise"),
            "exercise_bilateral": _count("dyad-years with a bilateral one"),
            "switches_on": _count("years with a joint exercise after one without"),
            "switches_off": _count("years without a joint exercise after one with"),
            "exercise_any_share": number("share of dyad-years with a joint exercise", high=1),
            "exercise_bilateral_share": number("share of dyad-years with a bilateral one", high=1),
        },
        key=("sample",),
    ),
    "descriptives": FrameSchema(
        "descriptive statistics",
        {
            "sample": SAMPLE,
            "variable": text("name in `codebook.csv`"),
            "label": text("what it is called"),
            "unit": text("its unit"),
            "nobs": count("dyad-years that have a value"),
            "missing": count("dyad-years that have none"),
            "mean": number("mean"),
            "sd": number("standard deviation"),
            "min": number("least value"),
            "max": number("largest value"),
        },
        key=("sample", "variable"),
    ),
    "timeline": FrameSchema(
        "time line",
        {
            "year": Column("int64", "year"),
            "dyad_years": count("dyads in the year"),
            "onsets": _count("onsets of disputes, by GML"),
            "ongoing": _count("dyads with a dispute"),
            "force_onsets": _count("onsets with use of force"),
            "exercise_dyads": _count("dyads with a joint exercise"),
            "sample": SAMPLE,
            "exercises": _count("joint exercises held, whoever took part"),
            "mean_participants": number("known states that took part, on average"),
        },
        key=("sample", "year"),
    ),
    "partners": FrameSchema(
        "partners",
        {
            "ccode1": Column("int64", "state with the lower code"),
            "ccode2": Column("int64", "state with the higher code"),
            "exercise_years": Column("int64", "years with a joint exercise", low=1),
            "bilateral_years": count("years with a bilateral one"),
            "first_year": Column("int64", "the first of these years"),
            "last_year": Column("int64", "the last of these years"),
            "name_1": Column("any", "name of the first state"),
            "name_2": Column("any", "name of the second state"),
        },
        key=("ccode1", "ccode2"),
    ),
    "raw_risk": FrameSchema(
        "raw risks",
        {
            "claim": text("the claim"),
            "sample": SAMPLE,
            "treated": Column("int64", "1 with the treatment, 0 without", allowed=(0, 1)),
            "dyad_years": count("dyad-years at risk"),
            "dyads": count("their dyads"),
            "onsets": count("their onsets"),
            "half_dyads": count("the fewest dyads that have half of the onsets"),
            "risk": number("onsets per dyad-year", high=1),
            "conf_low": number("95 % interval, lower end", high=1),
            "conf_high": number("95 % interval, upper end", high=1),
            "ratio": number("risk with the treatment over risk without"),
        },
        key=("claim", "sample", "treated"),
    ),
}
"""What is described of a panel, by name."""


def sample_flow(panel: pd.DataFrame, samples: Sequence[Sample]) -> pd.DataFrame:
    """One row per sample: dyad-years, dyads, disputes, exercises and how often exercises switch on and off.

    A switch compares two adjacent years of a dyad, both in the sample. `onset_after_dispute` counts onsets in the
    year after one with a dispute, in the sample or out of it then. What the panel has no variable for is missing.
    """
    panel = _widened(panel)
    fought = lag(panel, "ongoing_gml", 1) == 1
    rows = []
    for sample in samples:
        inside = in_sample(panel, sample)
        part = panel[inside]
        now, earlier = part["exercise_any"], lag(part, "exercise_any", 1)
        rows.append(
            {
                "sample": sample.name,
                "label": sample.label,
                "dyad_years": len(part),
                "dyads": len(part[_unit(panel)].drop_duplicates()),
                **{name: _times(part[variable]) for name, variable in FLOW.items()},
                "onset_after_dispute": _times((part["new_gml"] == 1).where(part["new_gml"].notna()) * fought[inside]),
                "switches_on": _times(((earlier == 0) & (now == 1)).where(now.notna())),
                "switches_off": _times(((earlier == 1) & (now == 0)).where(now.notna())),
                **{f"{name}_share": float(part[name].mean()) for name in ("exercise_any", "exercise_bilateral")},
            }
        )
    return pd.DataFrame(rows)[list(SCHEMAS["sample_flow"].columns)]


def descriptives(
    panel: pd.DataFrame,
    samples: Sequence[Sample],
    claims: Sequence[Claim],
    controls: Mapping[str, Control],
    codebook: pd.DataFrame,
) -> pd.DataFrame:
    """Number, mean, spread and range of every variable that a model uses, by sample."""
    used = [*OUTCOMES, *(c.treatment for c in claims), *(controls[k].variable for c in claims for k in c.controls)]
    described = codebook.set_index("variable")[["label", "unit"]]
    rows: list[tuple[Any, ...]] = []
    for sample in samples:
        part = panel[in_sample(panel, sample)]
        for name in (n for n in dict.fromkeys(used) if n in panel):
            column = part[name]
            counts = (column.notna().sum(), column.isna().sum())
            moments = (column.mean(), column.std(), column.min(), column.max())
            rows.append((sample.name, name, *described.loc[name], *counts, *map(float, moments)))
    return SCHEMAS["descriptives"].frame(rows)


def timeline(panel: pd.DataFrame, samples: Sequence[Sample], exercises: pd.DataFrame) -> pd.DataFrame:
    """Disputes and joint exercises by year and sample; missing in years that their source does not cover.

    An exercise is joint if at least two of its participants are known states; one that runs over New Year counts in
    both years. `mean_participants` counts known states.
    """
    panel = _widened(panel)
    sizes = exercises.groupby(["year", "exercise"]).size()
    size = sizes[sizes > 1].groupby("year").agg(exercises="size", participants="sum")
    frames = []
    for sample in samples:
        part = panel[in_sample(panel, sample)]
        by_year = part.groupby("year")[list(COUNTED.values())].sum(min_count=1)
        by_year.columns = list(COUNTED)
        by_year.insert(0, "dyad_years", part.groupby("year").size())
        frames.append(by_year.assign(sample=sample.name).reset_index())
    joined = pd.concat(frames, ignore_index=True).merge(size, left_on="year", right_index=True, how="left")
    joined["exercises"] = joined["exercises"].fillna(0).where(joined["exercise_dyads"].notna())
    whole = [c for c in (*COUNTED, "exercises") if joined[c].notna().all()]
    joined = joined.astype(dict.fromkeys(whole, "int64"))
    joined["mean_participants"] = joined["participants"] / joined["exercises"].where(joined["exercises"] > 0)
    return joined.drop(columns="participants")


def partners(panel: pd.DataFrame, states: pd.DataFrame) -> pd.DataFrame:
    """Dyads that ever trained together: in how many years, and how many of these bilaterally; no rows of states."""
    panel, key = _widened(panel), list(SCHEMAS["partners"].key)
    if _unit(panel) != key:
        return SCHEMAS["partners"].empty()
    # Of a directed panel, one direction: to exercise together has none.
    both = panel["in_window"] & (panel["exercise_any"] == 1) & (panel["ccode1"] < panel["ccode2"])
    frame = (
        panel[both]
        .groupby(key, as_index=False)
        .agg(
            exercise_years=("year", "size"),
            bilateral_years=("exercise_bilateral", "sum"),
            first_year=("year", "min"),
            last_year=("year", "max"),
        )
    )
    names = states[states["status"] == "member"].drop_duplicates("ccode", keep="last").set_index("ccode")["name"]
    frame["bilateral_years"] = frame["bilateral_years"].astype("int64")
    return frame.assign(name_1=frame["ccode1"].map(names), name_2=frame["ccode2"].map(names))


def raw_risk(panel: pd.DataFrame, samples: Sequence[Sample], claims: Sequence[Claim]) -> pd.DataFrame:
    """Onset risk among dyads at risk, with and without the treatment, with Wilson intervals.

    The treatment is that of the dyad so many years before, in the sample or out of it then. `half_dyads` is the
    smallest number of dyads that have half of the onsets between them.
    """
    rows = []
    for claim in claims:
        treatment = lag(panel, claim.treatment, claim.lag)
        outcome = panel[claim.outcome]
        for sample in samples:
            usable = in_sample(panel, sample) & outcome.notna() & treatment.notna()
            for treated in (0, 1):
                arm = panel.loc[usable & ((treatment > 0) == bool(treated)), [*_unit(panel), claim.outcome]]
                rows.append({"claim": claim.id, "sample": sample.name, "treated": treated, **_arm(arm)})
    frame = pd.DataFrame(rows)
    without, with_it = (frame.loc[frame["treated"] == t, "risk"].to_numpy() for t in (0, 1))
    ratio = np.divide(with_it, without, out=np.full(len(with_it), np.nan), where=without > 0)
    return frame.assign(ratio=np.repeat(ratio, 2))


def _unit(panel: pd.DataFrame) -> list[str]:
    """Columns of the dyad, or of the state where these are the unit."""
    return list(dict.fromkeys(sides_of(panel)))


def _arm(rows: pd.DataFrame) -> dict[str, float]:
    """Size, risk and concentration of one arm of a comparison: columns of the unit, then the outcome."""
    *unit, outcome = rows.columns
    by_dyad = rows.groupby(unit)[outcome].sum().sort_values(ascending=False).cumsum()
    onsets, n = int(rows[outcome].sum()), len(rows)
    # Wilson's interval (1927) takes rows for independent.
    low, high = scipy.stats.binomtest(onsets, n).proportion_ci(LEVEL, method="wilson") if n else (math.nan, math.nan)
    return {
        "dyad_years": n,
        "dyads": len(by_dyad),
        "onsets": onsets,
        "half_dyads": int((by_dyad < onsets / 2).sum()) + 1 if onsets else 0,
        "risk": onsets / n if n else math.nan,
        "conf_low": float(low),
        "conf_high": float(high),
    }


def _widened(panel: pd.DataFrame) -> pd.DataFrame:
    """The panel with a column for everything that is counted, missing where it has none."""
    lacking = [name for name in FLOW.values() if name not in panel]
    return panel.assign(**dict.fromkeys(lacking, math.nan)) if lacking else panel


def _times(column: pd.Series) -> float:
    """How often it is 1; missing where it never has a value."""
    return int((column == 1).sum()) if column.notna().any() or not len(column) else math.nan
