"""What transforms a fit: effects on risk, power, verdicts, tidy rows."""

from detente.inference.tidy import COLUMNS, Estimates, estimate, failures
from detente.inference.verdict import minimum_detectable_effect, verdict

__all__ = ["COLUMNS", "Estimates", "estimate", "failures", "minimum_detectable_effect", "verdict"]
