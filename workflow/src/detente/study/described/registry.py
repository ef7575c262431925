"""Methods of described claims by name: one decorated function a module of this package."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, TypeVar

from detente.base.errors import BrokenContract, ConfigError, choices
from detente.base.strict import Strict, located, validated
from detente.data.panel import STATES
from detente.study.config.claims import CLAIMS, Described
from detente.study.described.contract import Found, Method, Task

Options = TypeVar("Options", bound=Strict)
Make = Callable[[Task[Options]], Found]
_SHARED = ("contract", "registry")


def method(
    name: str, options: type[Options], sources: Callable[[Options], Sequence[str]]
) -> Callable[[Make[Options]], Method[Options]]:
    """Declare the decorated function to be the method of this name; the arguments are the attributes of `Method`."""
    return lambda make: Method(name, options, sources, make)


@cache
def methods() -> Mapping[str, Method[Any]]:
    """Every method by name; raises BrokenContract if two have one name."""
    found: dict[str, Method[Any]] = {}
    for each in _declared():
        if each.name in found:
            raise BrokenContract(f"two methods for described claims are called {each.name!r}: rename one of them")
        found[each.name] = each
    return dict(sorted(found.items()))


def _declared() -> Iterator[Method[Any]]:
    package = import_module(__name__.rpartition(".")[0])
    for module in iter_modules(package.__path__):
        if module.name not in _SHARED:
            members = vars(import_module(f"{package.__name__}.{module.name}")).values()
            yield from (item for item in members if isinstance(item, Method))


def method_of(claim: Described, file: Path = CLAIMS) -> tuple[Method[Any], Any]:
    """The method of a claim and its options, checked; `file`: where the claim stands.

    Raises ConfigError naming file, line, key, what is wrong and what is legal.
    """
    under, known = ("described", claim.id), methods()
    if claim.method not in known:
        where = " › ".join([located(file, [*under, "method"]), *under, "method"])
        raise ConfigError(f"{where}: {claim.method!r} is no method; {choices(claim.method, known)}")
    found = known[claim.method]
    return found, validated(file, found.options, claim.options, (*under, "options"))


def sources_of(claim: Described) -> list[str]:
    """Sources that a claim is described from, the list of states among them; raises ConfigError as `method_of`."""
    found, options = method_of(claim)
    return sorted({STATES, *found.sources(options)})


def described(claim: Described, tidy: Mapping[str, Any], seed: int = 0) -> Found:
    """What the method of a claim finds in tidy tables; raises ConfigError as `method_of`."""
    found, options = method_of(claim)
    return found.make(Task(claim, options, tidy, seed))
