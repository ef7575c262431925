"""Counts and raw risks of the panel, before any model."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd
from scipy import stats

from detente.base.lags import lag
from detente.base.numerics import LEVEL
from detente.study.config.claims import Claim, Control
from detente.study.config.samples import Sample
from detente.study.design.matrix import in_sample

DYAD = ["ccode1", "ccode2"]
COUNTED = {"onsets": "new_gml", "ongoing": "ongoing_gml", "force_onsets": "force_gml", "exercise_dyads": "exercise_any"}
OUTCOMES = ("onset_gml", "onset_force_gml", "onset_fatal_gml", "onset_cow")
DESCRIBED = (*COUNTED.values(), "new_cow", "fatal_gml", "exercise_bilateral")


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
                "dyads": len(part[DYAD].drop_duplicates()),
                "onset_gml": _count(part["new_gml"]),
                "onset_cow": _count(part["new_cow"]),
                "onset_after_dispute": _count((part["new_gml"] == 1).where(part["new_gml"].notna()) * fought[inside]),
                "ongoing_gml": _count(part["ongoing_gml"]),
                "force_onset": _count(part["force_gml"]),
                "fatal_onset": _count(part["fatal_gml"]),
                "exercise_any": _count(now),
                "exercise_bilateral": _count(part["exercise_bilateral"]),
                "switches_on": _count(((earlier == 0) & (now == 1)).where(now.notna())),
                "switches_off": _count(((earlier == 1) & (now == 0)).where(now.notna())),
                "exercise_any_share": float(now.mean()),
                "exercise_bilateral_share": float(part["exercise_bilateral"].mean()),
            }
        )
    return pd.DataFrame(rows)


def descriptives(
    panel: pd.DataFrame,
    samples: Sequence[Sample],
    claims: Sequence[Claim],
    controls: Mapping[str, Control],
    codebook: pd.DataFrame,
) -> pd.DataFrame:
    """Number, mean, spread and range of every variable that a model uses, by sample."""
    used = [*OUTCOMES, *(c.treatment for c in claims), *(controls[k].variable for c in claims for k in c.controls)]
    described = codebook.set_index("variable")
    rows = []
    for sample in samples:
        part = panel[in_sample(panel, sample)]
        for name in (n for n in dict.fromkeys(used) if n in panel):
            column = part[name]
            rows.append(
                {
                    "sample": sample.name,
                    "variable": name,
                    "label": described.loc[name, "label"],
                    "unit": described.loc[name, "unit"],
                    "nobs": int(column.notna().sum()),
                    "missing": int(column.isna().sum()),
                    "mean": float(column.mean()),
                    "sd": float(column.std()),
                    "min": float(column.min()),
                    "max": float(column.max()),
                }
            )
    return pd.DataFrame(rows)


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
    """Dyads that ever trained together: in how many years, and how many of these bilaterally."""
    panel = _widened(panel)
    # Of a directed panel, one direction: to exercise together has none.
    both = panel["in_window"] & (panel["exercise_any"] == 1) & (panel["ccode1"] < panel["ccode2"])
    frame = (
        panel[both]
        .groupby(DYAD, as_index=False)
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
            arms = {
                treated: panel.loc[usable & ((treatment > 0) == bool(treated)), [*DYAD, claim.outcome]]
                for treated in (0, 1)
            }
            ratio = _ratio({t: (len(arm), int(arm[claim.outcome].sum())) for t, arm in arms.items()})
            rows += [
                {"claim": claim.id, "sample": sample.name, "treated": t, **_arm(arm, claim.outcome), "ratio": ratio}
                for t, arm in arms.items()
            ]
    return pd.DataFrame(rows)


def _arm(rows: pd.DataFrame, outcome: str) -> dict[str, float]:
    """Size, risk and concentration of one arm of a comparison."""
    by_dyad = rows.groupby(DYAD)[outcome].sum().sort_values(ascending=False).cumsum()
    onsets = int(rows[outcome].sum())
    return {
        "dyad_years": len(rows),
        "dyads": len(by_dyad),
        "onsets": onsets,
        "half_dyads": int((by_dyad < onsets / 2).sum()) + 1 if onsets else 0,
        **_wilson(onsets, len(rows)),
    }


def _widened(panel: pd.DataFrame) -> pd.DataFrame:
    """The panel with a column for everything that is counted, missing where it has none."""
    lacking = [name for name in DESCRIBED if name not in panel]
    return panel.assign(**dict.fromkeys(lacking, math.nan)) if lacking else panel


def _count(column: pd.Series) -> float:
    """How often it is 1; missing where it never has a value."""
    return int((column == 1).sum()) if column.notna().any() or not len(column) else math.nan


def _ratio(risks: Mapping[int, tuple[int, int]]) -> float:
    (n0, k0), (n1, k1) = risks[0], risks[1]
    return (k1 / n1) / (k0 / n0) if n0 and n1 and k0 else float("nan")


def _wilson(k: int, n: int) -> dict[str, float]:
    """Risk and its interval (Wilson 1927), which takes rows for independent."""
    if n == 0:
        return {"risk": float("nan"), "conf_low": float("nan"), "conf_high": float("nan")}
    low, high = stats.binomtest(k, n).proportion_ci(LEVEL, method="wilson")
    return {"risk": k / n, "conf_low": float(low), "conf_high": float(high)}
