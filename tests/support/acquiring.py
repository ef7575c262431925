"""A server on this machine, raw files and their pins, and the whole text of what is said of them."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from detente.base.errors import RawFilesUnavailable
from detente.data.acquire import Patience, acquire
from detente.data.acquire.download import LOCK
from detente.data.pins import SourceFile, SourceRecord

REPOSITORY = Path(__file__).parents[2]
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
    paths: list[str] = field(default_factory=list)
    posted: list[tuple[str, bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.ranges.append(handler.headers["Range"])
        self.bodies.append(0)
        self.paths.append(handler.path)
        (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(handler)

    def send(
        self, body: bytes = DATA, *, status: int = 200, ranged: bool = True, stop: int | None = None, **headers: str
    ) -> Answer:
        """Answer with `body`, breaking off after `stop` bytes if that is given."""

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

        return give


def blob(data: bytes) -> str:
    """Git's id of content, as `git hash-object` prints it."""
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()


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


def merged(folders: Iterable[Path], into: Path) -> Path:
    """A folder of links to every file of `folders`, to the first where several have one of the same name."""
    for folder in folders:
        for path in folder.glob("*/**/*"):
            link = into / path.relative_to(folder)
            if path.is_file() and not link.exists():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(path.resolve())
    return into


def names(folder: Path) -> list[str]:
    """What is in a folder, but the file that is locked."""
    return sorted(p.name for p in folder.iterdir() if p.name != LOCK)


def message(*blocks: str, total: int = 1) -> str:
    """The whole of an error's text around its `blocks`."""
    ways = (
        "Three ways on:\n"
        "  1. put the file into data/raw/<slug>/ yourself;\n"
        "  2. name a folder that holds it as <slug>/<file>: in the environment variable DETENTE_MIRROR, "
        "or as `mirror:` in the study's file; several are joined as in PATH, and the first that has it is used;\n"
        "  3. connect to the network and run again: a download that broke off goes on where it stopped; or fetch all "
        "of them on a computer that has one, with `detente fetch --add mme --into FOLDER`, and name the folder as in "
        "2.\n"
        "Files are described in config/sources.yaml. Simulated data never take the place of observed ones."
    )
    return "\n\n".join([f"{len(blocks)} of {total} raw files cannot be had; nothing else was started.", *blocks, ways])


def block(*places: str, data: bytes = DATA, file: str = "mme_v7.csv") -> str:
    expected = f"  expected {len(data):,} bytes, sha256 {sha256(data)}"
    return "\n".join([f"mme/{file}", expected, *(f"  {place}" for place in places)])


def refusal(raw: Path, mirror: Sequence[Path], patience: Patience, *pins: SourceFile) -> str:
    with pytest.raises(RawFilesUnavailable) as caught:
        acquire(sources(*pins), raw, mirror, patience=patience)
    return str(caught.value)


ABSENT = ("data/raw/mme/mme_v7.csv: not there", "mirror: none is set")


def from_address(server: Server, finding: str) -> str:
    return message(block(*ABSENT, f"{server.address}/mme_v7.csv: {finding}"))
