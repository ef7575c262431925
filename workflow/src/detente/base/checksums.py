"""Checksums by which a raw file is known: its SHA-256, and the id that Git gives to its content."""

import hashlib
import os
from collections.abc import Mapping
from typing import BinaryIO

_CHUNK = 1 << 20


def blob(data: bytes) -> str:
    """Git's id of content: SHA-1 of "blob <size>", a zero byte and the content (Pro Git, 10.2 Git Objects)."""
    return _begun(len(data), data).hexdigest()


def checksums(stream: BinaryIO) -> tuple[int, Mapping[str, str]]:
    """Size of a file in bytes, and its `sha256` and `blob`, each in hexadecimal digits."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    made = {"sha256": hashlib.sha256(), "blob": _begun(size)}
    while chunk := stream.read(_CHUNK):
        for each in made.values():
            each.update(chunk)
    return size, {kind: each.hexdigest() for kind, each in made.items()}


def _begun(size: int, data: bytes = b"") -> "hashlib._Hash":
    # Git's own choice, which tells versions apart and protects nothing.
    return hashlib.sha1(b"blob %d\0" % size + data, usedforsecurity=False)
