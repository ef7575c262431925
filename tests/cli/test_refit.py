"""One specification fitted again by itself: an id that is none, and panels that are not there, are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.base.errors import ConfigError
from detente.cli.command import parsed
from detente.study.config import load_project
from detente.study.multiverse import grids_of

from support.workflows import ROOT


def refit(spec_id: str, *words: str) -> None:
    parsed("refit", [spec_id, "--study", "tiny", "--root", str(ROOT), *words])()


def test_an_id_that_is_no_specification_is_refused_with_the_nearest() -> None:
    project = load_project(ROOT)
    (grid,) = grids_of(project, project.study("tiny"), ["exercise"])
    wrong = f"{grid.variants[0].spec_id[:-1]}x"
    with pytest.raises(ConfigError, match=f"no specification of 'exercise' in tiny; legal values: .*{wrong[:-1]}"):
        refit(wrong)
    with pytest.raises(ConfigError, match="tiny does not examine 'nothing'"):
        refit("nothing.0123456789ab")


def test_panels_that_are_not_there_are_named_with_the_command_that_makes_them(tmp_path: Path) -> None:
    project = load_project(ROOT)
    (grid,) = grids_of(project, project.study("tiny"), ["exercise"])
    said = "there are no panels of tiny; make them by `detente run tiny robustness`"
    with pytest.raises(ConfigError, match=said):
        refit(grid.variants[0].spec_id, "--panels", str(tmp_path / "nowhere"))
