"""Estimators by maximum likelihood, with and without penalties or fixed effects, one file each.

Each is declared by one decorator and found by the registry. What they share, Newton's method, regressors with a
constant and the search for separation, is offered to models of published tables too.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.stats.likelihood import conditional, multinomial, negative_binomial, ordered
    from detente.stats.likelihood.binary import LOGIT, PROBIT, likelihood
    from detente.stats.likelihood.firth import penalised_fall, profile_interval
    from detente.stats.likelihood.many import logit_models
    from detente.stats.likelihood.maximum import Point, binary_outcome, newton
    from detente.stats.likelihood.rare_events import outcome_weights

__all__ = [
    "LOGIT",
    "PROBIT",
    "Point",
    "binary_outcome",
    "conditional",
    "likelihood",
    "logit_models",
    "multinomial",
    "negative_binomial",
    "newton",
    "ordered",
    "outcome_weights",
    "penalised_fall",
    "profile_interval",
]
__getattr__, __dir__ = on_demand(__name__)
