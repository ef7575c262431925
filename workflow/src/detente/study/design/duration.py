"""Years at peace as regressors: the forms in which the field lets risk fall with them."""

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
    tens = years / DURATION_UNIT_YEARS
    match form:
        case "cubic":
            return {name: tens, f"{name}_2": tens**2, f"{name}_3": tens**3}
        case "spline":
            return {name: tens, f"{name}_spline": _bend(tens)}
        case "log":
            return {f"log_{name}": np.log1p(years)}
        case "decay":
            return {f"{name}_decay": 2.0 ** (-years / HALF_LIFE_YEARS)}
        case "none":
            return {}


def _bend(tens: pd.Series) -> pd.Series:
    """Linear before the first knot and after the last; the basis of Harrell (2015, eq. 2.25)."""
    first, middle, last = (k / DURATION_UNIT_YEARS for k in KNOTS)
    cubes = {knot: (tens - knot).clip(lower=0) ** 3 for knot in (first, middle, last)}
    return (
        cubes[first]
        - cubes[middle] * (last - first) / (last - middle)
        + cubes[last] * (middle - first) / (last - middle)
    )
