"""What the text says of claims by other designs, for treatments that switch."""

from typing import Any

import pandas as pd

from detente.base.wording import lower_first
from detente.report.formats import numbered, per_thousand, spelled
from detente.report.labels import listed
from detente.report.models import entries
from detente.report.switching import few_switches, placebos_differ
from detente.study.config import DesignName
from detente.study.robustness import DESIGNS


def design_numbers(frame: pd.DataFrame, headline: float) -> dict[str, Any]:
    """How many designs a claim asks for, has, and what those that estimate the effect or its remains find.

    `frame`: rows of the frame `designs` of the claim; `headline`: its estimate, NaN if there is none.
    """
    sign = frame["design"].map(lambda name: DESIGNS[name].sign).astype("int64")
    estimated, tested = frame["estimate"].notna(), frame["placebo_p"].notna()
    effects, apart = estimated & (sign != 0), (frame["conf_low"] > 0) | (frame["conf_high"] < 0)
    remaining = estimated & (sign == 0) & frame["p_value"].notna()
    counts = {
        "asked": len(frame),
        "estimated": estimated.sum(),
        "effects": effects.sum(),
        "same": (effects & (frame["estimate"] * sign * headline > 0)).sum(),
        "apart": (effects & apart).sum(),
        "tested": tested.sum(),
        "rejected": (tested & placebos_differ(frame)).sum(),
        "remaining": remaining.sum(),
    }
    return numbered(counts, spelled) | {"remains": bool((remaining & apart).any())}


def failing_designs(frame: pd.DataFrame) -> dict[str, str]:
    """Designs of a claim whose placebos differ from zero, those with few switches, and average effects, in words."""
    named = {"rejected_by": placebos_differ(frame), "few": few_switches(frame)}
    shown = frame[frame["estimate"].notna()]
    effects = (f"{_called(r.design)} {per_thousand(r.estimate)}" for r in entries(shown))
    return {name: listed(map(_called, frame.loc[rows, "design"])) for name, rows in named.items()} | {
        "averages": "; ".join(effects)
    }


def _called(name: DesignName) -> str:
    design = DESIGNS[name]
    return lower_first(design.short) + (" (ends)" if design.since == "end" else "")
