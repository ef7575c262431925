"""What Stata, R and Zelig do beside the estimate, in one place: `recipe: stata` of a model.

The table of docs/replicate-a-table.md is made from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from detente.base.types import Array, Flags

Software = Literal["stata", "r", "zelig"]


@dataclass(frozen=True)
class Recipe:
    """What software does.

    `ssc` its small-sample correction. `options` of estimators, by their names. `perfect` whether rows of a level of a
    regressor with two levels, in which a binary outcome does not vary, are left out with the regressor, as are
    regressors that do not vary.
    """

    ssc: str
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    perfect: bool = False


RECIPES: Mapping[str, Recipe] = {
    "stata": Recipe("stata", {"gee": {"convention": "stata"}, "king_zeng": {"convention": "stata"}}, perfect=True),
    "r": Recipe("r-sandwich"),
    "zelig": Recipe("r-sandwich", {"king_zeng": {"convention": "zelig"}}),
}


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


def documented() -> str:
    """The recipes as a Markdown table, which stands in `docs/replicate-a-table.md`."""
    lines = ["| `recipe` | `ssc` if none is given | options if none are given | leaves out |", "|---|---|---|---|"]
    for name, recipe in RECIPES.items():
        options = "; ".join(
            f"`{estimator}`: {', '.join(f'`{option}: {value}`' for option, value in given.items())}"
            for estimator, given in recipe.options.items()
        )
        left = "perfect predictors of binary outcomes, with their rows" if recipe.perfect else "–"
        left += ", groups of one row in `gee` with `working: ar1`" if "gee" in recipe.options else ""
        lines.append(f"| `{name}` | `{recipe.ssc}` | {options or '–'} | {left} |")
    return "\n".join(lines)
