"""The same model under the dyadic-robust covariance: what becomes of every published standard error and conclusion."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from detente.base.errors import DetenteError
from detente.base.numerics import two_sided
from detente.replicate.models import Fitted
from detente.replicate.schema import Publication
from detente.stats import REGISTRY

COLUMNS = (
    *("id", "model", "term", "estimate", "printed_std_error", "dyadic_std_error", "ratio", "printed_p", "dyadic_p"),
    *("sign", "conclusion", "vcov", "dyadic"),
)
LEVEL = 0.05


def eligible(fitted: Fitted) -> bool:
    """Whether a model's rows are dyads, its covariance is another, and its estimator has scores to sum over states."""
    model = fitted.model
    own = model.estimator in REGISTRY and "dyadic" not in REGISTRY[model.estimator].covariances
    return model.dyadic and fitted.design.side1 is not None and model.vcov != "dyadic" and not own


def beside(publication: Publication, name: str, fitted: Fitted) -> Iterator[dict[str, Any]]:
    """One row per printed coefficient with a printed standard error, the constant and cuts left out.

    `printed_p` is of the published recipe's own distribution, `dyadic_p` of t with one degree of freedom less than
    there are states; a conclusion is about zero at 5 %. Standard errors are those before an indefinite covariance is
    repaired, which can only add to them; a coefficient without a positive variance has none, and no conclusion.
    """
    if not eligible(fitted):
        return
    try:
        covariance = fitted.covariance_of("dyadic", "detente")
    except DetenteError as error:
        yield _row(publication.id, name, conclusion="none", dyadic=str(error))
        return
    slopes = set(fitted.slopes)
    for term, numbers in fitted.model.printed.items():
        if fnmatchcase(term, fitted.model.nuisance):
            continue
        if term in fitted.model.derived or "std_error" not in numbers or "estimate" not in numbers:
            continue
        at = fitted.place(term)
        if at not in slopes:
            continue
        unit = np.eye(len(fitted.estimate))[at]
        printed = float(numbers["std_error"].printed)
        ours = covariance.std_error_unrepaired(unit) if covariance.exists(unit) else float("nan")
        estimate = float(fitted.estimate[at])
        before, after = _p(estimate, printed, fitted.vcov.df), _p(estimate, ours, covariance.df)
        yield _row(
            publication.id, name, term=term, estimate=estimate, printed_std_error=printed or float("nan"),
            dyadic_std_error=ours, ratio=ours / printed if printed else float("nan"), printed_p=before, dyadic_p=after,
            sign="+" if estimate > 0 else "−", conclusion=_conclusion(before, after),
            vcov=fitted.vcov.ssc, dyadic=str(covariance),
        )  # fmt: skip


def _row(name: str, model: str, **values: Any) -> dict[str, Any]:
    return {**dict.fromkeys(COLUMNS), "id": name, "model": model, **values}


def _p(estimate: float, error: float, df: float) -> float:
    return float(two_sided(estimate / error, df)) if error > 0 else float("nan")


def _conclusion(before: float, after: float) -> str:
    if np.isnan(before) or np.isnan(after):
        return "none"
    if (before < LEVEL) == (after < LEVEL):
        return "stays significant" if before < LEVEL else "stays insignificant"
    return "loses significance" if before < LEVEL else "gains significance"
