"""What transforms a fit: effects on risk, power, verdicts, tidy rows."""

from detente.inference.schema import estimates_schema
from detente.inference.tidy import COLUMNS, Estimates, estimate, failures
from detente.inference.verdict import minimum_detectable_effect, verdict

__all__ = [
    "COLUMNS",
    "Estimates",
    "estimate",
    "estimates_schema",
    "failures",
    "minimum_detectable_effect",
    "verdict",
]
