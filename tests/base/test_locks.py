"""Locks of files: one process at a time, and no lock where the file system has none."""

from __future__ import annotations

import ast
import errno
import os
from pathlib import Path

import pytest

from detente.base.locks import locked

WAITED: list[str] = []


def noting() -> None:
    WAITED.append("waited")
    raise LookupError


@pytest.mark.fault("environment")
def test_a_lock_is_free_once_it_was_left_and_whoever_comes_before_waits(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    WAITED.clear()
    with locked(lock, noting) as first:
        assert first
        with pytest.raises(LookupError), locked(lock, noting):
            pass
    with locked(lock, noting) as again:
        assert again
    assert WAITED == ["waited"]
    assert lock.stat().st_mode & 0o666 == 0o666


@pytest.mark.fault("environment")
def test_work_goes_on_where_the_file_system_knows_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    with locked(tmp_path / "lock") as held:
        assert not held


def test_nothing_else_of_the_package_locks(root: Path) -> None:
    lockers = {"fcntl", "msvcrt", "filelock"}
    found = set()
    for path in (root / "workflow/src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if lockers & {name.partition(".")[0] for name in names}:
                found.add(path.name)
    assert found == {"locks.py"}
