"""Claims that no onset among dyads at risk can answer: each is estimated, or shown, by a method of its own.

A method is a module here; `described` applies the one that a claim of `config/claims.yaml` names. What is said of a
claim follows from the finding that it is judged by (`detente.study.verdicts`).
"""

from detente.study.described.contract import FINDINGS, SERIES, Found, Task
from detente.study.described.registry import described, method, method_of, methods, sources_of

__all__ = [
    "FINDINGS", "SERIES", "Found", "Task", "described", "method", "method_of", "methods", "sources_of",
]  # fmt: skip
