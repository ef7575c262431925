"""Counts and raw risks of the panel, before any model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from detente.config import SAMPLE_LABELS, Claim, Control
from detente.design.matrix import in_sample, lag

COUNTED = {
    "onsets": "new_gml",
    "ongoing": "ongoing_gml",
    "force_onsets": "force_gml",
    "exercise_dyads": "exercise_any",
}
OUTCOMES = ("onset_gml", "onset_force_gml", "onset_fatal_gml", "onset_cow")


def sample_flow(panel: pd.DataFrame, samples: Sequence[str]) -> pd.DataFrame:
    """One row a sample: dyad-years, dyads, disputes, exercises and how often exercises switch on and off.

    A switch compares two adjacent years of a dyad, both in the sample.
    """
    rows = []
    for sample in samples:
        inside = in_sample(panel, sample)
        part = panel[inside]
        now, earlier = part["exercise_any"], lag(part, "exercise_any", 1)
        rows.append(
            {
                "sample": sample,
                "label": SAMPLE_LABELS[sample],
                "dyad_years": len(part),
                "dyads": len(part[["a", "b"]].drop_duplicates()),
                "onset_gml": _count(part["new_gml"]),
                "onset_cow": _count(part["new_cow"]),
                "ongoing_gml": _count(part["ongoing_gml"]),
                "force_onset": _count(part["force_gml"]),
                "fatal_onset": _count(part["fatal_gml"]),
                "exercise_any": _count(now),
                "exercise_bilateral": _count(part["exercise_bilateral"]),
                "switches_on": int(((earlier == 0) & (now == 1)).sum()),
                "switches_off": int(((earlier == 1) & (now == 0)).sum()),
                "exercise_any_share": float(now.mean()),
                "exercise_bilateral_share": float(part["exercise_bilateral"].mean()),
            }
        )
    return pd.DataFrame(rows)


def descriptives(
    panel: pd.DataFrame,
    samples: Sequence[str],
    claims: Sequence[Claim],
    controls: Mapping[str, Control],
    codebook: pd.DataFrame,
) -> pd.DataFrame:
    """Number, mean, spread and range of every variable that a model uses, by sample."""
    used = [
        *OUTCOMES,
        *(c.treatment for c in claims),
        *(controls[k].variable for c in claims for k in c.controls),
    ]
    described = codebook.set_index("variable")
    rows = []
    for sample in samples:
        part = panel[in_sample(panel, sample)]
        for name in dict.fromkeys(used):
            column = part[name]
            rows.append(
                {
                    "sample": sample,
                    "variable": name,
                    "label": described.loc[name, "label"],
                    "unit": described.loc[name, "unit"],
                    "n": int(column.notna().sum()),
                    "missing": int(column.isna().sum()),
                    "mean": float(column.mean()),
                    "sd": float(column.std()),
                    "min": float(column.min()),
                    "max": float(column.max()),
                }
            )
    return pd.DataFrame(rows)


def timeline(panel: pd.DataFrame, samples: Sequence[str], exercises: pd.DataFrame) -> pd.DataFrame:
    """Disputes and exercises by year and sample; missing in years that their source does not cover."""
    size = exercises.groupby("year").agg(exercises=("exercise", "nunique"), participants=("state", "size"))
    frames = []
    for sample in samples:
        part = panel[in_sample(panel, sample)]
        by_year = part.groupby("year")[list(COUNTED.values())].sum(min_count=1)
        by_year.columns = list(COUNTED)
        by_year.insert(0, "dyad_years", part.groupby("year").size())
        frames.append(by_year.assign(sample=sample).reset_index())
    joined = pd.concat(frames, ignore_index=True).merge(size, left_on="year", right_index=True, how="left")
    joined["exercises"] = joined["exercises"].fillna(0).where(joined["exercise_dyads"].notna())
    whole = [c for c in (*COUNTED, "exercises") if joined[c].notna().all()]
    joined = joined.astype(dict.fromkeys(whole, "int64"))
    joined["mean_participants"] = joined["participants"] / joined["exercises"].where(joined["exercises"] > 0)
    return joined.drop(columns="participants")


def partners(panel: pd.DataFrame, states: pd.DataFrame) -> pd.DataFrame:
    """Dyads that ever trained together: in how many years, and how many of these bilaterally."""
    together = panel[panel["in_window"] & (panel["exercise_any"] == 1)]
    frame = together.groupby(["a", "b"], as_index=False).agg(
        exercise_years=("year", "size"),
        bilateral_years=("exercise_bilateral", "sum"),
        first_year=("year", "min"),
        last_year=("year", "max"),
    )
    names = states[states["status"] == "member"].drop_duplicates("state", keep="last").set_index("state")["name"]
    frame["bilateral_years"] = frame["bilateral_years"].astype("int64")
    return frame.assign(name_a=frame["a"].map(names), name_b=frame["b"].map(names))


def raw_risk(panel: pd.DataFrame, samples: Sequence[str], claims: Sequence[Claim]) -> pd.DataFrame:
    """Onset risk among dyads at risk, with and without the treatment, with Wilson intervals."""
    rows = []
    for claim in claims:
        treatment = lag(panel, claim.treatment, claim.lag)
        outcome = panel[claim.outcome]
        for sample in samples:
            usable = in_sample(panel, sample) & outcome.notna() & treatment.notna()
            risks = {}
            for treated in (0, 1):
                y = outcome[usable & ((treatment[usable] > 0) == bool(treated)).reindex(panel.index, fill_value=False)]
                risks[treated] = (len(y), int(y.sum()))
            ratio = _ratio(risks)
            rows += [
                {
                    "claim": claim.id,
                    "sample": sample,
                    "treated": t,
                    "dyad_years": n,
                    "onsets": k,
                    **_wilson(k, n),
                    "ratio": ratio,
                }
                for t, (n, k) in risks.items()
            ]
    return pd.DataFrame(rows)


def _count(column: pd.Series) -> int:
    return int((column == 1).sum())


def _ratio(risks: Mapping[int, tuple[int, int]]) -> float:
    (n0, k0), (n1, k1) = risks[0], risks[1]
    return (k1 / n1) / (k0 / n0) if n0 and n1 and k0 else float("nan")


def _wilson(k: int, n: int) -> dict[str, float]:
    """Risk and its 95 % interval (Wilson 1927)."""
    if n == 0:
        return {"risk": float("nan"), "ci_low": float("nan"), "ci_high": float("nan")}
    z = float(stats.norm.ppf(0.975))
    centre = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * float(np.sqrt(k * (n - k) / n + z * z / 4))
    return {"risk": k / n, "ci_low": max(centre - half, 0.0), "ci_high": min(centre + half, 1.0)}
