"""Compiled loops over rows, where array operations cannot reach the speed, for types of arrays that they declare."""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeVar, cast

from numba import njit

__all__ = ["compiled", "warm"]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
_DECLARED: list[tuple[Any, tuple[str, ...]]] = []


def compiled(*types: str) -> Callable[[Kernel], Kernel]:
    """A kernel, compiled when it is first called; `types` of the arguments that fits use, as numba writes them."""

    def declared(function: Kernel) -> Kernel:
        kernel: Any = njit(cache=True, nogil=True)(function)
        _DECLARED.append((kernel, types))
        return cast("Kernel", kernel)

    return declared


def warm() -> None:
    """Compile every kernel, or load it from numba's cache: seconds once, at installation, instead of in a first fit."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    for kernel, types in _DECLARED:
        for signature in types:
            kernel.compile(signature)
