"""The files that a module runs follow from its imports; an `__init__` that only hands names on widens nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.base.code import decorated, modules_used

FILES = {
    "__init__.py": '"""A package."""\n\nif TYPE_CHECKING:\n    from detente.stats import fit\n\n__version__ = "1"\n',
    "stats/__init__.py": '"""Facade."""\n\nfrom detente.stats.fitting import fit\n'
    "from detente.stats.frame import Frame\n",
    "stats/fitting.py": "from detente.base import numerics\n",
    "stats/frame.py": "class Frame: ...\n",
    "base/__init__.py": '"""Nothing."""\n',
    "base/numerics.py": "ZERO = 0\n",
    "data/__init__.py": "from detente.data.list import LIST\n\n\ndef loaded(): ...\n",
    "data/list.py": "LIST = []\n",
    "data/one.py": "ONE = 1\n",
    "cli/fit.py": "from detente.stats import fit\n",
    "cli/lazy.py": "from detente import fit\n",
    "cli/version.py": "from detente import __version__\n",
    "cli/whole.py": "import detente.stats\n",
    "cli/attribute.py": "from detente import stats\n\n\ndef run():\n    stats.fit()\n",
    "cli/typed.py": "if TYPE_CHECKING:\n    from detente.stats import Frame\n",
    "cli/one.py": "def run():\n    from detente.data.one import ONE\n",
    "cli/two.py": "from detente.data.one import ONE\nfrom detente.stats import Frame, fit\n\n"
    "NUMBER = len(ONE)\n\n\n@command()\ndef first(frame: Frame):\n    from detente.base import numerics\n\n\n"
    "@command()\ndef second():\n    return _third(NUMBER)\n\n\ndef _third(number):\n    ...\n",
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "detente"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("entry", "used"),
    [
        ("fit", {"stats/fitting.py", "base/numerics.py"}),
        ("lazy", {"stats/fitting.py", "base/numerics.py"}),
        ("version", {"__init__.py"}),
        ("whole", {"stats/__init__.py", "stats/fitting.py", "stats/frame.py", "base/numerics.py"}),
        ("attribute", {"stats/__init__.py", "stats/fitting.py", "stats/frame.py", "base/numerics.py"}),
        ("typed", set()),
        ("one", {"data/one.py", "data/__init__.py", "data/list.py"}),
    ],
)
def test_a_name_leads_to_the_module_that_defines_it(package: Path, entry: str, used: set[str]) -> None:
    found = {f.relative_to(package).as_posix() for f in modules_used(package, f"detente.cli.{entry}")}
    assert found == {f"cli/{entry}.py", *used}


def test_a_registry_is_not_followed(package: Path) -> None:
    found = {f.relative_to(package).as_posix() for f in modules_used(package, "detente.cli.one", ["detente.data"])}
    assert found == {"cli/one.py", "data/one.py"}


@pytest.mark.parametrize(
    ("function", "used"),
    [
        ("first", {"stats/frame.py", "base/numerics.py"}),
        ("second", {"data/one.py"}),
        ("unseen", {"stats/frame.py", "stats/fitting.py", "base/numerics.py", "data/one.py"}),
    ],
)
def test_of_the_module_of_a_function_only_what_it_names_counts(package: Path, function: str, used: set[str]) -> None:
    found = modules_used(package, f"detente.cli.two.{function}", ["detente.data"])
    assert {f.relative_to(package).as_posix() for f in found} == {"cli/two.py", *used}


def test_decorated_functions_are_found_in_the_text_of_their_modules(package: Path) -> None:
    found = [(module, function.name) for module, function, _ in decorated(package / "cli", "command")]
    assert found == [("two", "first"), ("two", "second")]
