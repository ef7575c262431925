"""The code of a step is one parameter that changes with any byte of it, and that the files can be found again from."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from detente.base.code import PACKAGE
from detente.base.errors import UnknownOrigin
from detente.base.files import sha256
from detente.provenance import remembered, version_of
from detente.provenance.code import files_of, is_code

FILES = [os.path.relpath(PACKAGE / name) for name in ("base/lags.py", "base/units.py")]


def copied(folder: Path) -> Path:
    """Two modules in a package of their own."""
    for name in FILES:
        (folder / "base").mkdir(exist_ok=True)
        shutil.copy(name, folder / "base")
    return folder


def test_a_version_is_of_every_byte_and_place_and_not_of_the_order(tmp_path: Path) -> None:
    records = tmp_path / "records"
    version = version_of(FILES, records)
    assert is_code(version) and version == version_of(FILES[::-1], records)
    assert version != version_of(FILES[:1], records)
    other = tmp_path / "base" / "lags.py"
    other.parent.mkdir()
    shutil.copy(FILES[0], other)
    assert version_of([str(other)], records) != version_of(FILES[:1], records)
    assert not is_code("all") and not is_code(["code:1"])


def test_the_files_of_a_version_are_found_with_the_checksums_that_they_had(tmp_path: Path) -> None:
    version = version_of(FILES, tmp_path)
    assert files_of([{"years": [1980]}, version, "--samples"], tmp_path) == {name: sha256(Path(name)) for name in FILES}


@pytest.mark.fault("provenance")
def test_a_version_whose_files_are_not_known_is_refused(tmp_path: Path) -> None:
    version = version_of(FILES, tmp_path)
    shutil.rmtree(tmp_path / "code")
    with pytest.raises(UnknownOrigin, match=r"the record of the code of a step is gone; rebuild it with --forceall"):
        files_of([version], tmp_path)


@pytest.mark.parametrize("edit", [None, "base/lags.py", "base/other.py", "base/other.txt"])
def test_what_a_command_runs_is_looked_up_until_a_module_is_another(
    tmp_path: Path, edit: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, records = copied(tmp_path), tmp_path / "records"
    asked: list[int] = []

    def find() -> list[str]:
        asked.append(1)
        return [str(package / "base/lags.py")]

    first = remembered(["panel"], find, package, records)
    if edit:
        (package / edit).write_text("later = 1\n", encoding="utf-8")
    _forget()
    assert remembered(["panel"], find, package, records) == first == [os.path.relpath(package / "base/lags.py")]
    assert len(asked) == (2 if edit and edit.endswith(".py") else 1)


@pytest.mark.fault("provenance")
def test_a_damaged_note_of_what_a_command_runs_is_written_again(tmp_path: Path) -> None:
    package, records = copied(tmp_path), tmp_path / "records"
    expected = remembered(["panel"], lambda: [str(package / "base/lags.py")], package, records)
    (note,) = (records / "code" / "used").iterdir()
    note.write_text("{", encoding="utf-8")
    assert remembered(["panel"], lambda: [str(package / "base/lags.py")], package, records) == expected


def _forget() -> None:
    """What one process knows of the files that it has read."""
    from detente.provenance import code

    code._checksum.cache_clear()
    code._state.cache_clear()
