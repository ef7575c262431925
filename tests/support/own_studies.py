"""Users' studies whose text must be true of them, with made-up frames."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd

from detente.report import Evidence
from detente.study.config.project import load_project
from detente.study.robustness import DESIGNS
from detente.study.robustness.frames import DESIGN_EFFECTS, DESIGNS_COMPARED
from detente.study.verdicts import ledger

from support import exhibit_fixtures as made

MINE = "extends: paper\nname: mine\nclaims: [exercise]\nsamples: [relevant]\nwindow: [1990, 2010]\n"
SOURCES = "cow-state-system, cow-contiguity-3.2, distance, gml-mid, mid-5.0, atop, nmc, democracy-cow, rivalry"
ALLIANCES = f"extends: paper\nname: alliances\nclaims: [defence_pact]\nsources: [{SOURCES}]\n"
DIRECTED = "extends: paper\nname: directed\nclaims: [alliance_deters]\nabstract: Pacts deter.\n"
WIDER = "extends: demo\nname: wider\nexamined: [exercise]\n"
SIMULATED = "extends: demo\nname: simulated\nclaims: [defence_pact]\nestimators: [lpm]\n"


def evidence(folder: Path, text: str) -> Evidence:
    """A study of its own file, with made-up frames cut to what it has."""
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    project = load_project(made.ROOT, path)
    name = text.split("name: ")[1].split("\n", maxsplit=1)[0]
    study = project.study(name)
    frames = made.frames()
    if not set(study.claims) <= set(made.SHAPES):
        frames = {k: f.replace({"claim": {"exercise": study.claims[0]}}) for k, f in frames.items()}
    if "mme" not in study.sources:
        del frames["partners"]
        gone = r"exercise|switches|participants"
        for name in ("sample_flow", "timeline"):
            lost = [column for column in frames[name] if re.search(gone, column)]
            frames[name] = frames[name].assign(**dict.fromkeys(lost, math.nan))
    for key, values in (("sample", study.samples), ("claim", study.claims), ("estimator", study.estimators)):
        frames = {k: f[f[key].isin(values)] if key in f and k != "coverage" else f for k, f in frames.items()}
    return Evidence(project, study, {k: f.reset_index(drop=True) for k, f in frames.items()})


TESTED = {
    "estimate": -0.004, "std_error": 0.0018, "conf_low": -0.008, "conf_high": -0.001,
    "mean_risk": 0.02, "treated_risk": 0.016, "base_risk": 0.02, "difference_error": 0.0022,
    "smallest_effect": 0.004, "estimate_share": -0.2, "mde_share": 0.3, "verdict": "lowers", "strength": "fragile",
    "answer": "supported", "reasons": "", "registration": "registered before estimation",
    "equivalent_specifications": 3.0,
    "share_with_sign": 0.9, "share_powered": 0.5, "share_powered_with_sign": 0.9, "p_joint": 0.03,
    "joint_specifications": 3.0, "joint_scheme": "alliances of a dyad", "robustness_value": 0.01, "p_family": 0.02,
}  # fmt: skip


def robustness(study: Evidence, **changes: object) -> Evidence:
    """The study with frames of its robustness: every claim that it examines lowers the risk, unless that is changed."""
    frame = ledger(study.project.claims, study.study.headline, {}, {})
    examined = frame["claim"].isin(list(study.examined))
    frame = frame.astype(dict.fromkeys(frame, object))
    for name, value in (TESTED | changes).items():
        frame.loc[examined, name] = value
    kinds = ["state", "region", "era", *(["series"] if study.traits.exercises else [])]
    return study.with_frames(
        ledger=frame.infer_objects(),
        multiverse=pd.DataFrame([(claim, "") for claim in study.examined], columns=["claim", "error"]),
        influence=pd.DataFrame([(c, k, "x", 0.1, False) for c in study.examined for k in kinds],
                               columns=["claim", "kind", "left_out", "change_se", "flips"]),
        designs=pd.concat([designs(claim) for claim in study.examined], ignore_index=True),
    )  # fmt: skip


def designs(claim: str = "exercise") -> pd.DataFrame:
    """A claim by every design: starts lower the risk, ends leave nothing, two do not exist, one has no error."""
    frame = DESIGNS_COMPARED.frame(
        {"design": name, "label": design.label, "since": design.since, "estimand": "ATT", "vcov": "dyadic",
         "estimate": -0.002 * design.sign, "std_error": 0.001, "df": 9.0, "p_value": 0.08, "conf_low": -0.0045,
         "conf_high": 0.0004, "placebo_f": 1.2, "placebo_p": 0.34, "switches": 1200, "fewest": 90, "controls": 5000,
         "failure": "", "notes": ""}
        for name, design in DESIGNS.items()
    )  # fmt: skip
    at = frame["design"]
    numbers = [name for name, column in DESIGNS_COMPARED.columns.items() if column.dtype == "float64"]
    lost = at.isin(["event_study", "staggered"])
    frame.loc[lost, numbers] = math.nan
    frame.loc[lost, "failure"] = "the treatment ends 4 times in 3 units; this design is for treatments that stay"
    frame.loc[at == "first_switches", ["std_error", "p_value", "conf_low", "conf_high"]] = math.nan
    frame.loc[at == "first_switches", "failure"] = "the dyadic covariance leaves the average effect no variance"
    frame.loc[at == "twfe", ["share_negative", "sum_negative"]] = (0.07, -0.011)
    frame.loc[at.isin(["twfe", "carry_over"]), ["placebo_f", "placebo_p"]] = math.nan
    frame.loc[at == "imputation", ["conf_high", "placebo_p"]] = (-0.0001, 0.01)
    return DESIGNS_COMPARED.validated(frame).assign(claim=claim)


def design_effects(claim: str = "exercise") -> pd.DataFrame:
    """Effects by year of three designs, one of them of ends, as `designs` has them."""
    rows = [
        {"design": name, "horizon": year, "estimate": 0.001 * year, "std_error": 0.002, "df": 9.0, "conf_low": -0.006,
         "conf_high": 0.006, "band_low": -0.009, "band_high": 0.009, "treated": 100 - year, "controls": 5000}
        for name in ("matching", "imputation", "matching_ends") for year in (-3, -2, *range(5))
    ]  # fmt: skip
    return DESIGN_EFFECTS.validated(DESIGN_EFFECTS.frame(rows)).assign(claim=claim)
