"""Deflate by a library that the lock pins: what the interpreter's zlib writes differs between builds of Python."""

import zlib

import pyarrow as pa

# What gzip has before and after the stream, without a name or a comment (RFC 1952).
_HEAD, _TAIL = 10, 8


def deflated(content: bytes) -> bytes:
    """Return bytes as a stream of deflate (RFC 1951), as small as it gets; the same for the same release of pyarrow."""
    made: bytes = pa.Codec("gzip", compression_level=9).compress(content, asbytes=True)
    return made[_HEAD:-_TAIL]


def zlib_stream(content: bytes) -> bytes:
    """Return the same in the format that PNG has (RFC 1950): a head before it, a checksum after it."""
    return b"\x78\xda" + deflated(content) + zlib.adler32(content).to_bytes(4, "big")
