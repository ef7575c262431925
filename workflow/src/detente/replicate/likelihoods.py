"""Log-likelihoods of fitted models, and of the same without regressors: what tables print below the coefficients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

from detente.base.errors import UnsupportedEstimator, choices
from detente.base.types import Array
from detente.replicate import random_probit
from detente.stats import get
from detente.stats.likelihood import conditional, multinomial, negative_binomial, ordered, outcome_weights

if TYPE_CHECKING:
    from detente.replicate.models import Fitted


def log_likelihood(fitted: Fitted) -> float:
    """Maximised log-likelihood of a model.

    Raises
    ------
    UnsupportedEstimator
        If the estimator maximises none.
    """
    return _of(fitted, _MAXIMISED)


def null_log_likelihood(fitted: Fitted) -> float:
    """The same with a constant (or cuts) alone; of conditional logit, with nothing."""
    return _of(fitted, _NULL)


def _of(fitted: Fitted, table: Mapping[str, Callable[[Fitted], float]]) -> float:
    name = fitted.model.estimator
    if name not in table:
        raise UnsupportedEstimator(f"estimator {name!r} has no log-likelihood here; {choices(name, table)}")
    return table[name](fitted)


def _bernoulli(y: Array, log_chance: Callable[[Array], Array], index: Array) -> float:
    return float(log_chance(np.where(y == 1, index, -index)).sum())


def _log_expit(z: Array) -> Array:
    made: Array = -np.logaddexp(0.0, -z)
    return made


def _predictor(fitted: Fitted) -> Array:
    assert fitted.solution.predictor is not None
    return fitted.solution.predictor


def _rare(fitted: Fitted) -> float:
    """Of the logit before bias is taken off, rows weighted if the model weights them (as R's glm counts it)."""
    options = {**fitted.model.options, "unbias": False}
    tau, weighted = options.get("tau"), options.get("correction") == "weighting"
    if not weighted:
        options.pop("tau", None)
    found = get("king_zeng").fit(fitted.design, **options)
    assert found.predictor is not None
    rows = _log_expit(np.where(fitted.design.y == 1, found.predictor, -found.predictor))
    return float((outcome_weights(fitted.design.y, tau if weighted else None) * rows).sum())


def _chances_alone(y: Array) -> float:
    """Of as many constants as the outcome has values, less one: n_v log(n_v / n)."""
    counts = np.unique(y, return_counts=True)[1]
    return float((counts * np.log(counts / counts.sum())).sum())


def _level(fitted: Fitted) -> npt.NDArray[np.int64]:
    return np.asarray(np.unique(fitted.design.y, return_inverse=True)[1], dtype=np.int64)


def _varying(fitted: Fitted) -> Array:
    """Regressors that the solution kept."""
    kept = [i for i, term in enumerate(fitted.design.terms) if term not in fitted.solution.dropped]
    return np.asarray(fitted.design.x[:, kept])


def _with_constant(fitted: Fitted) -> Array:
    x = _varying(fitted)
    return np.column_stack([np.ones(len(x)), x])


def _conditional(fitted: Fitted, estimate: Array) -> float:
    return conditional.log_likelihood(fitted.design, estimate)


_MAXIMISED: Mapping[str, Callable[[Fitted], float]] = {
    "logit": lambda f: _bernoulli(f.design.y, _log_expit, _predictor(f)),
    "probit": lambda f: _bernoulli(f.design.y, log_ndtr, _predictor(f)),
    "cloglog": lambda f: float(
        np.where(f.design.y == 1, np.log(-np.expm1(-np.exp(_predictor(f)))), -np.exp(_predictor(f))).sum()
    ),
    "king_zeng": _rare,
    "negbin": lambda f: negative_binomial.likelihood(f.design.y, _with_constant(f))(f.estimate).value,
    "ordered_logit": lambda f: ordered.likelihood(_level(f), _varying(f))(f.estimate).value,
    "multinomial_logit": lambda f: multinomial.likelihood(_level(f), _with_constant(f))(f.estimate).value,
    "clogit": lambda f: _conditional(f, f.estimate),
    "probit_re": lambda f: random_probit.log_likelihood(f.design, f.estimate, **f.model.options),
}
_NULL: Mapping[str, Callable[[Fitted], float]] = {
    **dict.fromkeys(
        ("logit", "probit", "cloglog", "king_zeng", "ordered_logit", "multinomial_logit"),
        lambda f: _chances_alone(f.design.y),
    ),
    "clogit": lambda f: _conditional(f, np.zeros(len(f.estimate))),
}
