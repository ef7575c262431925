"""Raw files arrive whole or not at all, from whichever place has them; what is in data/raw is never touched."""

from __future__ import annotations

import errno
import io
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from detente.base.errors import RawFilesUnavailable
from detente.data import mirror
from detente.data.acquire import Patience, Problem, acquire, broken, verify
from detente.data.acquire.download import LOCK, alone

from support.acquiring import (
    ABSENT,
    DATA,
    PAGE,
    WRONG,
    Server,
    block,
    found,
    message,
    names,
    pin,
    put,
    refusal,
    sources,
)

# Where a file comes from


def test_a_file_in_place_touches_neither_mirror_nor_network(raw: Path, server: Server, patience: Patience):
    path = put(raw / "mme/mme_v7.csv", DATA)
    before = path.stat().st_mtime_ns

    receipts = acquire(sources(pin(server.address)), raw, [Path("no/mirror")], patience=patience)

    assert [(r.slug, f.path, f.origin) for r in receipts for f in r.files] == [("mme", path, "in place")]
    assert server.ranges == []
    assert path.stat().st_mtime_ns == before


def test_a_mirror_is_copied_from_before_any_download(raw: Path, server: Server, patience: Patience):
    put(Path("mirror/mme/mme_v7.csv"), DATA)

    receipts = acquire(sources(pin(server.address)), raw, [Path("mirror")], patience=patience)

    assert receipts[0].files[0].origin == "copied from mirror/mme/mme_v7.csv"
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]
    assert server.ranges == []


def test_of_several_folders_the_first_that_has_the_file_is_copied_from(raw: Path, server: Server, patience: Patience):
    for path in ("second/mme/mme_v7.csv", "third/mme/mme_v7.csv"):
        put(Path(path), DATA)
    put(Path("first/mme/mme_v7.csv"), WRONG)

    folders = [Path(name) for name in ("gone", "first", "second", "third")]
    receipts = acquire(sources(pin(server.address)), raw, folders, patience=patience)

    assert receipts[0].files[0].origin == "copied from second/mme/mme_v7.csv"
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert server.ranges == []


def test_folders_are_joined_as_path_joins_them(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/me")
    monkeypatch.setenv("DETENTE_MIRROR", os.pathsep.join(["one", "", "~/two", "/three"]))
    assert mirror() == (Path("one"), Path("/me/two"), Path("/three"))
    assert mirror("one", below=Path("project")) == (Path("project/one"),)

    monkeypatch.setenv("DETENTE_MIRROR", "")
    assert mirror() == ()


def test_an_address_is_downloaded_from_last(raw: Path, server: Server, patience: Patience):
    receipts = acquire(sources(pin(server.address)), raw, [Path("mirror")], patience=patience)

    assert receipts[0].files[0].origin == f"downloaded from {server.address}/mme_v7.csv"
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]
    assert server.ranges == [None]


@pytest.mark.fault("downloads")
def test_a_mirror_with_wrong_bytes_gives_way_to_the_address(raw: Path, server: Server, patience: Patience):
    put(Path("mirror/mme/mme_v7.csv"), WRONG)

    acquire(sources(pin(server.address)), raw, [Path("mirror")], patience=patience)

    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert Path("mirror/mme/mme_v7.csv").read_bytes() == WRONG


def test_a_redirect_is_followed(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(b"", status=302, Location="/elsewhere"), server.send()]

    acquire(sources(pin(server.address)), raw, [], patience=patience)

    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA


def test_files_may_lie_in_folders_of_their_own(raw: Path, server: Server, patience: Patience):
    acquire(sources(pin(server.address, file="v7/mme.csv")), raw, [], patience=patience)

    assert (raw / "mme/v7/mme.csv").read_bytes() == DATA


# What is in data/raw is never touched


@pytest.mark.fault("downloads")
@pytest.mark.parametrize(
    ("data", "finding"),
    [
        (WRONG, f"wrong bytes: {found(WRONG)}"),
        (DATA[:-1], f"wrong bytes: {found(DATA[:-1])}"),
        (b"", f"wrong bytes: {found(b'')}"),
        (PAGE, f"an HTML page: {found(PAGE)}"),
    ],
)
def test_wrong_bytes_in_data_raw_are_kept_and_reported(
    raw: Path, server: Server, patience: Patience, data: bytes, finding: str
):
    path = put(raw / "mme/mme_v7.csv", data)
    put(Path("mirror/mme/mme_v7.csv"), DATA)

    text = refusal(raw, [Path("mirror")], patience, pin(server.address))

    way = "left as it is: move it away, then run again"
    assert text == message(block(f"data/raw/mme/mme_v7.csv: {finding}; {way}"))
    assert path.read_bytes() == data
    assert server.ranges == []


def test_a_dangling_link_in_data_raw_is_kept_and_reported(raw: Path, server: Server, patience: Patience):
    path = raw / "mme/mme_v7.csv"
    path.parent.mkdir(parents=True)
    path.symlink_to("gone")

    text = refusal(raw, [], patience, pin(server.address))

    assert "data/raw/mme/mme_v7.csv: not there; left as it is: move it away, then run again" in text
    assert path.is_symlink()


def test_a_folder_in_the_place_of_a_file_is_kept_and_reported(raw: Path, server: Server, patience: Patience):
    (raw / "mme/mme_v7.csv").mkdir(parents=True)

    text = refusal(raw, [], patience, pin(server.address))

    assert "data/raw/mme/mme_v7.csv: unreadable: Is a directory; left as it is" in text
    assert (raw / "mme/mme_v7.csv").is_dir()


# Two builds at once


def build(root: Path, source: str, gate: Barrier, origins: Queue[str]) -> None:
    """A process of its own that acquires one file; it begins to bring it when the other has not found it, too."""

    @contextmanager
    def together(folder: Path) -> Iterator[None]:
        gate.wait()
        with alone(folder):
            yield

    os.chdir(root)
    module: Any = sys.modules["detente.data.acquire"]
    module.alone = together
    try:
        mirror = [] if source.startswith("http") else [Path(source)]
        address = source if source.startswith("http") else "http://127.0.0.1:9"
        patience = Patience(connect=3600.0, read=3600.0, retries=0)
        receipts = acquire(sources(pin(address)), Path("data/raw"), mirror, patience=patience)
        origins.put(receipts[0].files[0].origin)
    except RawFilesUnavailable as error:
        origins.put(str(error))


def built_at_once(root: Path, source: str) -> list[str]:
    """What two processes say of where their file came from, when both start together."""
    context = multiprocessing.get_context("spawn")
    gate, origins = context.Barrier(2), context.Queue()
    builders = [context.Process(target=build, args=(root, source, gate, origins)) for _ in range(2)]
    for builder in builders:
        builder.start()
    said = [origins.get() for _ in builders]
    for builder in builders:
        builder.join()
    return said


def test_two_builds_at_once_copy_from_the_mirror(raw: Path, tmp_path: Path):
    put(Path("mirror/mme/mme_v7.csv"), DATA)

    assert built_at_once(tmp_path, "mirror") == ["copied from mirror/mme/mme_v7.csv"] * 2
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]


def test_two_builds_at_once_download_a_file_once(raw: Path, tmp_path: Path, server: Server):
    assert built_at_once(tmp_path, server.address) == [f"downloaded from {server.address}/mme_v7.csv"] * 2
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]
    assert server.ranges == [None]


def test_what_came_meanwhile_is_never_overwritten(
    raw: Path, server: Server, patience: Patience, monkeypatch: pytest.MonkeyPatch
):
    put(Path("mirror/mme/mme_v7.csv"), DATA)

    @contextmanager
    def overtaken(folder: Path) -> Iterator[None]:
        put(folder / "mme_v7.csv", WRONG)
        yield

    monkeypatch.setattr("detente.data.acquire.alone", overtaken)

    text = refusal(raw, [Path("mirror")], patience, pin(server.address))

    came = f"data/raw/mme/mme_v7.csv came meanwhile: wrong bytes: {found(WRONG)}; left as it is"
    wheres = ("mirror/mme/mme_v7.csv", f"{server.address}/mme_v7.csv")
    assert text == message(block(ABSENT[0], *(f"{where}: {came}" for where in wheres)))
    assert (raw / "mme/mme_v7.csv").read_bytes() == WRONG
    assert server.ranges == []


@pytest.mark.fault("downloads")
def test_a_folder_that_cannot_be_locked_is_written_all_the_same(
    raw: Path, server: Server, patience: Patience, monkeypatch: pytest.MonkeyPatch
):
    def refuse(_: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)

    acquire(sources(pin(server.address)), raw, [], patience=patience)

    assert names(raw / "mme") == ["mme_v7.csv"]


def test_users_who_share_a_folder_can_lock_each_other_out(raw: Path, server: Server, patience: Patience):
    acquire(sources(pin(server.address)), raw, [], patience=patience)

    assert (raw / "mme" / LOCK).stat().st_mode & 0o666 == 0o666


# Reports


def test_all_problems_are_reported_together_and_good_files_are_kept(raw: Path, server: Server, patience: Patience):
    put(raw / "mme/changed.csv", WRONG)
    put(Path("mirror/mme/mirrored.csv"), PAGE)
    put(Path("mirror/mme/good.csv"), DATA)
    server.answers = [server.send(status=404)]
    pins = [pin(server.address, file=f"{name}.csv") for name in ("changed", "mirrored", "good", "gone")]

    text = refusal(raw, [Path("mirror")], patience, *pins)

    assert text == message(
        block(
            f"data/raw/mme/changed.csv: wrong bytes: {found(WRONG)}; left as it is: move it away, then run again",
            file="changed.csv",
        ),
        block(
            "data/raw/mme/mirrored.csv: not there",
            f"mirror/mme/mirrored.csv: an HTML page: {found(PAGE)}",
            f"{server.address}/mirrored.csv: HTTP 404 Not Found",
            file="mirrored.csv",
        ),
        block(
            "data/raw/mme/gone.csv: not there",
            "mirror/mme/gone.csv: not there",
            f"{server.address}/gone.csv: HTTP 404 Not Found",
            file="gone.csv",
        ),
        total=4,
    )
    assert names(raw / "mme") == ["changed.csv", "good.csv"]


@pytest.mark.fault("downloads")
def test_a_mirror_that_is_no_folder_is_named(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(status=404)]

    text = refusal(raw, [Path("mirror")], patience, pin(server.address))

    assert "  mirror/mme/mme_v7.csv: not there, and there is no folder mirror\n" in text


@pytest.mark.fault("downloads")
def test_of_several_folders_those_that_are_none_are_named(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(status=404)]
    Path("second").mkdir()

    text = refusal(raw, [Path("first"), Path("second"), Path("third")], patience, pin(server.address))

    findings = (
        "first/mme/mme_v7.csv: not there, and there is no folder first",
        "second/mme/mme_v7.csv: not there",
        "third/mme/mme_v7.csv: not there, and there is no folder third",
    )
    assert text == message(block(ABSENT[0], *findings, f"{server.address}/mme_v7.csv: HTTP 404 Not Found"))


def test_verify_tells_problems_apart(tmp_path: Path):
    expected = pin("http://x")
    path = tmp_path / "file"

    assert verify(path, expected) == Problem("not there")
    assert verify(put(path, DATA), expected) is None
    assert verify(put(path, WRONG), expected) == Problem("wrong bytes", found(WRONG))
    assert verify(put(path, PAGE), expected) == Problem("an HTML page", found(PAGE))
    assert verify(tmp_path, expected) == Problem("unreadable", "Is a directory")


def test_a_page_that_was_pinned_is_no_problem(tmp_path: Path):
    assert verify(put(tmp_path / "list.html", PAGE), pin("http://x", PAGE)) is None


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("terminal", "progress"), [(True, None), (True, False), (False, None), (False, True)])
def test_progress_is_shown_on_a_terminal_or_where_asked_for(
    raw: Path,
    server: Server,
    patience: Patience,
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,
    progress: bool | None,
):
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    acquire(sources(pin(server.address)), raw, [], patience=patience, progress=progress)

    assert ("mme/mme_v7.csv" in stream.getvalue()) == (terminal if progress is None else progress)
    assert bool(stream.getvalue()) == (terminal if progress is None else progress)


# Receipts


@pytest.mark.fault("downloads")
def test_receipts_name_files_that_changed_or_went_since(raw: Path, server: Server, patience: Patience):
    pins = [pin(server.address, file=f"{name}.csv") for name in ("same", "gone", "changed", "short")]
    receipt = acquire(sources(*pins), raw, [], patience=patience)[0]
    path = put(Path("receipts/mme.json"), json.dumps(receipt.document()).encode())
    assert broken([path]) == []

    (raw / "mme/gone.csv").unlink()
    put(raw / "mme/changed.csv", WRONG)
    put(raw / "mme/short.csv", DATA[:-1])

    assert broken([path]) == [f"data/raw/mme/{name}.csv" for name in ("gone", "changed", "short")]


@pytest.mark.fault("downloads")
@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"files": [{"path": "x"}]}', b"\xff"])
def test_a_receipt_that_cannot_be_read_is_broken_itself(tmp_path: Path, content: bytes):
    path = put(tmp_path / "mme.json", content)

    assert broken([path, tmp_path / "none.json"]) == [str(path), str(tmp_path / "none.json")]


def test_start_up_imports_nothing_heavy():
    heavy = "{'httpx', 'tqdm', 'pydantic', 'yaml', 'pandas', 'numpy'}"
    code = f"import sys, detente.data.acquire; print(sorted({heavy} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
