"""The layers hold: which package imports which, how large a file may grow, what every rule carries."""

from __future__ import annotations

import ast
import re
import tokenize
from pathlib import Path

import pytest

from detente.base.code import modules_used

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "workflow" / "src" / "detente"
LAYERS = (
    {"base"},
    {"data", "stats"},
    {"simulate", "replicate"},
    {"study"},
    {"report", "provenance"},
    {"plan", "testing"},
    {"cli"},
)
LAYER = {part: height for height, parts in enumerate(LAYERS) for part in parts}
MODULES = sorted(PACKAGE.rglob("*.py"))
RULES = sorted((ROOT / "workflow" / "rules").glob("*.smk"))


def part_of(path: Path) -> str:
    """The package that a module is in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(path: Path) -> set[str]:
    """Packages that a module imports from, wherever in the file."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "detente":
            names += [f"detente.{a.name}" for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return {n.split(".")[1] for n in names if n.startswith("detente.")} - {"__version__"}


@pytest.mark.parametrize("path", [m for m in MODULES if part_of(m) in LAYER], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_only_go_down(path: Path) -> None:
    own = part_of(path)
    for other in imported_parts(path) - {own}:
        assert other in LAYER, f"{path.name} imports {other!r}, which is in no layer"
        assert LAYER[other] < LAYER[own], f"{own} may not import {other}: it is in the same layer or above"


def test_every_package_is_in_a_layer() -> None:
    assert {part_of(m) for m in MODULES} - {"__init__", "__main__"} <= set(LAYER)


def test_few_packages_touch_files() -> None:
    """Reading or writing by path is the business of few packages; exhibits load their style and typeset in memory."""
    touching = re.compile(
        r"\b(read_csv|read_parquet|read_stata|read_excel|to_csv\(.*path|to_parquet|write_text|write_bytes|open\()"
    )
    for path in MODULES:
        folder = path.relative_to(PACKAGE).parts[:-1]
        if part_of(path) in {"base", "cli", "provenance"} or {"acquire", "record", "config"} & set(folder):
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        guilty = [f"{path.relative_to(PACKAGE)}:{i}" for i, line in enumerate(lines, 1) if touching.search(line)]
        assert not guilty, f"reads or writes files: {guilty}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 350, "a file of more than 350 lines has more than one purpose"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < 60, f"{node.name} is longer than 60 lines"


@pytest.mark.parametrize("path", [m for m in MODULES if m.name != "numerics.py"], ids=lambda p: p.name)
def test_tolerances_stand_in_one_module(path: Path) -> None:
    with path.open("rb") as file:
        numbers = [t for t in tokenize.tokenize(file.readline) if t.type == tokenize.NUMBER and "e-" in t.string]
    assert not numbers, f"belongs in base/numerics.py, with its reason: {[t.line.strip() for t in numbers]}"


@pytest.mark.parametrize("path", [r for r in RULES if r.name != "common.smk"], ids=lambda p: p.name)
def test_every_rule_logs_speaks_and_calls_the_command_line(path: Path) -> None:
    # What is like another rule says only what is not.
    text = re.sub(r"^use rule .*?(?=^\S|\Z)", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    rules = re.split(r"^ *rule ?(?=\w*:)", text, flags=re.M)[1:]
    assert rules or path.name == "common.smk"
    for rule in rules:
        name = rule.split(":", 1)[0] or rule.split('"')[1]
        for directive in ("log:", "message:", "shell:"):
            assert f"    {directive}" in rule, f"rule {name} lacks {directive}"
        assert "python -m detente" in rule, f"rule {name} does not call the command line"
        assert "code=ran(" in rule, f"rule {name} does not declare the code that it runs"
        here, needs = "    localrule: True" in rule, re.search(r"resources:\s+mem_mb=(\d+),\s+runtime=\d+,", rule)
        assert not needs or int(needs[1]) >= 1000, f"rule {name} leaves no room for Snakemake, which runs beside it"
        assert here != bool(needs), f"rule {name} says neither what a cluster must give it nor that none is needed"
        for banned in ("script:", "run:", "notebook:"):
            assert f"    {banned}" not in rule, f"rule {name} uses {banned}"


def test_the_code_of_a_rule_is_all_that_it_imports() -> None:
    used = modules_used(PACKAGE, "detente.cli.estimates.estimate", ["detente.cli"])
    names = {p.relative_to(PACKAGE).as_posix() for p in used}
    assert {
        "cli/estimates.py",
        "base/files.py",
        "study/design/matrix.py",
        "stats/covariance/sandwich.py",
        "base/errors.py",
    } <= names
    assert "cli/__init__.py" not in names
    assert not any(n.startswith(("data/sources/", "report/", "simulate/", "data/acquire/")) for n in names)


def test_a_new_dataset_reruns_no_other_dataset() -> None:
    names = {
        p.relative_to(PACKAGE).as_posix()
        for p in modules_used(PACKAGE, "detente.cli.raw.clean", ["detente.cli", "detente.data.sources"])
    }
    assert "data/sources/__init__.py" not in names
    assert not {"data/sources/discord/rivalry.py", "data/sources/regime/polity.py"} & names


def test_every_source_has_a_module_and_every_module_a_source() -> None:
    from detente.data.sources import REGISTRY
    from detente.study.config.project import load_project

    project = load_project(ROOT)
    assert set(project.sources) == set(REGISTRY)
    assert {s: r.years for s, r in project.sources.items()} == {s: m.years for s, m in REGISTRY.items()}


def test_the_block_of_a_source_lists_every_file_that_its_module_reads() -> None:
    from detente.data.sources import REGISTRY
    from detente.study.config.project import load_project

    records = load_project(ROOT).sources
    listed = {
        s: {t.file for t in m.raw if t.slug is None} - {f.file for f in records[s].files} for s, m in REGISTRY.items()
    }
    assert {s: missing for s, missing in listed.items() if missing} == {}


def test_nothing_speaks_of_a_place_outside_the_project() -> None:
    """No absolute path and no package host in anything that is committed."""
    banned = re.compile(r"(/home/|/root/|/tmp/x|pypi\.org|files\.pythonhosted|index-url)")
    places = ("workflow", "config", "tests", "docs", "benchmarks", "profiles")
    files = [
        p for place in places for p in (ROOT / place).rglob("*") if p.suffix in {".py", ".smk", ".yaml", ".md", ".j2"}
    ]
    files += [
        ROOT / n for n in ("Snakefile", "Makefile", "README.md", "CHANGELOG.md", "pyproject.toml", "requirements.lock")
    ]
    own = Path(__file__)
    guilty = [
        p.name
        for p in files
        if p.is_file() and p != own and ".venv" not in p.parts and banned.search(p.read_text("utf-8"))
    ]
    assert not guilty
