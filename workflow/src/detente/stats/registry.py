"""Every estimator by name: the modules of `linear` and `likelihood` are searched, and none is listed."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from detente.stats import likelihood, linear
from detente.stats.estimator import REGISTRY, Estimator, get

for _package in (linear, likelihood):
    for _module in sorted(m.name for m in iter_modules(_package.__path__)):
        import_module(f"{_package.__name__}.{_module}")

__all__ = ["REGISTRY", "Estimator", "get"]
