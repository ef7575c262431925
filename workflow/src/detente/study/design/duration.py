"""Years at peace as regressors: the forms in which the field lets risk fall with them."""

from collections.abc import Callable, Mapping
from typing import Literal, get_args

import numpy as np
import pandas as pd

Duration = Literal["cubic", "spline", "log", "decay", "none"]
DURATIONS: tuple[Duration, ...] = get_args(Duration)
# Peace years enter models in tens, so that their cube does not swamp the Hessian.
DURATION_UNIT_YEARS = 10
# Years at which the spline bends (Beck, Katz and Tucker 1998), and in which the memory of a dispute halves.
KNOTS = (1, 4, 7)
HALF_LIFE_YEARS = 5


def duration_terms(name: str, years: pd.Series, form: Duration) -> dict[str, pd.Series]:
    """Regressors (N,) by term, made of years at peace (N,).

    cubic: t, t², t³ in tens of years (Carter and Signorino 2010). spline: natural cubic spline with knots after 1, 4
    and 7 years (Beck, Katz and Tucker 1998). log: log(1 + t). decay: a memory of the last dispute that halves every
    five years (Hegre et al. 2001). none: nothing.
    """
    return {} if form == "none" else _FORMS[form](name, years)


def _cubic(name: str, years: pd.Series) -> dict[str, pd.Series]:
    tens = years / DURATION_UNIT_YEARS
    return {name: tens, f"{name}_2": tens**2, f"{name}_3": tens**3}


def _spline(name: str, years: pd.Series) -> dict[str, pd.Series]:
    """Linear before the first knot and after the last; the basis of Harrell (2015, eq. 2.25), in tens of years."""
    tens = years / DURATION_UNIT_YEARS
    first, middle, last = (k / DURATION_UNIT_YEARS for k in KNOTS)

    def above(knot: float) -> pd.Series:
        return (tens - knot).clip(lower=0) ** 3

    bend = (
        above(first)
        - above(middle) * (last - first) / (last - middle)
        + above(last) * (middle - first) / (last - middle)
    )
    return {name: tens, f"{name}_spline": bend}


def _log(name: str, years: pd.Series) -> dict[str, pd.Series]:
    return {f"log_{name}": np.log1p(years)}


def _decay(name: str, years: pd.Series) -> dict[str, pd.Series]:
    return {f"{name}_decay": 2.0 ** (-years / HALF_LIFE_YEARS)}


_FORMS: Mapping[str, Callable[[str, pd.Series], dict[str, pd.Series]]] = {
    "cubic": _cubic,
    "spline": _spline,
    "log": _log,
    "decay": _decay,
}
