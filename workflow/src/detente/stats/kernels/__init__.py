"""Compiled loops over rows, where array operations cannot reach the speed; a module's `warm` compiles its own."""

from importlib import import_module
from pkgutil import iter_modules

__all__ = ["absorption", "multiverse", "products", "warm"]


def warm() -> None:
    """Compile every kernel, or load it from numba's cache: seconds once, at installation, instead of in a first fit."""
    for module in sorted(m.name for m in iter_modules(__path__)):
        import_module(f"{__name__}.{module}").warm()
