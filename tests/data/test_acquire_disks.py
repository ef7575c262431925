"""Folders and disks that fail leave nothing half-written, and are named."""

from __future__ import annotations

import errno
import io
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from detente.data.acquire import Patience

from support.acquiring import ABSENT, DATA, WRONG, Server, block, found, from_address, message, names, pin, put, refusal

pytestmark = pytest.mark.fault("environment")

# Folders and disks


def test_a_file_in_the_place_of_a_folder_is_reported(raw: Path, server: Server, patience: Patience):
    put(Path("data/raw"), b"not a folder")
    put(Path("mirror/mme/mme_v7.csv"), DATA)

    text = refusal(raw, [Path("mirror")], patience, pin(server.address))

    obstacle = "cannot be saved in data/raw/mme: a file stands where a folder is needed (Not a directory)"
    assert text == message(block(ABSENT[0], f"mirror/mme/mme_v7.csv: {obstacle}"))
    assert server.ranges == []


def test_a_read_only_folder_is_reported(raw: Path, server: Server, patience: Patience):
    (raw / "mme").mkdir(parents=True)
    (raw / "mme").chmod(0o555)
    if os.access(raw / "mme", os.W_OK):
        pytest.skip("this user (root?) may write into read-only folders")

    text = refusal(raw, [], patience, pin(server.address))

    (raw / "mme").chmod(0o755)
    assert "cannot be saved in data/raw/mme: permission is denied (Permission denied)" in text


class Failing(io.BytesIO):
    """A file whose second write fails with `code`."""

    def __init__(self, path: Path, code: int) -> None:
        super().__init__()
        self.path, self.code = path, code

    def write(self, data: Any) -> int:
        if self.path.exists():
            raise OSError(self.code, os.strerror(self.code))
        return self.path.write_bytes(data[:10])


@pytest.mark.parametrize(
    ("code", "obstacle"),
    [
        (errno.ENOSPC, "the disk is full (No space left on device)"),
        (errno.EDQUOT, "the disk quota is used up (Disk quota exceeded)"),
        (errno.EACCES, "permission is denied (Permission denied)"),
        (errno.EROFS, "the file system is read-only (Read-only file system)"),
        (errno.EIO, "the system refuses (Input/output error)"),
    ],
)
def test_a_download_that_cannot_be_saved_is_reported(
    raw: Path, server: Server, patience: Patience, monkeypatch: pytest.MonkeyPatch, code: int, obstacle: str
):
    server.answers = [server.send(stop=100), server.send()]
    real = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda path, mode="r", *rest, **more: (
            Failing(path, code) if mode == "ab" and path.suffix == ".part" else real(path, mode, *rest, **more)
        ),
    )

    text = refusal(raw, [], patience, pin(server.address))

    assert text == from_address(server, f"cannot be saved in data/raw/mme: {obstacle}")
    assert not (raw / "mme/mme_v7.csv").exists()


def test_a_disk_that_fills_up_while_copying_leaves_nothing(
    raw: Path, server: Server, patience: Patience, monkeypatch: pytest.MonkeyPatch
):
    put(Path("mirror/mme/mme_v7.csv"), DATA)

    def fill_up(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:1500])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfile", fill_up)

    text = refusal(raw, [Path("mirror")], patience, pin(server.address))

    obstacle = "cannot be saved in data/raw/mme: the disk is full (No space left on device)"
    assert text == message(block(ABSENT[0], f"mirror/mme/mme_v7.csv: {obstacle}"))
    assert names(raw / "mme") == []
    assert server.ranges == []


def test_a_copy_is_checked_before_it_takes_its_name(
    raw: Path, server: Server, patience: Patience, monkeypatch: pytest.MonkeyPatch
):
    put(Path("mirror/mme/mme_v7.csv"), DATA)
    server.answers = [server.send(status=404)]
    monkeypatch.setattr(shutil, "copyfile", lambda _, target: target.write_bytes(WRONG))

    text = refusal(raw, [Path("mirror")], patience, pin(server.address))

    assert f"mirror/mme/mme_v7.csv: wrong bytes: {found(WRONG)}, after copying\n" in text
    assert names(raw / "mme") == []
