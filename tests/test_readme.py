"""README: its commands, in order and to the letter, print what it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from detente.base.code import PACKAGE
from detente.cli import main
from detente.data.sources import REGISTRY

from support.known import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> list[str]:
    """Blocks of a section."""
    text = README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def lines(block: str) -> list[list[str]]:
    """Commands of a block, as words."""
    return [shlex.split(line, comments=True) for line in block.replace("\\\n", " ").splitlines()]


@pytest.mark.record
def test_the_panel_and_the_table_are_what_the_readme_shows(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DETENTE_MIRROR", str(mirror))
    asked, shown = section("A panel and a table")
    panel, fit = lines(asked)

    assert main(panel[1:]) == 0
    capsys.readouterr()
    assert main(fit[1:]) == 0
    assert capsys.readouterr().out == shown


def test_the_sentence_below_the_table_has_its_numbers() -> None:
    _, shown = section("A panel and a table")
    row = next(line.split() for line in shown.splitlines() if line.startswith("exercise_any_lag1"))
    estimate, low, high = (1000 * float(row[i]) for i in (1, -3, -1))

    assert f"a pair has {estimate:.1f} more\ndisputes per 1,000 dyad-years" in README
    assert f"anything from {-low:.1f} fewer to {high:.1f} more" in README


def test_every_target_that_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make ([a-z-]+)`", README):
        assert re.search(rf"^([\w-]+ )*{target}( [\w-]+)*:", makefile, flags=re.MULTILINE), target


def test_the_readme_counts_the_sources() -> None:
    assert f"Any of {len(REGISTRY)} sources" in README


def test_the_readme_is_one_screen_and_its_links_lead_somewhere() -> None:
    assert len(README.splitlines()) <= 70
    for link in re.findall(r"\]\(([^)#]+)", README):
        assert (ROOT / link).exists(), link


def test_the_extra_that_the_readme_installs_exists() -> None:
    assert "[paper]" in README
    assert re.search(r"^paper = \[", (PACKAGE.parents[2] / "pyproject.toml").read_text(encoding="utf-8"), flags=re.M)
