"""Bad networks: what breaks off goes on, and what came back instead is named."""

from __future__ import annotations

import errno
import gzip
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from detente.data.acquire import Patience, acquire
from detente.data.acquire.download import DeliveryError, Downloader

from support.acquiring import (
    DATA,
    PAGE,
    WRONG,
    Server,
    block,
    closed_port,
    found,
    from_address,
    message,
    names,
    pin,
    put,
    refusal,
    sources,
)

pytestmark = pytest.mark.fault("downloads")

# Bad networks


def test_a_server_in_trouble_is_asked_again(raw: Path, server: Server, patience: Patience, pauses: list[float]):
    server.answers = [server.send(status=500), server.send(status=503), server.send()]

    acquire(sources(pin(server.address)), raw, [], patience=patience)

    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert pauses == [1.0, 2.0]


def test_retries_end(raw: Path, server: Server, patience: Patience, pauses: list[float]):
    server.answers = [server.send(status=500)]

    text = refusal(raw, [], patience, pin(server.address))

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

    acquire(sources(pin(server.address)), raw, [], patience=patience)

    assert pauses == [7.0, 2.0]


def test_a_wait_that_is_too_long_is_reported(raw: Path, server: Server, patience: Patience, pauses: list[float]):
    server.answers = [server.send(status=429, Retry_After="3600")]

    text = refusal(raw, [], patience, pin(server.address))

    assert text == from_address(server, "HTTP 429 Too Many Requests; the server asks to wait 3,600 s")
    assert pauses == []


def test_a_broken_download_goes_on_where_it_stopped(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(stop=1500), server.send(stop=3000), server.send()]

    acquire(sources(pin(server.address)), raw, [], patience=patience)

    assert server.ranges == [None, "bytes=1500-", "bytes=3000-"]
    assert server.bodies == [1500, 1500, 1096]
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]


def test_a_broken_download_goes_on_in_the_next_run(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(stop=1500), server.send(stop=1500)]

    text = refusal(raw, [], patience, pin(server.address))

    assert text == from_address(server, "the connection broke after 1,500 of 4,096 bytes (attempts: 3)")
    assert names(raw / "mme") == ["mme_v7.csv.part"]
    assert (raw / "mme/mme_v7.csv.part").read_bytes() == DATA[:1500]
    server.answers, server.ranges, server.bodies = [server.send()], [], []

    acquire(sources(pin(server.address)), raw, [], patience=patience)

    assert (server.ranges, server.bodies) == (["bytes=1500-"], [2596])
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]


def test_a_server_that_ignores_ranges_sends_the_file_from_the_start(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(stop=1500), server.send(ranged=False)]

    acquire(sources(pin(server.address)), raw, [], patience=patience)

    assert server.ranges == [None, "bytes=1500-"]
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA


def test_a_server_that_sends_another_range_is_asked_for_the_whole(raw: Path, server: Server, patience: Patience):
    put(raw / "mme/mme_v7.csv.part", DATA[:1500])
    other = server.send(DATA[9:], ranged=False, status=206, Content_Range="bytes 9-4095/4096")
    server.answers = [other, server.send()]

    acquire(sources(pin(server.address)), raw, [], patience=patience)

    assert server.ranges == ["bytes=1500-", None]
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA


@pytest.mark.parametrize(
    ("part", "asked"), [(WRONG[:1500], ["bytes=1500-", None]), (WRONG, [None]), (DATA + b"x", [None])]
)
def test_a_bad_partial_file_is_thrown_away(
    raw: Path, server: Server, patience: Patience, part: bytes, asked: list[str | None]
):
    put(raw / "mme/mme_v7.csv.part", part)

    acquire(sources(pin(server.address)), raw, [], patience=patience)

    assert server.ranges == asked
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]


def test_a_complete_partial_file_needs_no_network(raw: Path, server: Server, patience: Patience):
    put(raw / "mme/mme_v7.csv.part", DATA)

    acquire(sources(pin(server.address)), raw, [], patience=patience)

    assert server.ranges == []
    assert names(raw / "mme") == ["mme_v7.csv"]


def test_a_range_refused_starts_from_zero(raw: Path, server: Server, patience: Patience):
    put(raw / "mme/mme_v7.csv.part", DATA[:1500])
    server.answers = [server.send(b"", ranged=False, status=416), server.send()]

    acquire(sources(pin(server.address)), raw, [], patience=patience)

    assert server.ranges == ["bytes=1500-", None]
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA


def test_a_missing_page_is_not_asked_for_again(raw: Path, server: Server, patience: Patience, pauses: list[float]):
    server.answers = [server.send(PAGE, status=404)]

    text = refusal(raw, [], patience, pin(server.address))

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

    text = refusal(raw, [], patience, pin(server.address))

    assert text == from_address(server, f"{kind} came back: {found(body)}")
    assert len(server.ranges) == 1
    assert names(raw / "mme") == []


def test_no_more_is_read_than_was_pinned(raw: Path, server: Server, patience: Patience):
    """The server never comes to the end of its 64 MB, as the connection is closed before."""
    server.answers = [server.send(DATA * 16384)]

    text = refusal(raw, [], patience, pin(server.address))

    assert text == from_address(server, "more than the 4,096 bytes that are pinned came back")
    assert server.bodies == [0]
    assert names(raw / "mme") == []


def test_a_page_longer_than_the_file_is_still_called_a_page(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(PAGE + b"x" * len(DATA))]

    assert "an HTML page came back: " in refusal(raw, [], patience, pin(server.address))


def test_a_server_that_takes_for_ever_is_given_up_and_gone_on_from(raw: Path, server: Server, patience: Patience):
    data, hours = DATA * 256, iter(range(10_000))
    slow = replace(patience, total=2 * 3600.0, clock=lambda: 3600.0 * next(hours))
    server.answers = [server.send(data)]

    text = refusal(raw, [], slow, pin(server.address, data))

    came = (raw / "mme/mme_v7.csv.part").stat().st_size
    assert 0 < came < len(data)
    said = f"not done after 7,200 s after {came:,} of {len(data):,} bytes; what came is kept, and the next run goes on"
    assert said in text
    acquire(sources(pin(server.address, data)), raw, [], patience=patience)
    assert (raw / "mme/mme_v7.csv").read_bytes() == data
    assert server.ranges == [None, f"bytes={came}-"]


def test_a_server_whose_headers_never_end_is_given_up(raw: Path, server: Server, patience: Patience):
    """Every byte comes within the time that a silence may last; only the time of the whole file ends it."""

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        with suppress(OSError):
            while not server.released.wait(0.02):
                handler.wfile.write(b"x")

    server.answers = [drip]

    text = refusal(raw, [], replace(patience, total=0.5), pin(server.address))

    assert text == from_address(server, "not done after 0.5 s")
    assert names(raw / "mme") == []


def test_a_pause_for_which_no_time_is_left_is_not_made(
    raw: Path, server: Server, patience: Patience, pauses: list[float]
):
    server.answers = [server.send(status=429, Retry_After="50")]

    text = refusal(raw, [], replace(patience, total=40.0), pin(server.address))

    assert text == from_address(server, "HTTP 429 Too Many Requests; no time is left for another attempt")
    assert pauses == []


def test_a_body_that_unpacks_to_more_than_is_pinned_is_cut_off(raw: Path, server: Server, patience: Patience):
    """Packed in spite of the request: 64 MB in 64 kB, of which one byte more than the pin is written."""
    server.answers = [server.send(gzip.compress(bytes(1 << 26)), ranged=False, Content_Encoding="gzip")]
    written: list[int] = []
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        written.extend([path.stat().st_size] if path.suffix == ".part" and path.exists() else [])
        real(path, missing_ok=missing_ok)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "unlink", unlink)
        text = refusal(raw, [], patience, pin(server.address))

    assert text == from_address(server, "more than the 4,096 bytes that are pinned came back")
    assert written == [len(DATA) + 1]


def test_an_endless_answer_to_a_question_is_cut_off(server: Server, patience: Patience):
    server.answers = [server.send(bytes(1 << 21))]

    with pytest.raises(DeliveryError, match=r"answers with more than 1,048,576 bytes$"):
        Downloader(patience, progress=False).post(server.address, b"{}", {})


class Silence(httpx.SyncByteStream):
    """A body of which a part comes, and then nothing for as long as one waits."""

    def __iter__(self) -> Iterator[bytes]:
        yield DATA[:100]
        raise httpx.ReadTimeout("timed out")


def test_a_silent_server_is_given_up(raw: Path, server: Server, patience: Patience, monkeypatch: pytest.MonkeyPatch):
    waits, client = [], httpx.Client

    def answer(request: httpx.Request) -> httpx.Response:
        waits.append(request.extensions["timeout"]["read"])
        return httpx.Response(200, headers={"Content-Length": str(len(DATA))}, stream=Silence())

    monkeypatch.setattr(httpx, "Client", lambda **said: client(**said, transport=httpx.MockTransport(answer)))
    text = refusal(raw, [], replace(patience, read=2.0, retries=0), pin(server.address))

    finding = "timed out: nothing came for 2 s after 100 of 4,096 bytes (attempts: 1)"
    assert waits == [2.0]
    assert text == from_address(server, finding)
    assert names(raw / "mme") == ["mme_v7.csv.part"]


def test_a_host_that_cannot_be_reached_is_asked_for_one_file_alone(
    raw: Path, patience: Patience, pauses: list[float], server: Server
):
    host = f"127.0.0.1:{closed_port()}"
    pins = [pin(f"http://{host}", file=name) for name in ("first.csv", "second.csv")]

    text = refusal(raw, [], patience, *pins)

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

    text = refusal(raw, [], patience, *pins)

    silent = f"no connection to far.example (no answer within {patience.connect:g} s)"
    assert f"http://far.example/first.csv: {silent} (attempts: 3)\n" in text
    assert f"http://far.example/second.csv: {silent}, so not asked again\n" in text


def test_an_unusable_proxy_is_reported(raw: Path, server: Server, patience: Patience, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ALL_PROXY", "gopher://proxy")

    text = refusal(raw, [], patience, pin(server.address))

    assert f"{server.address}/mme_v7.csv: the HTTP client cannot be set up (" in text


@pytest.mark.parametrize("proxy", ["gopher://{who}@proxy", "http://{who}@127.0.0.1:{port}", "http://{who}@p:x"])
def test_the_password_of_a_proxy_is_never_printed(
    raw: Path, patience: Patience, monkeypatch: pytest.MonkeyPatch, proxy: str
):
    monkeypatch.setenv("ALL_PROXY", proxy.format(who="me:secret", port=closed_port()))

    text = refusal(raw, [], patience, pin("http://far.example"))

    assert "secret" not in text


def test_a_proxy_that_cannot_be_reached_is_named(raw: Path, patience: Patience, monkeypatch: pytest.MonkeyPatch):
    for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    who = ":".join(("me", "secret"))
    monkeypatch.setenv("ALL_PROXY", f"http://{who}@127.0.0.1:{(port := closed_port())}/")

    text = refusal(raw, [], patience, pin("http://far.example"))

    assert f"no connection to far.example by the proxy 127.0.0.1:{port} of the environment (" in text
