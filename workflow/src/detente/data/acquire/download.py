"""Downloads over bad networks: time-outs, retries with back-off, going on where a connection broke; one at a time."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from detente.base.locks import locked

if TYPE_CHECKING:
    import httpx

# The file that is locked while others of its folder are written.
LOCK = ".lock"
Result = TypeVar("Result")
# The longest answer to a question, in bytes; files are as long as their pins say.
ANSWER = 1 << 20
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server (seconds) and how often to ask it again.

    `connect` and `read` are silences after which the server is given up, `backoff` the first pause between
    attempts (doubled each time), `longest` the longest pause that a server may ask for by Retry-After, `total` the time
    that one file may take in all, pauses included, so that a server that sends a byte of its headers or of the file now
    and then does not go on for ever.
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
    with locked(folder / LOCK):
        yield


class Downloader:
    """The network of one run: one HTTP client, opened when first needed, and the hosts found unreachable."""

    def __init__(self, patience: Patience, *, progress: bool | None) -> None:
        self.patience = patience
        self.progress = progress
        self._unreachable: dict[str, str] = {}
        self._begun = 0.0
        self._http: httpx.Client | None = None

    def close(self) -> None:
        """Close the client, if one was opened."""
        if self._http is not None:
            self._http.close()

    def fetch(
        self, address: str, part: Path, size: int, label: str, headers: Mapping[str, str] = MappingProxyType({})
    ) -> bool:
        """Bring the body at `address` into `part`, going on from the bytes that `part` already holds.

        `headers` are sent with the request. Returns whether any of the bytes in `part` come from an earlier attempt or
        an earlier run. Of a body that is longer than `size` no more is read than shows that it is. Raises DeliveryError
        saying why, after all retries. What was received stays in `part`. Raises OSError if `part` cannot be written.
        """

        def received() -> bool:
            have = _kept(part, size)
            if have == size:
                return True
            with self._client.stream("GET", address, headers=_from_byte(have, headers)) as response:
                resumed = _answer(response, part, have)
                self._write(response, part, size, have if resumed else 0, label)
                return resumed

        return self._patiently(address, received, lambda: _after(part, size))

    def post(self, address: str, content: bytes, headers: Mapping[str, str]) -> bytes:
        """The body of the answer to `content`; raises DeliveryError saying why there is none, after all retries."""

        def answered() -> bytes:
            with self._client.stream("POST", address, content=content, headers=dict(headers)) as response:
                _judge(response)
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > ANSWER:
                        raise DeliveryError(f"{address} answers with more than {ANSWER:,} bytes")
                return bytes(body)

        return self._patiently(address, answered, str)

    def _patiently(self, address: str, attempt: Callable[[], Result], after: Callable[[], str]) -> Result:
        """Result of an attempt that does not fail; `after` says what had come when one did."""
        self._begun = self.patience.clock()
        host = urlsplit(address).netloc
        if host in self._unreachable:
            raise DeliveryError(f"{self._unreachable[host]}, so not asked again")
        failures = 0
        while True:
            try:
                with self._in_time(after), self._in_words(after):
                    return attempt()
            except _PassingError as failure:
                self._pause(failure, failures, host)
            failures += 1

    @contextmanager
    def _in_time(self, after: Callable[[], str]) -> Iterator[None]:
        """Close the client when the time of the file is over, whatever the server sends or does not send till then."""
        over = threading.Event()
        client = self._client

        def end() -> None:
            over.set()
            client.close()

        timer = threading.Timer(max(0.0, self._left()), end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except OSError:
            raise
        except Exception as error:
            if over.is_set():
                raise self._late(after) from error
            raise
        finally:
            timer.cancel()

    def _left(self) -> float:
        return self.patience.total - (self.patience.clock() - self._begun)

    def _late(self, after: Callable[[], str]) -> DeliveryError:
        come = after()
        kept = "; what came is kept, and the next run goes on" if come else ""
        return DeliveryError(f"not done after {self.patience.total:,g} s{come}{kept}")

    def _pause(self, failure: _PassingError, attempt: int, host: str) -> None:
        """Wait before the next attempt, or give up with `failure`."""
        if failure.wait > self.patience.longest:
            raise DeliveryError(f"{failure}; the server asks to wait {failure.wait:,.0f} s") from failure
        if attempt == self.patience.retries:
            if isinstance(failure, _NoConnectionError):
                self._unreachable[host] = str(failure)
            raise DeliveryError(f"{failure} (attempts: {attempt + 1})") from failure
        pause = max(failure.wait, self.patience.backoff * 2**attempt)
        if pause > self._left():
            raise DeliveryError(f"{failure}; no time is left for another attempt") from failure
        self.patience.sleep(pause)

    @property
    def _client(self) -> httpx.Client:
        if self._http is None or self._http.is_closed:
            self._http = self._opened()
        return self._http

    def _opened(self) -> httpx.Client:
        import httpx

        timeout = httpx.Timeout(self.patience.read, connect=self.patience.connect)
        # A compressed body cannot be resumed at a byte of the file.
        headers = {"Accept-Encoding": "identity", "User-Agent": "detente"}
        try:
            return httpx.Client(follow_redirects=True, timeout=timeout, headers=headers)
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            # Certificates or proxies of the environment (SSL_CERT_FILE, HTTPS_PROXY …) are at fault.
            raise DeliveryError(f"the HTTP client cannot be set up ({secretive(str(error))})") from error

    @contextmanager
    def _in_words(self, after: Callable[[], str]) -> Iterator[None]:
        """Turn what the client raises into why nothing was delivered."""
        import httpx

        try:
            yield
        except httpx.ConnectTimeout as error:
            raise _unreached(error, f"no answer within {self.patience.connect:g} s") from error
        except (httpx.ConnectError, httpx.ProxyError) as error:
            raise _unreached(error, secretive(str(error))) from error
        except httpx.TimeoutException as error:
            silence = f"nothing came for {self.patience.read:g} s"
            raise _PassingError(f"timed out: {silence}{after()}") from error
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            raise _PassingError(f"the connection broke{after()}") from error
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
            for received in response.iter_bytes():
                # What a server packs in spite of the request may unpack to far more; one byte too many shows it.
                chunk = received[: size + 1 - handle.tell()]
                handle.write(chunk)
                bar.update(len(chunk))
                if handle.tell() >= size:
                    return
                if self._left() < 0:
                    handle.flush()
                    raise self._late(lambda: _after(part, size))


def secretive(text: str) -> str:
    """The text without names and passwords of addresses, such as a proxy's."""
    return re.sub(r"//[^/@\s]*@", "//…@", text)


def _unreached(error: httpx.RequestError, why: str) -> _NoConnectionError:
    url = error.request.url
    _, _, host = url.netloc.decode().rpartition("@")
    return _NoConnectionError(f"no connection to {host}{_by_proxy(url.scheme, url.host)} ({why})")


def _by_proxy(scheme: str, host: str) -> str:
    """That a host is asked by the proxy of the environment, if it is: the proxy may be what cannot be reached."""
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or proxy_bypass(host):
        return ""
    return f" by the proxy {proxy.rpartition('@')[2].rpartition('//')[2].rstrip('/')} of the environment"


def _from_byte(have: int, headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, **({"Range": f"bytes={have}-"} if have else {})}


def _kept(part: Path, size: int) -> int:
    """Bytes of an earlier attempt that can be gone on from; a partial file that is too long is removed."""
    if part.exists() and part.stat().st_size > size:
        part.unlink()
    return part.stat().st_size if part.exists() else 0


def _answer(response: httpx.Response, part: Path, have: int) -> bool:
    """Judge the status of an answer: whether its body goes on from byte `have` (else it starts from zero)."""
    if response.status_code == 416:
        part.unlink(missing_ok=True)
        raise _PassingError(_status(response))
    _judge(response)
    return have > 0 and response.status_code == 206


def _judge(response: httpx.Response) -> None:
    """Raise unless the answer is a success."""
    if response.status_code in PASSING:
        raise _PassingError(_status(response), _asked_wait(response))
    if not response.is_success:
        raise DeliveryError(_status(response))


def _status(response: httpx.Response) -> str:
    return f"HTTP {response.status_code} {response.reason_phrase}".rstrip()


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
