"""Compiled loops over rows, where array operations cannot reach the speed, for types of arrays that they declare.

Numba is imported by the first call of a kernel: what fits nothing does not wait for it.
"""

import functools
from collections.abc import Callable, Iterator
from functools import cached_property, update_wrapper
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeVar, cast

__all__ = ["compiled", "each_kernel", "inner", "warm"]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


class _Waiting:
    """A function that numba compiles, or loads from its cache, when it is first called."""

    def __init__(self, function: Callable[..., Any], types: tuple[str, ...], options: dict[str, Any]) -> None:
        update_wrapper(self, function)
        self.function, self.types, self.options = function, types, options

    def __call__(self, *arguments: Any) -> Any:
        return self.ready(*arguments)

    @cached_property
    def ready(self) -> Any:
        """What numba made of it, once all that it calls is numba's, too."""
        _resolve(self.function.__globals__)
        return self.made

    @cached_property
    def made(self) -> Any:
        from numba import njit

        return njit(cache=True, **self.options)(self.function)


_DECLARED: list[_Waiting] = []


def compiled(*types: str) -> Callable[[Kernel], Kernel]:
    """A kernel, compiled when it is first called; `types` of the arguments that fits use, as numba writes them."""

    def declared(function: Kernel) -> Kernel:
        kernel = _Waiting(function, types, {"nogil": True})
        _DECLARED.append(kernel)
        return cast("Kernel", kernel)

    return declared


def inner(**options: Any) -> Callable[[Kernel], Kernel]:
    """A function that kernels of its module call, compiled with them; `options` of numba's."""

    def declared(function: Kernel) -> Kernel:
        return cast("Kernel", _Waiting(function, (), options))

    return declared


def warm() -> None:
    """Compile every kernel, or load it from numba's cache: seconds once, at installation, instead of in a first fit."""
    for make in each_kernel():
        make()


def each_kernel() -> Iterator[Callable[[], object]]:
    """What compiles, or loads, each kernel for its declared types."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    for kernel in _DECLARED:
        yield from (functools.partial(_made, kernel, signature) for signature in kernel.types)


def _made(kernel: _Waiting, signature: str) -> None:
    kernel.ready.compile(signature)


def _resolve(here: dict[str, Any]) -> None:
    """Put numba's functions in the place of waiting ones in a module, and in those that these are from."""
    waiting = {name: held for name, held in here.items() if isinstance(held, _Waiting)}
    here.update({name: kernel.made for name, kernel in waiting.items()})
    for kernel in waiting.values():
        _resolve(kernel.function.__globals__)
