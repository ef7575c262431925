"""Estimators that published tables use and no study here does, each declared once: `OWN` has them by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from detente.replicate import durations, estimators, overdispersed, zero_inflated
from detente.stats import Solution

Kind = Literal["any", "binary", "count", "duration"]


@dataclass(frozen=True)
class Own:
    """`fit` takes a model frame, its options by keyword, and weights (n,) if it is `weighted`.

    `outcome` is what it models; `grouped` whether it needs one factor, the groups of rows that belong together;
    `example` the keys of a model that it cannot do without, such as options, over regressors x and z and one more, w.
    """

    fit: Callable[..., Solution]
    outcome: Kind = "any"
    grouped: bool = False
    weighted: bool = False
    example: Mapping[str, Any] = field(default_factory=dict)


_TWO_EQUATIONS = {"options": {"inflate": ["w"], "count": ["x"]}, "terms": ["x", "z", "w"]}
OWN: dict[str, Own] = {
    "wls": Own(estimators.wls, weighted=True),
    "within": Own(estimators.within, grouped=True, weighted=True),
    "between": Own(estimators.between, grouped=True, weighted=True),
    "random_effects": Own(estimators.random_effects, grouped=True, weighted=True),
    "probit_re": Own(estimators.probit_re, outcome="binary", grouped=True),
    "negbin_given": Own(overdispersed.negbin_given, outcome="count", example={"options": {"theta": 2.0}}),
    "describe": Own(estimators.describe, example={"terms": []}),
    "zip": Own(zero_inflated.zip_, outcome="count", example=_TWO_EQUATIONS),
    "zinb": Own(zero_inflated.zinb, outcome="count", example=_TWO_EQUATIONS),
    "cox": Own(durations.cox, outcome="duration"),
    "weibull": Own(durations.weibull, outcome="duration"),
}
WEIGHTED = tuple(name for name, found in OWN.items() if found.weighted)
"""Those that take analytic weights."""
