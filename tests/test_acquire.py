"""Raw files arrive whole or not at all, from whichever place has them, and every failure says what to do."""

from __future__ import annotations

import argparse
import errno
import functools
import hashlib
import io
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from detente.acquire import Patience, Problem, acquire, broken, verify
from detente.cli import acquire as command
from detente.config import SourceFile, SourceRecord, load_project
from detente.errors import ConfigError, RawFilesUnavailable

REPOSITORY = Path(__file__).parents[1]
DATA = bytes(range(256)) * 16
WRONG = DATA[::-1]
PAGE = b"\xef\xbb\xbf\n<!-- portal --><!DOCTYPE html>\n<html><body>Please log in</body></html>"
Answer = Callable[[BaseHTTPRequestHandler], None]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def found(data: bytes) -> str:
    return f"found {len(data):,} bytes, sha256 {sha256(data)}"


@dataclass
class Server:
    """A server on this machine that gives `answers` in turn (the last for ever) and notes what was asked."""

    address: str
    answers: list[Answer] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    bodies: list[int] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.ranges.append(handler.headers["Range"])
        self.bodies.append(0)
        (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(handler)

    def send(
        self,
        body: bytes = DATA,
        *,
        status: int = 200,
        ranged: bool = True,
        stop: int | None = None,
        stall: bool = False,
        **headers: str,
    ) -> Answer:
        """Answer with `body`, breaking off or stalling after `stop` bytes if that is given."""

        def give(handler: BaseHTTPRequestHandler) -> None:
            start, code = 0, status
            if ranged and handler.headers["Range"]:
                start, code = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-")), 206
            handler.send_response(code)
            if code == 206:
                handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(body) - start))
            handler.end_headers()
            sent = body[start:] if stop is None else body[start:stop]
            handler.wfile.write(sent)
            handler.wfile.flush()
            self.bodies[-1] = len(sent)
            if stall:
                self.released.wait(5)

        return give


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    script: Server

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script = Server(f"http://127.0.0.1:{http.server_port}")
    script.answers = [script.send()]
    thread = threading.Thread(target=functools.partial(http.serve_forever, poll_interval=0.01), daemon=True)
    thread.start()
    yield script
    script.released.set()
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def patience(pauses: list[float]) -> Patience:
    return Patience(connect=1.0, read=0.2, retries=2, sleep=pauses.append)


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("data/raw")


def pin(address: str, data: bytes = DATA, file: str = "mme_v7.csv") -> SourceFile:
    return SourceFile(file=file, address=f"{address}/{file}", sha256=sha256(data), bytes=len(data))


def sources(*pins: SourceFile) -> dict[str, SourceRecord]:
    return {
        "mme": SourceRecord(title="Exercises", version="7", citation="-", terms="-", years=(1980, 2010), files=pins)
    }


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def message(*blocks: str, total: int = 1) -> str:
    """The whole of an error's text around its `blocks`."""
    ways = (
        "Three ways on:\n"
        "  1. put the file into data/raw/<slug>/ yourself;\n"
        "  2. name a folder that holds it as <slug>/<file>: in the environment variable DETENTE_MIRROR, "
        "or as `mirror:` in the study's file;\n"
        "  3. connect to the network and run again: a download that broke off goes on where it stopped.\n"
        "Files are described in config/sources.yaml. Simulated data never take the place of observed ones."
    )
    return "\n\n".join([f"{len(blocks)} of {total} raw files cannot be had; nothing else was started.", *blocks, ways])


def block(*places: str, data: bytes = DATA, file: str = "mme_v7.csv") -> str:
    expected = f"  expected {len(data):,} bytes, sha256 {sha256(data)}"
    return "\n".join([f"mme/{file}", expected, *(f"  {place}" for place in places)])


def refusal(raw: Path, mirror: Path | None, patience: Patience, *pins: SourceFile) -> str:
    with pytest.raises(RawFilesUnavailable) as caught:
        acquire(sources(*pins), raw, mirror, patience=patience)
    return str(caught.value)


ABSENT = ("data/raw/mme/mme_v7.csv: not there", "mirror: none is set")


def from_address(server: Server, finding: str) -> str:
    return message(block(*ABSENT, f"{server.address}/mme_v7.csv: {finding}"))


# Where a file comes from


def test_a_file_in_place_touches_neither_mirror_nor_network(raw: Path, server: Server, patience: Patience):
    path = put(raw / "mme/mme_v7.csv", DATA)
    before = path.stat().st_mtime_ns

    receipts = acquire(sources(pin(server.address)), raw, Path("no/mirror"), patience=patience)

    assert [(r.slug, f.path, f.origin) for r in receipts for f in r.files] == [("mme", path, "in place")]
    assert server.ranges == []
    assert path.stat().st_mtime_ns == before


def test_a_mirror_is_copied_from_before_any_download(raw: Path, server: Server, patience: Patience):
    put(Path("mirror/mme/mme_v7.csv"), DATA)

    receipts = acquire(sources(pin(server.address)), raw, Path("mirror"), patience=patience)

    assert receipts[0].files[0].origin == "copied from mirror/mme/mme_v7.csv"
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]
    assert server.ranges == []


def test_an_address_is_downloaded_from_last(raw: Path, server: Server, patience: Patience):
    receipts = acquire(sources(pin(server.address)), raw, Path("mirror"), patience=patience)

    assert receipts[0].files[0].origin == f"downloaded from {server.address}/mme_v7.csv"
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]
    assert server.ranges == [None]


def test_a_mirror_with_wrong_bytes_gives_way_to_the_address(raw: Path, server: Server, patience: Patience):
    put(Path("mirror/mme/mme_v7.csv"), WRONG)

    acquire(sources(pin(server.address)), raw, Path("mirror"), patience=patience)

    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert Path("mirror/mme/mme_v7.csv").read_bytes() == WRONG


def test_a_redirect_is_followed(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(b"", status=302, Location="/elsewhere"), server.send()]

    acquire(sources(pin(server.address)), raw, None, patience=patience)

    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA


def test_files_may_lie_in_folders_of_their_own(raw: Path, server: Server, patience: Patience):
    acquire(sources(pin(server.address, file="v7/mme.csv")), raw, None, patience=patience)

    assert (raw / "mme/v7/mme.csv").read_bytes() == DATA


# What is in data/raw is never touched


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

    text = refusal(raw, Path("mirror"), patience, pin(server.address))

    way = "left as it is: move it away, then run again"
    assert text == message(block(f"data/raw/mme/mme_v7.csv: {finding}; {way}"))
    assert path.read_bytes() == data
    assert server.ranges == []


def test_a_dangling_link_in_data_raw_is_kept_and_reported(raw: Path, server: Server, patience: Patience):
    path = raw / "mme/mme_v7.csv"
    path.parent.mkdir(parents=True)
    path.symlink_to("gone")

    text = refusal(raw, None, patience, pin(server.address))

    assert "data/raw/mme/mme_v7.csv: not there; left as it is: move it away, then run again" in text
    assert path.is_symlink()


def test_a_folder_in_the_place_of_a_file_is_kept_and_reported(raw: Path, server: Server, patience: Patience):
    (raw / "mme/mme_v7.csv").mkdir(parents=True)

    text = refusal(raw, None, patience, pin(server.address))

    assert "data/raw/mme/mme_v7.csv: unreadable: Is a directory; left as it is" in text
    assert (raw / "mme/mme_v7.csv").is_dir()


# Two builds at once


def build(root: Path, source: str, gate: Barrier, origins: Queue[str]) -> None:
    """A process of its own that acquires one file; copying takes it a while."""
    copyfile = shutil.copyfile

    def slowly(one: Path, other: Path) -> None:
        copyfile(one, other)
        time.sleep(0.3)

    os.chdir(root)
    shutil.copyfile = slowly
    gate.wait(timeout=30)
    try:
        mirror = None if source.startswith("http") else Path(source)
        address = source if source.startswith("http") else "http://127.0.0.1:9"
        receipts = acquire(sources(pin(address)), Path("data/raw"), mirror, patience=Patience(retries=0))
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
    said = [origins.get(timeout=60) for _ in builders]
    for builder in builders:
        builder.join(timeout=30)
    return said


def test_two_builds_at_once_copy_from_the_mirror(raw: Path, tmp_path: Path):
    put(Path("mirror/mme/mme_v7.csv"), DATA)

    assert built_at_once(tmp_path, "mirror") == ["copied from mirror/mme/mme_v7.csv"] * 2
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]


def test_two_builds_at_once_download_a_file_once(raw: Path, tmp_path: Path, server: Server):
    send = server.send()

    def slowly(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.3)
        send(handler)

    server.answers = [slowly]

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

    monkeypatch.setattr("detente.acquire.alone", overtaken)

    text = refusal(raw, Path("mirror"), patience, pin(server.address))

    came = f"data/raw/mme/mme_v7.csv came meanwhile: wrong bytes: {found(WRONG)}; left as it is"
    wheres = ("mirror/mme/mme_v7.csv", f"{server.address}/mme_v7.csv")
    assert text == message(block(ABSENT[0], *(f"{where}: {came}" for where in wheres)))
    assert (raw / "mme/mme_v7.csv").read_bytes() == WRONG
    assert server.ranges == []


def test_a_folder_that_cannot_be_locked_is_written_all_the_same(
    raw: Path, server: Server, patience: Patience, monkeypatch: pytest.MonkeyPatch
):
    def refuse(_: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)

    acquire(sources(pin(server.address)), raw, None, patience=patience)

    assert names(raw / "mme") == ["mme_v7.csv"]


# Bad networks


def test_a_server_in_trouble_is_asked_again(raw: Path, server: Server, patience: Patience, pauses: list[float]):
    server.answers = [server.send(status=500), server.send(status=503), server.send()]

    acquire(sources(pin(server.address)), raw, None, patience=patience)

    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert pauses == [1.0, 2.0]


def test_retries_end(raw: Path, server: Server, patience: Patience, pauses: list[float]):
    server.answers = [server.send(status=500)]

    text = refusal(raw, None, patience, pin(server.address))

    assert text == from_address(server, "HTTP 500 Internal Server Error (attempts: 3)")
    assert len(server.ranges) == 3
    assert pauses == [1.0, 2.0]
    assert names(raw / "mme") == []


def test_a_wait_that_the_server_asks_for_is_kept(raw: Path, server: Server, patience: Patience, pauses: list[float]):
    soon = formatdate(usegmt=True)
    server.answers = [
        server.send(status=429, Retry_After="7"),
        server.send(status=503, Retry_After=soon),
        server.send(),
    ]

    acquire(sources(pin(server.address)), raw, None, patience=patience)

    assert pauses == [7.0, 2.0]


def test_a_wait_that_is_too_long_is_reported(raw: Path, server: Server, patience: Patience, pauses: list[float]):
    server.answers = [server.send(status=429, Retry_After="3600")]

    text = refusal(raw, None, patience, pin(server.address))

    assert text == from_address(server, "HTTP 429 Too Many Requests; the server asks to wait 3,600 s")
    assert pauses == []


def test_a_broken_download_goes_on_where_it_stopped(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(stop=1500), server.send(stop=3000), server.send()]

    acquire(sources(pin(server.address)), raw, None, patience=patience)

    assert server.ranges == [None, "bytes=1500-", "bytes=3000-"]
    assert server.bodies == [1500, 1500, 1096]
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]


def test_a_broken_download_goes_on_in_the_next_run(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(stop=1500), server.send(stop=1500)]

    text = refusal(raw, None, patience, pin(server.address))

    assert text == from_address(server, "the connection broke after 1,500 of 4,096 bytes (attempts: 3)")
    assert names(raw / "mme") == ["mme_v7.csv.part"]
    assert (raw / "mme/mme_v7.csv.part").read_bytes() == DATA[:1500]
    server.answers, server.ranges, server.bodies = [server.send()], [], []

    acquire(sources(pin(server.address)), raw, None, patience=patience)

    assert (server.ranges, server.bodies) == (["bytes=1500-"], [2596])
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]


def test_a_server_that_ignores_ranges_sends_the_file_from_the_start(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(stop=1500), server.send(ranged=False)]

    acquire(sources(pin(server.address)), raw, None, patience=patience)

    assert server.ranges == [None, "bytes=1500-"]
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA


def test_a_server_that_sends_another_range_is_asked_for_the_whole(raw: Path, server: Server, patience: Patience):
    put(raw / "mme/mme_v7.csv.part", DATA[:1500])
    other = server.send(DATA[9:], ranged=False, status=206, Content_Range="bytes 9-4095/4096")
    server.answers = [other, server.send()]

    acquire(sources(pin(server.address)), raw, None, patience=patience)

    assert server.ranges == ["bytes=1500-", None]
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA


@pytest.mark.parametrize(
    ("part", "asked"),
    [
        (WRONG[:1500], ["bytes=1500-", None]),
        (WRONG, [None]),
        (DATA + b"x", [None]),
    ],
)
def test_a_bad_partial_file_is_thrown_away(
    raw: Path, server: Server, patience: Patience, part: bytes, asked: list[str | None]
):
    put(raw / "mme/mme_v7.csv.part", part)

    acquire(sources(pin(server.address)), raw, None, patience=patience)

    assert server.ranges == asked
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]


def test_a_complete_partial_file_needs_no_network(raw: Path, server: Server, patience: Patience):
    put(raw / "mme/mme_v7.csv.part", DATA)

    acquire(sources(pin(server.address)), raw, None, patience=patience)

    assert server.ranges == []
    assert names(raw / "mme") == ["mme_v7.csv"]


def test_a_range_refused_starts_from_zero(raw: Path, server: Server, patience: Patience):
    put(raw / "mme/mme_v7.csv.part", DATA[:1500])
    server.answers = [server.send(b"", ranged=False, status=416), server.send()]

    acquire(sources(pin(server.address)), raw, None, patience=patience)

    assert server.ranges == ["bytes=1500-", None]
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA


def test_a_missing_page_is_not_asked_for_again(raw: Path, server: Server, patience: Patience, pauses: list[float]):
    server.answers = [server.send(PAGE, status=404)]

    text = refusal(raw, None, patience, pin(server.address))

    assert text == from_address(server, "HTTP 404 Not Found")
    assert len(server.ranges) == 1
    assert pauses == []
    assert names(raw / "mme") == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [(PAGE, "an HTML page"), (b"<html>\n", "an HTML page"), (WRONG, "wrong bytes"), (b"", "wrong bytes")],
)
def test_what_came_back_instead_is_named_and_not_kept(
    raw: Path, server: Server, patience: Patience, body: bytes, kind: str
):
    server.answers = [server.send(body)]

    text = refusal(raw, None, patience, pin(server.address))

    assert text == from_address(server, f"{kind} came back: {found(body)}")
    assert len(server.ranges) == 1
    assert names(raw / "mme") == []


def test_a_silent_server_is_given_up(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(stop=100, stall=True)]

    text = refusal(raw, None, replace(patience, retries=0), pin(server.address))

    finding = "timed out: nothing came for 0.2 s after 100 of 4,096 bytes (attempts: 1)"
    assert text == from_address(server, finding)
    assert names(raw / "mme") == ["mme_v7.csv.part"]


def test_a_host_that_cannot_be_reached_is_asked_for_one_file_alone(
    raw: Path, patience: Patience, pauses: list[float], server: Server
):
    host = f"127.0.0.1:{closed_port()}"
    pins = [pin(f"http://{host}", file=name) for name in ("first.csv", "second.csv")]

    text = refusal(raw, None, patience, *pins)

    refused = f"no connection to {host} ([Errno {errno.ECONNREFUSED}] {os.strerror(errno.ECONNREFUSED)})"
    assert text == message(
        block(
            "data/raw/mme/first.csv: not there",
            "mirror: none is set",
            f"http://{host}/first.csv: {refused} (attempts: 3)",
            file="first.csv",
        ),
        block(
            "data/raw/mme/second.csv: not there",
            "mirror: none is set",
            f"http://{host}/second.csv: {refused}, so not asked again",
            file="second.csv",
        ),
        total=2,
    )
    assert pauses == [1.0, 2.0]


def test_a_host_that_swallows_packets_counts_as_unreachable(
    raw: Path, server: Server, patience: Patience, monkeypatch: pytest.MonkeyPatch
):
    def swallow(_: object, request: httpx.Request) -> None:
        raise httpx.ConnectTimeout("timed out", request=request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", swallow)
    pins = [pin("http://far.example", file=name) for name in ("first.csv", "second.csv")]

    text = refusal(raw, None, patience, *pins)

    silent = "no connection to far.example (no answer within 1 s)"
    assert f"http://far.example/first.csv: {silent} (attempts: 3)\n" in text
    assert f"http://far.example/second.csv: {silent}, so not asked again\n" in text


def test_an_unusable_proxy_is_reported(raw: Path, server: Server, patience: Patience, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ALL_PROXY", "gopher://proxy")

    text = refusal(raw, None, patience, pin(server.address))

    assert f"{server.address}/mme_v7.csv: the HTTP client cannot be set up (" in text


# Folders and disks


def test_a_file_in_the_place_of_a_folder_is_reported(raw: Path, server: Server, patience: Patience):
    put(Path("data/raw"), b"not a folder")
    put(Path("mirror/mme/mme_v7.csv"), DATA)

    text = refusal(raw, Path("mirror"), patience, pin(server.address))

    obstacle = "cannot be saved in data/raw/mme: a file stands where a folder should be (Not a directory)"
    assert text == message(block(ABSENT[0], f"mirror/mme/mme_v7.csv: {obstacle}"))
    assert server.ranges == []


def test_a_read_only_folder_is_reported(raw: Path, server: Server, patience: Patience):
    (raw / "mme").mkdir(parents=True)
    (raw / "mme").chmod(0o555)
    if os.access(raw / "mme", os.W_OK):
        pytest.skip("this user (root?) may write into read-only folders")

    text = refusal(raw, None, patience, pin(server.address))

    (raw / "mme").chmod(0o755)
    assert "cannot be saved in data/raw/mme: the folder is read-only (Permission denied)" in text


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
        (errno.EACCES, "the folder is read-only (Permission denied)"),
        (errno.EROFS, "the folder is read-only (Read-only file system)"),
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

    text = refusal(raw, None, patience, pin(server.address))

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

    text = refusal(raw, Path("mirror"), patience, pin(server.address))

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

    text = refusal(raw, Path("mirror"), patience, pin(server.address))

    assert f"mirror/mme/mme_v7.csv: wrong bytes: {found(WRONG)}, after copying\n" in text
    assert names(raw / "mme") == []


# Reports


def test_all_problems_are_reported_together_and_good_files_are_kept(raw: Path, server: Server, patience: Patience):
    put(raw / "mme/changed.csv", WRONG)
    put(Path("mirror/mme/mirrored.csv"), PAGE)
    put(Path("mirror/mme/good.csv"), DATA)
    server.answers = [server.send(status=404)]
    pins = [pin(server.address, file=f"{name}.csv") for name in ("changed", "mirrored", "good", "gone")]

    text = refusal(raw, Path("mirror"), patience, *pins)

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


def test_a_mirror_that_is_no_folder_is_named(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(status=404)]

    text = refusal(raw, Path("mirror"), patience, pin(server.address))

    assert "  mirror/mme/mme_v7.csv: not there, and there is no folder mirror\n" in text


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

    acquire(sources(pin(server.address)), raw, None, patience=patience, progress=progress)

    assert ("mme/mme_v7.csv" in stream.getvalue()) == (terminal if progress is None else progress)
    assert bool(stream.getvalue()) == (terminal if progress is None else progress)


# Receipts


def test_receipts_name_files_that_changed_or_went_since(raw: Path, server: Server, patience: Patience):
    pins = [pin(server.address, file=f"{name}.csv") for name in ("same", "gone", "changed", "short")]
    receipt = acquire(sources(*pins), raw, None, patience=patience)[0]
    path = put(Path("receipts/mme.json"), json.dumps(receipt.document()).encode())
    assert broken([path]) == []

    (raw / "mme/gone.csv").unlink()
    put(raw / "mme/changed.csv", WRONG)
    put(raw / "mme/short.csv", DATA[:-1])

    assert broken([path]) == [f"data/raw/mme/{name}.csv" for name in ("gone", "changed", "short")]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"files": [{"path": "x"}]}', b"\xff"])
def test_a_receipt_that_cannot_be_read_is_broken_itself(tmp_path: Path, content: bytes):
    path = put(tmp_path / "mme.json", content)

    assert broken([path, tmp_path / "none.json"]) == [str(path), str(tmp_path / "none.json")]


def test_start_up_imports_nothing_heavy():
    heavy = "{'httpx', 'tqdm', 'pydantic', 'yaml', 'pandas', 'numpy'}"
    code = f"import sys, detente.acquire; print(sorted({heavy} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


# The command


@pytest.fixture
def project(tmp_path: Path, raw: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped configuration with one raw file, which is in the study's mirror."""
    monkeypatch.delenv("DETENTE_MIRROR", raising=False)
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    listed = {slug: record.model_dump(mode="json") for slug, record in sources(pin(server.address)).items()}
    (tmp_path / "config/sources.yaml").write_text(yaml.safe_dump({"sources": listed}))
    (tmp_path / "study.yaml").write_text("extends: paper\nname: mine\nmirror: shelf\n")
    put(tmp_path / "shelf/mme/mme_v7.csv", DATA)
    return tmp_path


def run(study: str, *more: str) -> None:
    parser = argparse.ArgumentParser()
    command.configure(parser)
    options = ["--root", ".", "--raw", "data/raw", "--receipts", "data/processed/mine/raw"]
    command.run(parser.parse_args([*options, "--study", study, "--override", "study.yaml", *more]))


def test_the_command_writes_receipts_and_says_where_files_came_from(project: Path, capsys: pytest.CaptureFixture[str]):
    run("mine")
    first = Path("data/processed/mine/raw/mme.json").read_bytes()
    run("mine", "--raw", str(project / "data/raw"))

    assert Path("data/processed/mine/raw/mme.json").read_bytes() == first
    assert json.loads(first) == {
        "slug": "mme",
        "files": [
            {
                "file": "mme_v7.csv",
                "path": "data/raw/mme/mme_v7.csv",
                "sha256": sha256(DATA),
                "bytes": len(DATA),
            }
        ],
    }
    printed = "mme/mme_v7.csv: copied from shelf/mme/mme_v7.csv\nmme/mme_v7.csv: in place\n"
    assert capsys.readouterr().out == printed


def test_the_mirror_of_the_environment_wins(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    put(project / "other/mme/mme_v7.csv", DATA)
    monkeypatch.setenv("DETENTE_MIRROR", "other")

    run("mine")

    assert capsys.readouterr().out == "mme/mme_v7.csv: copied from other/mme/mme_v7.csv\n"


def test_no_receipt_is_written_for_files_that_cannot_be_had(
    project: Path, server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DETENTE_MIRROR", "nowhere")
    server.answers = [server.send(status=404)]

    with pytest.raises(RawFilesUnavailable):
        run("mine")

    assert not Path("data/processed").exists()


def test_a_simulated_study_acquires_nothing(project: Path):
    with pytest.raises(ConfigError) as caught:
        run("demo")

    assert str(caught.value) == (
        "study 'demo' is set in a simulated world: its raw files are simulated, never acquired"
    )
    assert not Path("data").exists()


def test_a_source_that_is_unknown_is_refused(project: Path):
    with pytest.raises(ConfigError) as caught:
        run("mine", "--only", "mmee", "mme")

    assert str(caught.value).startswith("--only: 'mmee' is no source; legal values: atop-4.01, bara-hultman, ")
    assert str(caught.value).endswith(
        ", mme, nuclear, pko-shortfall, polity5, quickuds, rivers-tfdd, tamm, troopdata, "
        "ucdp-prio-acd, ucdp-prio-acd-civil, un-pko-list, unga-idealpoints, vdem; nearest: 'mme'"
    )


def test_some_sources_can_be_chosen(project: Path):
    record = sources(pin("http://x"))["mme"]

    assert list(command.chosen({"b": record, "a": record, "c": record}, ["c", "b"])) == ["b", "c"]


@pytest.mark.record
def test_the_pinned_files_are_the_files_of_the_record(raw: Path, patience: Patience):
    mirror = Path(os.environ.get("DETENTE_MIRROR") or REPOSITORY.parent / "shared/mirror")
    if not mirror.is_dir():
        pytest.skip("the observed raw files are not at hand: set DETENTE_MIRROR")
    pinned = load_project(REPOSITORY).sources

    receipts = acquire(pinned, raw, mirror, patience=replace(patience, retries=0))

    assert {r.slug: len(r.files) for r in receipts} == {slug: len(s.files) for slug, s in pinned.items()}
    assert {f.origin.split()[0] for r in receipts for f in r.files} == {"copied"}
