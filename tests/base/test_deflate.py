"""Compression by the library that the lock pins."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest

from detente.base.deflate import deflated, zlib_stream

CONTENTS = (b"", b"a", b"dyad" * 10_000, np.random.default_rng(1).normal(size=9_000).tobytes())


@pytest.mark.parametrize("content", CONTENTS, ids=len)
def test_any_reader_of_deflate_gets_back_what_went_in(content: bytes) -> None:
    assert zlib.decompress(deflated(content), -15) == content
    assert zlib.decompress(zlib_stream(content)) == content


def test_what_repeats_takes_little_room() -> None:
    assert len(deflated(CONTENTS[2])) < len(CONTENTS[2]) / 100


def test_the_interpreters_own_compressor_has_no_part_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> bytes:
        raise AssertionError("zlib of the interpreter")

    for name in ("compress", "compressobj"):
        monkeypatch.setattr(zlib, name, refuse)
    assert zlib.decompress(zlib_stream(CONTENTS[3])) == CONTENTS[3]
