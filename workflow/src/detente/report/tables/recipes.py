"""The recipe of every standard error, told once: clusters, correction, degrees of freedom, repair."""

import re
from collections.abc import Iterable

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.formats import count, percent, scientific
from detente.report.labels import estimator_label, listed

_NUMBER = re.compile(r"\d+")


def recipe_notes(evidence: Evidence, samples: Iterable[str], marks: tuple[str, str]) -> tuple[str, ...]:
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


def merged(recipes: Iterable[str]) -> list[str]:
    """Recipes that differ in whole numbers alone become one, with the range: "t with 186–190 df"."""
    groups: dict[str, list[list[int]]] = {}
    for recipe in recipes:
        numbers = [int(n) for n in _NUMBER.findall(recipe)]
        groups.setdefault(_NUMBER.sub("\0", recipe), []).append(numbers)
    return [_filled(pattern, numbers) for pattern, numbers in groups.items()]


def _filled(pattern: str, numbers: list[list[int]]) -> str:
    text = pattern
    for values in zip(*numbers, strict=True):
        low, high = min(values), max(values)
        text = text.replace("\0", count(low) if low == high else f"{count(low)}–{count(high)}", 1)
    return text


def _by_estimator(evidence: Evidence, frame: pd.DataFrame) -> str:
    told: dict[str, list[str]] = {}
    for estimator in evidence.study.estimators:
        recipes = merged(frame.loc[frame["estimator"] == estimator, "ssc"].drop_duplicates())
        if recipes:
            told.setdefault("; ".join(recipes), []).append(estimator_label(estimator).short)
    if len(told) == 1:
        return next(iter(told)) + _repairs(frame)
    return "; ".join(f"{listed(names)}: {recipe}" for recipe, names in told.items()) + _repairs(frame)


def _repairs(frame: pd.DataFrame) -> str:
    """Say in how many models a covariance had to be repaired, how, and what that adds to the error of an effect."""
    models = frame[frame["quantity"] == "average_marginal_effect"]
    told = []
    for repair, repaired in models[models["repair"].astype(str) != ""].groupby("repair", sort=True):
        added = float((repaired["std_error"] / repaired["std_error_unrepaired"] - 1).max())
        more = f"which adds at most {percent(added, 1)} to the standard error of an effect"
        told.append(f"; {repair} in {len(repaired)} of {len(models)} models, {more}")
    return "".join(told)


def _references(frame: pd.DataFrame) -> list[str]:
    """Say what each fit was checked against, and how far off the worst coefficient was."""
    checked = frame[frame["reference"].astype(str) != ""]
    gaps = checked.groupby("reference", sort=True)["reference_gap"].max()
    told = [
        f"{name} (largest relative gap of a coefficient {scientific(float(gap))})" if gap > 0 else str(name)
        for name, gap in gaps.items()
    ]
    return [f"Reference fits: {'; '.join(told)}."] if told else []
