"""Which files of the package a module runs, read from its imports."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = PACKAGE.parents[2]
INSTALLED = PACKAGE.parent != _CHECKOUT / "workflow" / "src" or not (_CHECKOUT / "Snakefile").is_file()
"""Whether the package runs from where it was installed, and not from a checkout of the project."""
PROJECT = PACKAGE / "project" if INSTALLED else _CHECKOUT
"""The project that the package belongs to (Snakefile, `config/`, `workflow/`): its checkout, or what it carries."""

_HOLDS_STATEMENTS = (ast.stmt, ast.ExceptHandler, ast.match_case)


@dataclass(frozen=True)
class _File:
    """A module as its text says; a `facade` only hands on what others define, `names` by where each comes from."""

    imports: tuple[tuple[str, str | None], ...]
    facade: bool
    names: dict[str, tuple[str, str]]


def modules_used(package: Path, entry: str, registries: Collection[str] = ()) -> list[Path]:
    """Files of the package that `entry` imports, directly or not, itself included, sorted.

    An `__init__` that only hands names on is no file that a result depends on: a name imported from it leads to the
    module that defines it, so that an edit of one module does not touch all that use its package.

    `package` is its folder (…/detente), `entry` a dotted module, or a function of one: then of its module, and of those
    beside it, only what the function names counts, and what that names in turn. `registries` are packages or modules
    that only list others: importing from them follows nothing, so that a new dataset does not rerun every other one;
    name the modules that are used as entries of their own.
    """
    module, _, function = entry.rpartition(".")
    around = None if _path(package, entry) else _path(package, module)
    waiting: list[tuple[str, str | None]] = [(module, function) if around else (entry, None)]
    seen: set[tuple[Path, str | None]] = set()
    while waiting:
        module, name = waiting.pop()
        for file in _run_by(package, module, frozenset(registries)):
            beside = around is not None and file.parent == around.parent
            part = name if beside or _read(file).facade else None
            if (file, part) not in seen:
                seen.add((file, part))
                waiting += [_home(package, *named) for named in _read(file, part).imports]
    return sorted({file for file, _ in seen})


def decorated(folder: Path, decorator: str) -> Iterator[tuple[str, ast.FunctionDef, ast.Call]]:
    """Functions below `@decorator(…)` in the modules of a folder: module, function, call; read, never imported."""
    for path in sorted(folder.glob("*.py")):
        functions = (n for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, ast.FunctionDef))
        for function in functions:
            for call in function.decorator_list:
                if isinstance(call, ast.Call) and ast.unparse(call.func) == decorator:
                    yield path.stem, function, call


def imported(package: Path, module: str) -> set[str]:
    """Modules of the package that a module imports names from, wherever in its file, each where it is defined."""
    file = _path(package, module)
    return {_home(package, *named)[0] for named in _read(file).imports} - {module} if file else set()


# A plan asks the same of the same files many thousand times.
@cache
def _path(package: Path, module: str) -> Path | None:
    place = package.joinpath(*module.split(".")[1:])
    files = (place / "__init__.py", place.with_suffix(".py")) if module != package.name else (place / "__init__.py",)
    return next((f for f in files if f.is_file()), None)


@cache
def _run_by(package: Path, module: str, registries: frozenset[str]) -> tuple[Path, ...]:
    """Files that importing `module` runs: its own and those of the packages around it that do more than hand on."""
    parts = module.split(".")
    names = [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    files = {name: _path(package, name) for name in names if name not in registries}
    return tuple(file for name, file in files.items() if file and (name == module or not _read(file).facade))


@cache
def _home(package: Path, module: str, name: str | None) -> tuple[str, str | None]:
    """The module that a name comes from, through all that hand it on, and its name there: none of a whole module."""
    if name is None:
        return module, None
    if _path(package, f"{module}.{name}"):
        return f"{module}.{name}", None
    file = _path(package, module)
    made = _read(file) if file else None
    return _home(package, *made.names[name]) if made and made.facade and name in made.names else (module, name)


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def _read(file: Path, function: str | None = None) -> _File:
    tree = _reached(_tree(file), function) if function else _tree(file)
    facade = file.name == "__init__.py" and all(map(_hands_on, tree.body))
    imports: list[tuple[str, str | None]] = []
    names: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree) if facade else _running(tree):
        if isinstance(node, ast.Import):
            imports += [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            imports += [(node.module, alias.name) for alias in node.names]
            names |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
    own = tuple((module, name) for module, name in imports if module.split(".")[0] == PACKAGE.name)
    return _File(own, facade, names)


def _reached(tree: ast.Module, function: str) -> ast.Module:
    """The part of a module that a function runs: itself and all that it names in turn; all of it if it is not seen."""
    made = {name: node for statement in tree.body for name, node in _bound(statement)}
    if function not in made:
        return tree
    waiting, reached = [function], {}
    while waiting:
        name = waiting.pop()
        if name in made and name not in reached:
            reached[name] = made[name]
            node = reached[name]
            own = {n.arg for n in ast.walk(node.args) if isinstance(n, ast.arg)} if hasattr(node, "args") else set()
            waiting += [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id not in own]
    return ast.Module(list(reached.values()), [])


def _bound(node: ast.stmt) -> Iterator[tuple[str, ast.stmt]]:
    """Names that a statement gives a module, each with the statement, or the part of an import, that makes it."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name, node
    elif isinstance(node, ast.ImportFrom):
        yield from ((a.asname or a.name, ast.ImportFrom(node.module, [a], node.level)) for a in node.names)
    elif isinstance(node, ast.Import):
        yield from ((a.asname or a.name.partition(".")[0], ast.Import([a])) for a in node.names)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        yield from ((name, node) for name in _stored(node))


def _stored(node: ast.stmt) -> list[str]:
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _running(tree: ast.Module) -> Iterator[ast.AST]:
    """Statements of a module, however deep, but those that only type checkers read."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            yield node
            waiting += [n for n in ast.iter_child_nodes(node) if isinstance(n, _HOLDS_STATEMENTS)]


def _hands_on(node: ast.stmt) -> bool:
    """Whether a statement of an `__init__` only says where names come from."""
    if isinstance(node, ast.FunctionDef):
        return node.name in ("__getattr__", "__dir__")
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return all(name.startswith("_") for name in _stored(node))
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Expr | ast.If)
