"""Files that a repository keeps in Git LFS: the pointer in their place, and the address of the object it names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detente.data.acquire.download import DeliveryError

if TYPE_CHECKING:
    from detente.data.acquire.download import Downloader

# A pointer is "less than 1024 bytes" (Git LFS specification, "The Pointer").
LONGEST = 1024
POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:[a-z0-9.-]+ [^\n]*\n)*?"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\n(?:[a-z0-9.-]+ [^\n]*\n)*?size (?P<size>\d+)\n(?:[a-z0-9.-]+ [^\n]*\n)*\Z"
)
# Where raw files of a repository lie: GitHub's own host for them, GitHub and Gitea, GitLab.
_REPOSITORIES = (
    (re.compile(r"https://raw\.githubusercontent\.com/([^/]+/[^/]+)/"), "https://github.com/{}"),
    (re.compile(r"(https?://.+?)/-/raw/"), "{}"),
    (re.compile(r"(https?://[^/]+/[^/]+/[^/]+)/raw/"), "{}"),
)
_MEDIA = "application/vnd.git-lfs+json"


@dataclass(frozen=True)
class Pointer:
    """What stands in a repository for a file that is kept elsewhere: SHA-256 of its content, and its size in bytes."""

    oid: str
    size: int


@dataclass(frozen=True)
class Place:
    """Where an object is downloaded from, and the headers that this takes."""

    address: str
    headers: Mapping[str, str]


def pointer(path: Path) -> Pointer | None:
    """The pointer that a file is, or None."""
    if path.stat().st_size >= LONGEST:
        return None
    found = POINTER.match(path.read_bytes())
    return Pointer(found["oid"].decode(), int(found["size"])) if found else None


def place(of: Pointer, address: str, downloader: Downloader) -> Place:
    """Where the object is that the pointer at `address` names (Git LFS API, "Batch API", basic transfer).

    Raises DeliveryError saying why it cannot be had.
    """
    asked = f"{_repository(address)}.git/info/lfs/objects/batch"
    wanted = {"operation": "download", "transfers": ["basic"], "objects": [{"oid": of.oid, "size": of.size}]}
    body = downloader.post(asked, json.dumps(wanted).encode(), {"Accept": _MEDIA, "Content-Type": _MEDIA})
    try:
        answer = json.loads(body)
        (found,) = (each for each in answer["objects"] if each["oid"] == of.oid)
        return _placed(found)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DeliveryError(f"{asked} answered without the object {of.oid}") from error


def _placed(found: Mapping[str, Any]) -> Place:
    if error := found.get("error"):
        raise DeliveryError(f"Git LFS refuses the object: {error['code']} {error['message']}")
    action = found["actions"]["download"]
    headers = {str(name): str(value) for name, value in action.get("header", {}).items()}
    return Place(str(action["href"]), headers)


def _repository(address: str) -> str:
    for pattern, repository in _REPOSITORIES:
        if found := pattern.match(address):
            return repository.format(found[1])
    raise DeliveryError("the address does not say of which repository, so that its Git LFS cannot be asked")
