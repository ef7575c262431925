"""Rows and regressors that the software of a recipe leaves out of a model, with the reasons."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from detente.base.errors import EmptySample, RankDeficient
from detente.base.types import Array, Flags
from detente.replicate.recipes import RECIPES
from detente.replicate.schema import Model
from detente.stats import REGISTRY, ModelFrame, check_rank, subset

# Estimators of one probability.
BINARY = tuple(
    name for name, found in REGISTRY.items() if found.outcome == "binary" and "log_likelihood" in found.statistics
)


def as_software(design: ModelFrame, model: Model) -> ModelFrame:
    """The rows and regressors that the software of the recipe keeps; others are in the attrition.

    Raises EmptySample if every regressor predicts the outcome perfectly.
    """
    recipe = RECIPES.get(model.recipe or "")
    if recipe is None:
        return design
    if recipe.perfect and model.estimator in BINARY and not design.fixed_effects:
        design = _without_perfect(design)
    wanted = {*model.endogenous, *(name for value in model.options.values() for name in _words(value))}
    columns, why = without_collinear(design.x, design.terms, wanted)
    return _with_columns(design, columns, why)


def _words(value: Any) -> Iterator[str]:
    yield from [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else ()


def _without_perfect(design: ModelFrame) -> ModelFrame:
    kept, columns, why = without_perfect(design.y, design.x, design.terms)
    if design.terms and not columns:
        raise EmptySample(f"every regressor predicts the outcome perfectly: {'; '.join(each for each, _ in why)}")
    return _with_columns(subset(design, np.flatnonzero(kept)), columns, why)


def _with_columns(design: ModelFrame, columns: Collection[int], why: list[tuple[str, int]]) -> ModelFrame:
    terms = tuple(design.terms[i] for i in columns)
    return replace(design, x=design.x[:, list(columns)], terms=terms, attrition=(*design.attrition, *why))


def without_perfect(y: Array, x: Array, terms: tuple[str, ...]) -> tuple[Flags, tuple[int, ...], list[tuple[str, int]]]:
    """Rows (n,) and columns that Stata's logit keeps, and why rows are left out (`[R] logit`, "perfect predictors").

    y (n,) is 0 or 1, x (n, k) the regressors. Columns are looked at in their order, until nothing changes.
    """
    rows, columns, why = np.ones(len(y), dtype=bool), list(range(x.shape[1])), []
    changed = True
    while changed:
        changed = False
        for at in tuple(columns):
            levels = np.unique(x[rows, at])
            if len(levels) > 2:
                continue
            guilty = next((v for v in levels if len(np.unique(y[rows & (x[:, at] == v)])) == 1), None)
            if len(levels) == 2 and guilty is None:
                continue
            columns.remove(at)
            changed = True
            if len(levels) < 2:
                why.append((f"{terms[at]} does not vary: omitted", 0))
                continue
            out = rows & (x[:, at] == guilty)
            event = "success" if y[out][0] else "failure"
            why.append((f"{terms[at]} = {guilty:g} predicts {event} perfectly: omitted, with rows", int(out.sum())))
            rows &= ~out
    return rows, tuple(columns), why


def without_collinear(
    x: Array, terms: tuple[str, ...], wanted: Collection[str] = ()
) -> tuple[tuple[int, ...], list[tuple[str, int]]]:
    """Columns of x (n, k) that do not depend on the constant and those before them, and why others are omitted.

    Columns of `wanted` terms, which an option or instrument names, stay and are not looked at.
    """
    with_constant = np.column_stack([np.ones(len(x)), x])
    cross, names = with_constant.T @ with_constant, ("_cons", *terms)
    free = [i for i, term in enumerate(terms) if term not in wanted]
    if _full_rank(cross, names, [0, *(i + 1 for i in free)]):
        return tuple(range(len(terms))), []
    kept, why = [0], []
    for at in free:
        if _full_rank(cross, names, [*kept, at + 1]):
            kept.append(at + 1)
        else:
            why.append((f"{terms[at]} depends on the constant and regressors before it: omitted", 0))
    return tuple(i for i, term in enumerate(terms) if term in wanted or i + 1 in kept), why


def _full_rank(cross: Array, names: tuple[str, ...], columns: list[int]) -> bool:
    try:
        check_rank(cross[np.ix_(columns, columns)], [names[i] for i in columns])
    except RankDeficient:
        return False
    return True
