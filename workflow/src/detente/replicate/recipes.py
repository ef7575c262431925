"""What Stata, R and Zelig do beside the estimate, in one place: `recipe: stata` of a model.

The table of docs/replicate-a-table.md is made from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Software = Literal["stata", "r", "zelig"]


@dataclass(frozen=True)
class Recipe:
    """What software does.

    `ssc` its small-sample correction. `options` of estimators, by their names. `perfect` whether rows of a level of a
    regressor with two levels, in which a binary outcome does not vary, are left out with the regressor, as are
    regressors that do not vary. Every one of them omits regressors that depend on those before them.
    """

    ssc: str
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    perfect: bool = False


RECIPES: Mapping[str, Recipe] = {
    "stata": Recipe("stata", {"gee": {"convention": "stata"}, "king_zeng": {"convention": "stata"}}, perfect=True),
    "r": Recipe("r-sandwich"),
    "zelig": Recipe("r-sandwich", {"king_zeng": {"convention": "zelig"}}),
}


def documented() -> str:
    """The recipes as a Markdown table, which stands in `docs/replicate-a-table.md`."""
    lines = ["| `recipe` | `ssc` if none is given | options if none are given | leaves out |", "|---|---|---|---|"]
    for name, recipe in RECIPES.items():
        options = "; ".join(
            f"`{estimator}`: {', '.join(f'`{option}: {value}`' for option, value in given.items())}"
            for estimator, given in recipe.options.items()
        )
        left = "regressors that depend on those before them"
        left += ", perfect predictors of binary outcomes, with their rows" if recipe.perfect else ""
        left += ", groups of one row in `gee` with `working: ar1`" if "gee" in recipe.options else ""
        lines.append(f"| `{name}` | `{recipe.ssc}` | {options or '–'} | {left} |")
    return "\n".join(lines)
