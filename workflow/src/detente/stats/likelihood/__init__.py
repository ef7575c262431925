"""Estimators by maximum likelihood, with and without penalties or fixed effects.

Each is declared by one decorator and found by the registry. What they share, Newton's method and the likelihoods of
index models, is offered to models of published tables and to many specifications at once.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.stats.likelihood.binary import LOGIT, PROBIT, likelihood
    from detente.stats.likelihood.counts import nb2
    from detente.stats.likelihood.firth import penalised_fall, profile_interval
    from detente.stats.likelihood.many import logit_models
    from detente.stats.likelihood.maximum import Point, Search, newton
    from detente.stats.linear.regressors import Stalled

__all__ = [
    "LOGIT", "PROBIT", "Point", "Search", "Stalled", "likelihood", "logit_models", "nb2", "newton", "penalised_fall",
    "profile_interval",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
