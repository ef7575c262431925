"""Users' studies whose text must be true of them, with made-up frames."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from detente.replicate import PUBLISHED
from detente.report import Evidence
from detente.study.config.project import load_project
from detente.study.described import FINDINGS, SERIES
from detente.study.robustness.deciding import DECIDING
from detente.study.robustness.kad_frame import KADS, LABELS
from detente.study.verdicts import POOLED, POOLED_CLAIMS, ledger

from support import exhibit_fixtures as made
from support.compared import designs

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
        multiverse=pd.DataFrame([(claim, "") for claim in study.examined], columns=["claim", "error"])
        .assign(**study.headline_options),
        influence=pd.DataFrame([(c, k, "x", 0.1, False) for c in study.examined for k in kinds],
                               columns=["claim", "kind", "left_out", "change_se", "flips"]),
        designs=pd.concat([designs(claim) for claim in study.examined], ignore_index=True),
        kads=kads(study.examined),
        published=published(study.examined),
        findings=FINDINGS.empty(),
        series=SERIES.empty(),
        **dict(zip(("pooled", "pooled_claims"), pooled(study), strict=True)),
        deciding=pd.concat([deciding(claim) for claim in study.examined], ignore_index=True),
    )  # fmt: skip


def published(claims: Iterable[str]) -> pd.DataFrame:
    """What two studies found on defence pacts: one whose model was estimated on the panel, one whose has none."""
    words = {name: "" for name, column in PUBLISHED.columns.items() if column.dtype == "str"}
    common = words | {"claim": "defence_pact", "citation": "Somebody, A. B. and Other, C. (2001), A study, Journal 1"}
    estimated = {"id": "first", "model": "Table 1", "term": "allies", "read_in": "p. 7", "printed_estimate": "-.341",
                 "printed_std_error": ".175", "printed_p": 0.051, "panel_outcome": "onset_gml", "estimator": "logit",
                 "panel_term": "lag(defence_pact, 1)", "panel_estimator": "logit", "panel_vcov": "dyad",
                 "estimate": -0.2317, "std_error": 0.161, "p_value": 0.15, "dyadic_std_error": 0.1857,
                 "dyadic_p": 0.226, "dyadic_df": 19.2, "conf_low": -0.62, "conf_high": 0.156, "nobs": 25771,
                 "events": 724, "first": 1951, "last": 1985, "departs": "no trade"}  # fmt: skip
    without = {
        "id": "second",
        "model": "Table 2",
        "term": "pacts",
        "printed_estimate": "0.1",
        "failure": "it is of months",
    }
    made = PUBLISHED.validated(PUBLISHED.frame([common | estimated, common | without]))
    return made[made["claim"].isin(list(claims))].reset_index(drop=True)


def pooled(study: Evidence) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every claim of the study's first pooled family, drawn to a mean of −10 % of base risk; others are not pooled."""
    family = next(iter(study.traits.families), "")
    row = {"family": family, "estimates": 3, "mean": -0.1, "std_error": 0.05, "df": 2.0, "conf_low": -0.32,
           "conf_high": 0.12, "tau": 0.04, "tau_low": 0.0, "tau_high": 0.31, "i2": 0.2, "q": 2.1, "q_p": 0.35,
           "correlation": 0.11, "kept": 0.83}  # fmt: skip
    numbers = {"estimate": -0.2, "std_error": 0.1, "conf_low": -0.4, "conf_high": 0.0, "drawn": -0.12,
               "drawn_low": -0.3, "drawn_high": 0.06, "weight": 1 / 3, "reason": ""}  # fmt: skip
    claims = [
        {"claim": c.id, "family": c.family, "reason": "its headline has no interval"}
        | (numbers if c.family == family else {})
        for c in study.project.examined(study.study)
    ]
    return POOLED.validated(POOLED.frame([row] if family else [])), POOLED_CLAIMS.validated(POOLED_CLAIMS.frame(claims))


def deciding(claim: str) -> pd.DataFrame:
    """What would decide a claim: twice the years, six times the states; no number of dyads."""
    common = {"mde": 0.02, "smallest_effect": 0.01, "basis": "derived", "limit": ""}
    rows = [
        {"resource": "years", "have": 31, "multiple": 2.0},
        {"resource": "dyads", "have": 250, "limit": "what the dyads of a state share does not shrink"},
        {"resource": "states", "have": 60, "multiple": 6.0},
        {"resource": "onsets", "have": 920, "multiple": 1.5},
    ]
    return DECIDING.validated(DECIDING.frame(common | row for row in rows)).assign(claim=claim)


def kads(claims: Iterable[str]) -> pd.DataFrame:
    """Joint exercises by their k-ads: every row has an estimate but the number of onsets, one has few df."""
    rows = [
        {"model": model, "scale": scale, "label": label, "estimate": -0.002, "std_error": 0.001, "df": 6.0,
         "p_value": 0.09, "conf_low": -0.0045, "conf_high": 0.0005, "vcov": "kadic", "kads": 1213, "compared": 4866,
         "left_out": 78, "pairs": 5038, "onsets": 376, "states": 60, "failure": "", "notes": ""}
        for model, scale in LABELS for label in (LABELS[model, scale],)
    ]  # fmt: skip
    frame = KADS.frame(rows)
    numbers = [name for name, column in KADS.columns.items() if column.dtype == "float64"]
    counted = (frame["model"] == "kads") & (frame["scale"] == "kads")
    frame.loc[counted, numbers] = math.nan
    frame.loc[counted, "failure"] = "the kadic covariance leaves no variance"
    frame.loc[frame["model"] == "expanded", "df"] = 1.3
    made = KADS.validated(frame).assign(claim="exercise")
    return made if "exercise" in set(claims) else made.iloc[:0]
