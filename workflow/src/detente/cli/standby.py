"""The process on standby from which the steps of a workflow are forked, with what they import loaded."""

import pkgutil
import socket
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module

import detente
from detente.base.standby import stand_by, start
from detente.cli import main
from detente.stats.kernels import each_kernel

# What steps import beside the package itself, in the order in which a study needs it.
LIBRARIES = (
    "pandas", "pyarrow.parquet", "pydantic", "numba", "jinja2", "scipy.special", "scipy.sparse", "scipy.linalg",
    "scipy.optimize", "scipy.stats", "pandera.pandas", "statsmodels.api", "linearmodels", "matplotlib.figure",
    "matplotlib.backends.backend_svg", "matplotlib.backends.backend_pdf", "seaborn",
)  # fmt: skip


def standing_by(settings: dict[str, str]) -> None:
    """Start it, with `settings` in its environment."""
    start([sys.executable, "-m", __name__], settings)


def _preparing() -> Iterator[Callable[[], object]]:
    """Load kernels and what steps import, and read what is configured, which each reads again from the same texts."""
    yield from (partial(import_module, name) for name in LIBRARIES)
    walked = (each.name for each in pkgutil.walk_packages(detente.__path__, "detente."))
    yield from (partial(import_module, name) for name in walked if _is_of_steps(name))
    yield from each_kernel()
    yield _configured


def _configured() -> None:
    from detente.base.code import PROJECT
    from detente.study import load

    load(PROJECT)


def _is_of_steps(name: str) -> bool:
    return not name.startswith("detente.testing") and not name.endswith("__main__")


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        words = stand_by(listening, _preparing())
    sys.exit(0 if words is None else main(words))
