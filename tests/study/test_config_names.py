"""Names that no file, rule or line of the shell could bear are refused when the configuration is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from detente.base.errors import ConfigError
from detente.base.strict import LONGEST
from detente.plan import Plan

from support.configured import own, refusal
from support.workflows import ROOT

pytestmark = pytest.mark.fault("configuration")


def test_names_that_are_too_long_for_names_of_files_are_refused_with_their_line(tmp_path: Path) -> None:
    assert LONGEST + len("replication--0.1.0.zip") < 255
    name = "n" * (LONGEST + 1)
    text = refusal(ROOT, own(tmp_path, f"extends: tiny\nname: {name}\n"))
    assert text.startswith(f"ConfigError: mine.yaml:2 › name: must have at most {LONGEST} characters (found 'nnn")


@pytest.mark.parametrize("name", ["tidy", "bench"])
def test_a_study_cannot_be_called_as_a_folder_that_is_no_studys(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"mine.yaml:2 › name: '{name}' is a folder of reports/ or data/processed/"):
        Plan(ROOT, own(tmp_path, f"extends: paper\nname: {name}\n"), ValueError)


def test_braces_in_the_path_of_a_study_or_of_the_checkout_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "my {study}"
    folder.mkdir()
    said = r"my \{study\}(/mine.yaml)?: Snakemake reads braces in paths as wildcards; rename it"
    with pytest.raises(ConfigError, match=said):
        Plan(ROOT, own(folder, "extends: tiny\nname: mine\n"), ValueError)
    with pytest.raises(ConfigError, match=said):
        Plan(folder, None, ValueError)


@pytest.mark.parametrize(
    ("key", "value", "lacking"),
    [
        ("title", "Peace 中", "'中'"),
        ("abstract", "Peace 😀 & 中", "'中', '😀'"),
        ("keywords", "[peace, 平和]", "'和', '平'"),
    ],
)
def test_characters_that_the_fonts_of_the_paper_lack_are_refused_before_any_work(
    key: str, value: str, lacking: str, tmp_path: Path
) -> None:
    text = f"extends: tiny\nname: mine\n{key}: {value}\n"
    with pytest.raises(ConfigError) as stop:
        Plan(ROOT, own(tmp_path, text), ValueError)
    way = "write it in Latin, Greek or Cyrillic letters"
    assert str(stop.value) == f"mine.yaml:3 › {key}: the paper's fonts lack {lacking}; {way}"


def test_characters_that_the_fonts_of_the_paper_have_are_not(tmp_path: Path) -> None:
    text = "extends: tiny\nname: mine\ntitle: Ειρήνη и Хòa bình é ≤ − → ﬁ\n"
    assert "mine" in Plan(ROOT, own(tmp_path, text), ValueError).studies


def test_a_checkout_that_was_moved_or_copied_runs_its_own_programs_and_code() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    # First lines of other programs name the folder in which they were installed.
    assert set(re.findall(r"\$\((?:VENV|BENCH)\)/bin/(\w+)", text)) == {"python"}
    assert "export PYTHONPATH := $(CURDIR)/workflow/src\n" in text
