"""What makes a fit of an estimate: covariances, effects on risk, power, verdicts, tidy rows; and the one interface."""

from detente.inference.fit import fit
from detente.inference.jackknife import jackknife
from detente.inference.result import Fit
from detente.inference.schema import estimates_schema
from detente.inference.tidy import COLUMNS, Estimates, estimate, failures
from detente.inference.verdict import minimum_detectable_effect, verdict

__all__ = [
    "COLUMNS",
    "Estimates",
    "Fit",
    "estimate",
    "estimates_schema",
    "failures",
    "fit",
    "jackknife",
    "minimum_detectable_effect",
    "verdict",
]
