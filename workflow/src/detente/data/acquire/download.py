"""Downloads over bad networks: time-outs, retries with back-off, going on where a connection broke; one at a time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from filelock import FileLock

if TYPE_CHECKING:
    import httpx

# The file that is locked while others of its folder are written.
LOCK = ".lock"
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server (seconds) and how often to ask it again.

    `connect` and `read` are silences after which the server is given up, `backoff` the first pause between
    attempts (doubled each time), `longest` the longest pause that a server may ask for by Retry-After, `total` the time
    that one file may take in all, so that a server that sends a byte now and then does not go on for ever.
    """

    connect: float = 10.0
    read: float = 30.0
    retries: int = 4
    backoff: float = 1.0
    longest: float = 60.0
    total: float = 1800.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


class DeliveryError(Exception):
    """An address did not deliver; the message says why."""


class _PassingError(DeliveryError):
    """A failure that may pass; `wait` is the pause (seconds) that the server asked for."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class _NoConnectionError(_PassingError):
    """The host cannot be reached at all."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process has the `folder`, if its file system knows locks; an empty hidden file is locked."""
    # Whoever may write to the folder may lock it.
    lock = FileLock(folder / LOCK, mode=0o666)
    with suppress(OSError, NotImplementedError):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


class Downloader:
    """The network of one run: one HTTP client, opened when first needed, and the hosts found unreachable."""

    def __init__(self, patience: Patience, *, progress: bool | None) -> None:
        self.patience = patience
        self.progress = progress
        self._unreachable: dict[str, str] = {}
        self._begun = 0.0

    def close(self) -> None:
        """Close the client, if one was opened."""
        if "_client" in vars(self):
            self._client.close()

    def fetch(self, address: str, part: Path, size: int, label: str) -> bool:
        """Bring the body at `address` into `part`, going on from the bytes that `part` already holds.

        Returns whether any of the bytes in `part` come from an earlier attempt or an earlier run. Of a body that is
        longer than `size` no more is read than shows that it is. Raises DeliveryError saying why, after all retries.
        What was received stays in `part`. Raises OSError if `part` cannot be written.
        """
        self._begun = self.patience.clock()
        host = urlsplit(address).netloc
        if host in self._unreachable:
            raise DeliveryError(f"{self._unreachable[host]}, so not asked again")
        attempt = 0
        while True:
            have = _kept(part, size)
            if have == size:
                return True
            try:
                return self._receive(address, part, size, have, label)
            except _PassingError as failure:
                self._pause(failure, attempt, host)
            attempt += 1

    def _pause(self, failure: _PassingError, attempt: int, host: str) -> None:
        """Wait before the next attempt, or give up with `failure`."""
        if failure.wait > self.patience.longest:
            raise DeliveryError(f"{failure}; the server asks to wait {failure.wait:,.0f} s") from failure
        if attempt == self.patience.retries:
            if isinstance(failure, _NoConnectionError):
                self._unreachable[host] = str(failure)
            raise DeliveryError(f"{failure} (attempts: {attempt + 1})") from failure
        self.patience.sleep(max(failure.wait, self.patience.backoff * 2**attempt))

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx

        timeout = httpx.Timeout(self.patience.read, connect=self.patience.connect)
        # A compressed body cannot be resumed at a byte of the file.
        headers = {"Accept-Encoding": "identity", "User-Agent": "detente"}
        try:
            return httpx.Client(follow_redirects=True, timeout=timeout, headers=headers)
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            # Certificates or proxies of the environment (SSL_CERT_FILE, HTTPS_PROXY …) are at fault.
            raise DeliveryError(f"the HTTP client cannot be set up ({secretive(str(error))})") from error

    def _receive(self, address: str, part: Path, size: int, have: int, label: str) -> bool:
        """One request; returns whether its body went on from the `have` bytes of `part`."""
        client = self._client
        import httpx

        headers = {"Range": f"bytes={have}-"} if have else {}
        try:
            with client.stream("GET", address, headers=headers) as response:
                resumed = _answer(response, part, have)
                self._write(response, part, size, have if resumed else 0, label)
                return resumed
        except httpx.ConnectTimeout as error:
            raise _unreached(error, f"no answer within {self.patience.connect:g} s") from error
        except (httpx.ConnectError, httpx.ProxyError) as error:
            raise _unreached(error, secretive(str(error))) from error
        except httpx.TimeoutException as error:
            silence = f"nothing came for {self.patience.read:g} s"
            raise _PassingError(f"timed out: {silence}{_after(part, size)}") from error
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            raise _PassingError(f"the connection broke{_after(part, size)}") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DeliveryError(f"the request failed ({secretive(str(error))})") from error

    def _write(self, response: httpx.Response, part: Path, size: int, start: int, label: str) -> None:
        """Write the body to `part` from byte `start` on, which is 0 or the end of `part`."""
        from tqdm import tqdm

        hidden = None if self.progress is None else not self.progress
        with (
            part.open("ab" if start else "wb") as handle,
            tqdm(total=size, initial=start, unit="B", unit_scale=True, desc=label, leave=False, disable=hidden) as bar,
        ):
            for chunk in response.iter_bytes():
                handle.write(chunk)
                bar.update(len(chunk))
                if handle.tell() >= size:
                    return
                if self.patience.clock() - self._begun > self.patience.total:
                    handle.flush()
                    took = f"not done after {self.patience.total:,.0f} s"
                    raise DeliveryError(f"{took}{_after(part, size)}; what came is kept, and the next run goes on")


def secretive(text: str) -> str:
    """The text without names and passwords of addresses, such as a proxy's."""
    return re.sub(r"//[^/@\s]*@", "//…@", text)


def _unreached(error: httpx.RequestError, why: str) -> _NoConnectionError:
    _, _, host = error.request.url.netloc.decode().rpartition("@")
    return _NoConnectionError(f"no connection to {host} ({why})")


def _kept(part: Path, size: int) -> int:
    """Bytes of an earlier attempt that can be gone on from; a partial file that is too long is removed."""
    if part.exists() and part.stat().st_size > size:
        part.unlink()
    return part.stat().st_size if part.exists() else 0


def _answer(response: httpx.Response, part: Path, have: int) -> bool:
    """Judge the status of an answer: whether its body goes on from byte `have` (else it starts from zero)."""
    status = f"HTTP {response.status_code} {response.reason_phrase}".rstrip()
    if response.status_code == 416:
        part.unlink(missing_ok=True)
        raise _PassingError(status)
    if response.status_code in PASSING:
        raise _PassingError(status, _asked_wait(response))
    if not response.is_success:
        raise DeliveryError(status)
    return have > 0 and response.status_code == 206


def _asked_wait(response: httpx.Response) -> float:
    """Seconds that Retry-After asks for, given as a number or as a date; 0 without one."""
    value = response.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return 0.0


def _after(part: Path, size: int) -> str:
    have = part.stat().st_size if part.exists() else 0
    return f" after {have:,} of {size:,} bytes" if have else ""
