"""Where the tests find the project, the observed record and the published data that serve as oracles."""

from __future__ import annotations

import functools
import gc
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from detente.data import mirror as named_mirror
from detente.data.acquire import SHIPPED, Patience

from support.acquiring import Server, merged
from support.builders import project, tiny
from support.faults import documented, placed, whole

# Fixtures that tests of several packages share.
pytest_plugins = ["support.known_frames"]
ROOT = Path(__file__).resolve().parents[1]
INJECTED = pytest.StashKey[str]()
FIRST = ("test_reliability.py", "test_workflow.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    """What docs/reliability.md counts, made by `pytest --collect-only --faults=docs/reliability.md`."""
    parser.addoption("--faults", metavar="PAGE", type=Path, help="page whose table of injected faults is renewed")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Renew the page's table from the tests that were collected; look for no garbage among these, which all stay."""
    gc.freeze()
    page: Path | None = session.config.getoption("--faults")
    if page:
        page.write_text(placed(page.read_text("utf-8"), documented(session.items)), "utf-8")


def _folder(variable: str) -> Path | None:
    named = os.environ.get(variable)
    return Path(named) if named and Path(named).is_dir() else None


def _at_hand(variable: str, what: str, where: str) -> Path:
    """The folder that a variable of the environment names; the test is skipped, and says so, where it names none."""
    folder = _folder(variable)
    if folder is None:
        pytest.skip(f"{what}: set {variable} to {where}")
    return folder


@pytest.fixture(scope="session")
def injected(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The table of injected faults: of this run if it collected all that inject any, or else of a collection."""
    if INJECTED in request.config.stash:
        return request.config.stash[INJECTED]
    page = Path(shutil.copy(ROOT / "docs/reliability.md", tmp_path_factory.mktemp("faults")))
    call = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", f"--faults={page}"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return page.read_text("utf-8")


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the project."""
    return ROOT


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with a copy of `config/`."""
    return project(tmp_path)


@pytest.fixture(scope="session")
def few_sources() -> str:
    """`config/sources.yaml` with what the shipped studies join, and no more: reading it all takes longest."""
    blocks = yaml.load((ROOT / "config/sources.yaml").read_text("utf-8"), yaml.CSafeLoader)["sources"]
    return yaml.safe_dump({"sources": {slug: blocks[slug] for slug in tiny().sources}})


@pytest.fixture
def bare(copied: Path, few_sources: str) -> Path:
    """The same with few sources, for what is refused before they are looked at."""
    (copied / "config/sources.yaml").write_text(few_sources, encoding="utf-8")
    return copied


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the observed raw files: links to the first of those named that has each, and to hand-coded ones."""
    folders = [folder for folder in named_mirror() if folder.is_dir()]
    if not folders:
        pytest.skip("the observed raw files are not at hand: set DETENTE_MIRROR to folders with <slug>/<file>")
    # Tables of the project's own are read from the package.
    return merged([*folders, SHIPPED], tmp_path_factory.mktemp("mirror"))


@pytest.fixture(scope="session")
def replication() -> Path:
    """Folder of published data and printed numbers."""
    return _at_hand("DETENTE_REPLICATION", "published data are not at hand", "a folder with <slug>/<file>")


@pytest.fixture(scope="session")
def oracles() -> Path:
    """Folder of reference numbers for causal designs (causal.tsv), and of the data that they are of (data/)."""
    return _at_hand("DETENTE_ORACLES", "reference numbers of causal designs are not at hand", "their folder")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server on this machine, asked past every proxy."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    script: Server

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script.answer(self)

        def do_POST(self) -> None:
            script.posted.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
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
    """Seconds that would have been waited."""
    return []


@pytest.fixture
def patience(pauses: list[float]) -> Patience:
    """Little of it, and none spent waiting."""
    return Patience(connect=3600.0, read=3600.0, retries=2, sleep=pauses.append)


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of raw files below an empty current one."""
    monkeypatch.chdir(tmp_path)
    return Path("data/raw")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs the record or published data; begin with the page of faults, then the builds, which take longest.

    The faults that tests inject are counted here, where all that was collected is there, whichever is run.
    """
    for item in items:
        if {"mirror", "replication"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("record")
    if whole(items, ROOT / "tests"):
        config.stash[INJECTED] = documented(items)
    items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))
