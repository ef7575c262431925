"""Users' studies whose text must be true of them, with made-up frames."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd

from detente.report import Evidence
from detente.study.config.project import load_project
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
    )  # fmt: skip
