"""Notes that tables of estimates share: how standard errors were made, what does not exist and why, few switchers."""

import re
from collections.abc import Iterable

import pandas as pd

from detente.base.numerics import LEVEL, POWER
from detente.base.wording import lower_first
from detente.report.evidence import Evidence
from detente.report.formats import INTERVAL, count, percent, scientific
from detente.report.labels import estimator_label, gathered, listed
from detente.report.models import FEW_SWITCHERS, Cell, entries

NOT_ESTIMABLE = "n.e."
DEGREES = "degrees of freedom of the effect's t distribution, by Satterthwaite's approximation where errors are dyadic"
MDE = f"MDE: minimum detectable effect, found {percent(POWER)} of the time by a t test with these degrees of freedom."


def verdict_rule(evidence: Evidence) -> str:
    """How the verdicts of a table follow from its numbers."""
    share, alpha = percent(evidence.project.claims.smallest_effect), percent(1 - LEVEL)
    return (
        f"Verdict: negligible if two one-sided tests at {alpha} reject effects as large as {share} of base risk; else "
        f"lowers or raises if the {INTERVAL} excludes zero; else inconclusive."
    )


def few_switchers(evidence: Evidence, models: list[Cell]) -> list[str]:
    """Warn of models with dyad effects that are identified from very few dyads, claim by claim."""
    few = (m for m in models if m.few_switchers and estimator_label(m.estimator).within)
    switching = gathered((column_of(evidence, m), m.switching_dyads) for m in few)
    found = [f"{name} ({listed(str(n) for n in dict.fromkeys(counts))})" for name, counts in switching.items()]
    warning = f"Fewer than {FEW_SWITCHERS} dyads switch, so that one of them can decide the estimate"
    return [f"{evidence.said(warning)}: {'; '.join(found)}."] if found else []


def failure_notes(evidence: Evidence, models: list[Cell]) -> list[str]:
    """Say which numbers do not exist, and why; models that share the reason together."""

    def lost(m: Cell) -> str:
        return "No risk ratio" if m.estimated else "No effect on risk" if m.fitted else "not estimable"

    failed = (m for m in models if m.failure)
    found = gathered(((lost(m), m.message.rstrip(".")), column_of(evidence, m, m.sample_label)) for m in failed)
    marks = {"not estimable": f"{NOT_ESTIMABLE}, ", "No effect on risk": f"{NOT_ESTIMABLE}: "}
    return [f"{marks.get(what, '')}{what}: {'; '.join(where)}: {why}." for (what, why), where in found.items()]


def column_of(evidence: Evidence, model: Cell, sample: str = "") -> str:
    """Name a model by claim, sample where it is given, and estimator."""
    claim = evidence.project.claims.claims[model.claim].label
    return ", ".join(filter(None, (claim, lower_first(sample), estimator_label(model.estimator).short)))


_NUMBER = re.compile(r"\d+")


def error_notes(evidence: Evidence, samples: Iterable[str], marks: tuple[str, str]) -> tuple[str, ...]:
    """One sentence a covariance, on every estimator in `samples`, and one on agreement with reference fits.

    `marks` says where the table shows the headline standard error and where the one beside it.
    """
    frame = evidence.estimates[evidence.estimates["sample"].isin(list(samples))]
    sentences = [
        f"{mark[:1].upper()}{mark[1:]}: {_by_estimator(evidence, frame[frame['vcov'] == name])}."
        for mark, name in zip(marks, (evidence.vcov, evidence.beside), strict=True)
        if (frame["vcov"] == name).any()
    ]
    return (*sentences, *_references(frame))


def merged(texts: Iterable[str]) -> list[str]:
    """Texts that differ in whole numbers alone become one, with the range: "t with 186–190 df"."""
    groups = gathered((_NUMBER.sub("\0", text), [int(n) for n in _NUMBER.findall(text)]) for text in texts)
    return [_filled(pattern, numbers) for pattern, numbers in groups.items()]


def _filled(pattern: str, numbers: list[list[int]]) -> str:
    for low, high in ((min(values), max(values)) for values in zip(*numbers, strict=True)):
        pattern = pattern.replace("\0", count(low) if low == high else f"{count(low)}–{count(high)}", 1)
    return pattern


def _by_estimator(evidence: Evidence, frame: pd.DataFrame) -> str:
    own = {e: merged(frame.loc[frame["estimator"] == e, "ssc"].drop_duplicates()) for e in evidence.study.estimators}
    said = gathered(("; ".join(texts), estimator_label(e).short) for e, texts in own.items() if texts)
    parts = said if len(said) == 1 else (f"{listed(names)}: {text}" for text, names in said.items())
    return "; ".join(parts) + _repairs(frame)


def _repairs(frame: pd.DataFrame) -> str:
    """Say in how many models a covariance had to be repaired, how, and what that adds to the error of an effect."""
    models = frame[frame["quantity"] == "average_marginal_effect"]
    said = []
    for repair, repaired in models[models["repair"].astype(str) != ""].groupby("repair", sort=True):
        added = float((repaired["std_error"] / repaired["std_error_unrepaired"] - 1).max())
        more = f"which adds at most {percent(added, 1)} to the standard error of an effect"
        said.append(f"; {repair} in {len(repaired)} of {len(models)} models, {more}")
    return "".join(said)


def _references(frame: pd.DataFrame) -> list[str]:
    checked = frame[frame["reference"].astype(str) != ""]
    gaps = checked.groupby(["estimator", "reference"])["reference_gap"].max().reset_index()
    said = [f"{estimator_label(g.estimator).short}, {g.reference}{_far(g.reference_gap)}" for g in entries(gaps)]
    return [f"Reference fits: {'; '.join(said)}."] if said else []


def _far(gap: float) -> str:
    return f" (largest relative gap of a coefficient {scientific(gap)})" if gap > 0 else ""
