"""What a panel needs is known before it is built, and one that needs too much is refused before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.base.errors import TooLarge
from detente.base.memory import GIB, Memory
from detente.base.units import UNITS, Unit
from detente.cli.formats import TIMES, WRITTEN
from detente.data.panel import build, panel_size, state_list
from detente.data.panel.offering import STATES
from detente.data.panel.size import BESIDE, IN_MEMORY
from detente.data.record.tidying import KEPT

from support.made_panels import ADDED, IN_PLACE, YEARS, made_project, panel_file


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_project(tmp_path_factory.mktemp("project"))


def leave(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """Have a machine with so many bytes free."""
    monkeypatch.setattr("detente.data.panel.size.memory", lambda: Memory(free, 4 * GIB))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("lead_in", [0, 2, (1, 3)])
def test_the_size_is_that_of_the_panel(unit: Unit, lead_in: int | tuple[int, int], root: Path):
    frame = build(YEARS, ADDED, unit=unit, lead_in=lead_in, root=root).panel.frame

    size = panel_size(YEARS, ADDED, unit=unit, lead_in=lead_in, root=root)

    assert (size.rows, size.columns) == frame.shape
    assert size.bytes == frame.size * 8


def test_chosen_variables_alone_count(root: Path):
    assert panel_size(YEARS, ADDED, variables=["rivalry"], root=root).columns == 5


@pytest.mark.fault("environment")
@pytest.mark.parametrize("ending", WRITTEN)
def test_a_panel_that_needs_more_memory_than_there_is_is_refused_before_any_source_is_read(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    root = made_project(tmp_path / "project")
    size = panel_size(YEARS, ADDED, root=root)
    needed = int(size.bytes * TIMES[ending]) + BESIDE
    way = " --years" if TIMES[ending] == TIMES[".parquet"] else " --years, or write .parquet, which needs less"
    leave(monkeypatch, needed - 1)

    assert panel_file(root, tmp_path / f"panel{ending}") == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"TooLarge: a panel of {size.rows:,} dyad-years and {size.columns} columns needs about {needed / GIB:.1f} GiB"
        f" of memory; {(needed - 1) / GIB:.1f} GiB of 4.0 GiB are free: ask for fewer --variables, sources (--add) or"
        f"{way}\n"
    )
    assert [folder.name for folder in (root / KEPT).iterdir()] == [STATES]
    assert not list(tmp_path.glob("panel*"))

    leave(monkeypatch, needed)
    assert panel_file(root, tmp_path / f"panel{ending}") == 0


def test_lags_and_choices_of_rows_need_room_for_a_copy(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    # One year more before the first, and one column more.
    size = panel_size(YEARS, ADDED, lead_in=1, root=root)
    cells = size.rows * (size.columns + 1) * 8
    words = ["--lag", "rivalry", "--where", "year > 2000"]

    leave(monkeypatch, int(cells * (TIMES[".parquet"] + 1)) + BESIDE - 1)
    assert panel_file(root, tmp_path / "panel.parquet", *words) == 1
    assert f"and {size.columns + 1} columns needs" in capsys.readouterr().err

    leave(monkeypatch, int(cells * (TIMES[".parquet"] + 1)) + BESIDE)
    assert panel_file(root, tmp_path / "panel.parquet", *words) == 0


@pytest.mark.fault("environment")
def test_the_package_refuses_as_the_command_does(root: Path, monkeypatch: pytest.MonkeyPatch):
    needed = int(panel_size(YEARS, ADDED, root=root).bytes * IN_MEMORY) + BESIDE
    leave(monkeypatch, needed - 1)

    with pytest.raises(TooLarge, match=r"GiB of memory; .* are free: ask for fewer"):
        build(YEARS, ADDED, root=root)

    leave(monkeypatch, needed)
    assert len(build(YEARS, ADDED, root=root).panel.frame)


def test_raw_files_that_cannot_be_had_are_all_named_first(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    copy = made_project(tmp_path / "copy")
    for path in (copy / "data" / "raw").rglob("*.csv"):
        path.unlink()

    assert panel_file(copy, tmp_path / "panel.csv", add=list(IN_PLACE)) == 1

    said = capsys.readouterr().err
    assert said.startswith("WrongBytes: ")
    assert "states2016.csv" in said
    assert "rivalry/gone.csv" in said


def test_the_list_of_states_is_the_tidy_one(root: Path):
    states = state_list(root)

    assert list(states.columns) == ["ccode", "name", "status", "start", "end"]
    assert set(states["status"]) == {"member", "major"}
