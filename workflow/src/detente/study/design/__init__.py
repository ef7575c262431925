"""From claims to model frames: specifications, samples, roles and lags.

A `Specification` is everything that fixes one estimate, with a digest as its id; `build_design` makes the model frame
of one from a panel. Roles and timing of controls are checked here, and panels are described before any model.
"""

from detente.base.lags import lagged
from detente.stats import HEADLINE
from detente.study.design import describe
from detente.study.design.breaks import break_terms, break_year
from detente.study.design.matrix import DURATION_UNIT_YEARS, build_design, duration_terms, ends, in_sample, sides_of
from detente.study.design.specified import (
    ESTIMATOR,
    OWN_EFFECT,
    REGRESSION,
    Specification,
    as_json,
    effects_of,
    from_json,
    misplaced,
    specification,
    specifications,
)

__all__ = [
    "DURATION_UNIT_YEARS", "ESTIMATOR", "HEADLINE", "OWN_EFFECT", "REGRESSION", "Specification", "as_json",
    "break_terms", "break_year", "build_design", "describe", "duration_terms", "effects_of", "ends", "from_json",
    "in_sample", "lagged", "misplaced", "sides_of", "specification", "specifications",
]  # fmt: skip
