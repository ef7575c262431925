"""Whoever wants a fit waits for nothing else: what importing the package and its statistics loads."""

from __future__ import annotations

import inspect
import subprocess
import sys
from types import ModuleType

import pytest

import detente
import detente.stats

HEAVY = {"pandera", "pydantic", "snakemake", "matplotlib", "seaborn", "yaml", "pyarrow", "statsmodels", "linearmodels"}

EVERY_HELP = """
from contextlib import redirect_stdout, suppress
from io import StringIO
from detente.cli import main
from detente.cli.command import commands
for name in commands():
    with suppress(SystemExit), redirect_stdout(StringIO()):
        main([name, "--help"])
"""


def loaded(code: str) -> set[str]:
    listing = f"import sys\n{code}\nprint(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    found = loaded("import detente, detente.stats")
    assert not found & {*HEAVY, "numpy", "pandas", "scipy", "numba"}


def test_modules_of_a_package_are_there_whatever_was_imported_before() -> None:
    found = loaded("import detente; detente.stats.causal; detente.data.panel")
    assert {"detente.stats.causal", "detente.data.panel"} <= found


def test_a_fit_loads_no_data_and_no_study() -> None:
    found = loaded("import detente.stats as s; [getattr(s, name) for name in s.__all__]")
    assert not {m for m in found if m.split(".")[0] in {"pandera", "snakemake", "matplotlib", "seaborn"}}
    assert {m.split(".")[1] for m in found if m.startswith("detente.")} <= {"base", "stats"}


def test_checking_a_study_loads_no_numerical_library_beyond_arrays_and_frames() -> None:
    found = loaded("from detente.cli import main; assert main(['check', 'config/study/tiny.yaml']) == 0")
    libraries = {"numba", "statsmodels", "linearmodels", "matplotlib", "snakemake", "pyreadr", "numpy.f2py"}
    assert not found & {*libraries, "scipy.special", "scipy.sparse", "scipy.linalg", "scipy.optimize", "scipy.stats"}
    assert not found & {"detente.plan.workflow", "detente.study.robustness.examining", "detente.study.multiverse"}
    assert not {f"detente.{package}" for package in ("report", "replicate", "provenance")} & found


def test_no_command_loads_what_fits_or_draws_before_it_works() -> None:
    found = loaded(EVERY_HELP)
    assert {"detente.cli.exhibits", "detente.cli.claims", "detente.cli.multiverse"} <= found
    libraries = {"numba", "statsmodels", "linearmodels", "matplotlib", "seaborn", "snakemake", "pandera", "typst"}
    assert not found & {*libraries, "scipy.stats", "scipy.sparse", "scipy.optimize", "scipy.special", "scipy.linalg"}


@pytest.mark.parametrize("package", [detente, detente.stats], ids=lambda p: p.__name__)
def test_every_public_name_exists_and_says_what_it_is(package: ModuleType) -> None:
    for name in package.__all__:
        found = getattr(package, name)
        assert found.__doc__ or not (inspect.isclass(found) or inspect.isfunction(found)), name
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        package.nothing  # noqa: B018
