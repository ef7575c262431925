"""A public interface whose names are loaded when they are first used."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def on_demand(package: str) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package that imports its public names for type checkers alone.

    The names stand once, in the imports below `if TYPE_CHECKING:` of its `__init__`; each is loaded when it is first
    used, so that who needs one name of a package does not wait for all of it.
    """

    def load(name: str) -> object:
        if name.startswith("__") or name not in _homes(package):
            # Whether a module of the package is there must not hang on what was imported before.
            if name.startswith("_") or find_spec(f"{package}.{name}") is None:
                raise AttributeError(f"module {package!r} has no attribute {name!r}")
            return import_module(f"{package}.{name}")
        home = _homes(package)[name]
        module = None if home == package else import_module(home)
        return getattr(module, name) if hasattr(module, name) else import_module(f"{home}.{name}")

    def names() -> list[str]:
        return [*vars(sys.modules[package]), *_homes(package)]

    return load, names


@cache
def _homes(package: str) -> dict[str, str]:
    """Public name → module that has it."""
    # Loaded here, so that importing a package costs nothing.
    import ast
    from pathlib import Path

    tree = ast.parse(Path(str(sys.modules[package].__file__)).read_text(encoding="utf-8"))
    typed = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    imports = (node for block in typed for node in block.body if isinstance(node, ast.ImportFrom))
    return {alias.name: str(node.module) for node in imports for alias in node.names}
