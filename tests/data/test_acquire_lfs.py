"""A file may be pinned by its id in a Git repository, and one that lies in Git LFS is fetched through its pointer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from detente.data.acquire import Patience, Problem, acquire, verify
from detente.data.acquire.download import DeliveryError, Downloader
from detente.data.acquire.lfs import Pointer, place, pointer
from detente.data.pins import SourceFile

from support.acquiring import ABSENT, DATA, WRONG, Server, blob, block, message, names, put, refusal, sha256, sources

# git 2.39: printf 'hello\n' | git hash-object --stdin
HELLO = "ce013625030ba8dba906f756967f9e9ca394464a"
OID = sha256(DATA)


def pointing(oid: str = OID, size: int = len(DATA), extension: str = "") -> bytes:
    """A pointer as Git LFS writes it (specification, "The Pointer")."""
    return f"version https://git-lfs.github.com/spec/v1\n{extension}oid sha256:{oid}\nsize {size}\n".encode()


def pinned(server: Server, **checksums: str) -> SourceFile:
    address = f"{server.address}/owner/repo/raw/0123abc/data/mme%20v7.csv"
    return SourceFile.model_validate(
        {"file": "mme_v7.csv", "address": address, "bytes": len(DATA), **(checksums or {"sha256": OID})}
    )


def batch(server: Server, **more: object) -> bytes:
    """The answer of a batch API (Git LFS API documentation, "Successful Responses")."""
    action = {"href": f"{server.address}/objects/{OID}", "header": {"X-Key": "value"}, "expires_in": 3600}
    found = {"oid": OID, "size": len(DATA), "authenticated": True, "actions": {"download": action}}
    return json.dumps({"transfer": "basic", "objects": [{**found, **more}], "hash_algo": "sha256"}).encode()


# Ids of Git


def test_the_id_of_git_is_the_one_that_git_prints(tmp_path: Path):
    path = put(tmp_path / "hello", b"hello\n")
    right = SourceFile(file="hello", address=None, blob=HELLO, bytes=6)
    assert verify(path, right) is None

    found = Problem("wrong bytes", f"found 6 bytes, blob {HELLO}")
    assert verify(path, right.model_copy(update={"blob": "0" * 40})) == found


@pytest.mark.parametrize("wrong", ["sha256", "blob"])
def test_both_checksums_are_verified_where_both_are_given(tmp_path: Path, wrong: str):
    path = put(tmp_path / "file", DATA)
    right = SourceFile(file="file", address=None, sha256=OID, blob=blob(DATA), bytes=len(DATA))
    assert verify(path, right) is None

    one_wrong = right.model_copy(update={wrong: {"sha256": sha256(WRONG), "blob": blob(WRONG)}[wrong]})
    said = f"found {len(DATA):,} bytes, sha256 {OID}, blob {blob(DATA)}"
    assert verify(path, one_wrong) == Problem("wrong bytes", said)


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("checksums", "said"),
    [({}, "give `sha256`, or `blob`"), ({"blob": "12"}, "blob"), ({"blob": HELLO.upper()}, "blob")],
)
def test_a_file_without_a_checksum_is_refused(checksums: Mapping[str, str], said: str):
    with pytest.raises(ValidationError) as caught:
        SourceFile.model_validate({"file": "x", "address": None, "bytes": 6, **checksums})
    assert said in str(caught.value)


def test_a_file_pinned_by_its_id_is_downloaded_and_its_receipt_has_its_sha256(
    raw: Path, server: Server, patience: Patience
):
    (receipt,) = acquire(sources(pinned(server, blob=blob(DATA))), raw, [], patience=patience)

    listed = {"file": "mme_v7.csv", "path": "data/raw/mme/mme_v7.csv", "sha256": OID, "bytes": len(DATA)}
    assert receipt.document() == {"slug": "mme", "files": [listed]}


# Git LFS


@pytest.mark.parametrize("checksums", [{"sha256": OID}, {"blob": blob(DATA)}, {"sha256": OID, "blob": blob(DATA)}])
def test_an_object_is_fetched_where_its_pointer_comes_back(
    raw: Path, server: Server, patience: Patience, checksums: dict[str, str]
):
    server.answers = [server.send(pointing()), server.send(batch(server)), server.send()]

    (receipt,) = acquire(sources(pinned(server, **checksums)), raw, [], patience=patience)

    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert names(raw / "mme") == ["mme_v7.csv"]
    assert receipt.files[0].origin == f"downloaded from {server.address}/owner/repo/raw/0123abc/data/mme%20v7.csv"
    ((path, body),) = server.posted
    assert path == "/owner/repo.git/info/lfs/objects/batch"
    assert json.loads(body) == {
        "operation": "download",
        "transfers": ["basic"],
        "objects": [{"oid": OID, "size": len(DATA)}],
    }
    assert server.paths[2] == f"/objects/{OID}"


def test_an_object_that_breaks_off_is_gone_on_from(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(pointing()), server.send(batch(server)), server.send(stop=1500), server.send()]

    acquire(sources(pinned(server)), raw, [], patience=patience)

    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA
    assert server.ranges == [None, None, None, "bytes=1500-"]


@pytest.mark.fault("downloads")
def test_a_batch_that_fails_for_a_while_is_asked_again(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(pointing()), server.send(status=503), server.send(batch(server)), server.send()]

    acquire(sources(pinned(server)), raw, [], patience=patience)

    assert len(server.posted) == 2
    assert (raw / "mme/mme_v7.csv").read_bytes() == DATA


@pytest.mark.fault("downloads")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            {"error": {"code": 404, "message": "Object does not exist"}},
            "Git LFS refuses the object: 404 Object does not",
        ),
        ({"actions": {}}, f"/owner/repo.git/info/lfs/objects/batch answered without the object {OID}"),
        ({"oid": "0" * 64}, f"/owner/repo.git/info/lfs/objects/batch answered without the object {OID}"),
    ],
)
def test_an_object_that_git_lfs_does_not_give_is_reported(
    raw: Path, server: Server, patience: Patience, answer: dict[str, object], said: str
):
    server.answers = [server.send(pointing()), server.send(batch(server, **answer))]

    assert said in refusal(raw, [], patience, pinned(server))
    assert names(raw / "mme") == []


@pytest.mark.fault("downloads")
def test_a_repository_without_git_lfs_is_reported(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(pointing()), server.send(status=404)]

    assert "HTTP 404 Not Found" in refusal(raw, [], patience, pinned(server))


@pytest.mark.fault("downloads")
def test_an_object_with_other_bytes_than_its_pointer_says_is_refused(raw: Path, server: Server, patience: Patience):
    """Pinned by the id of Git alone, which WRONG has here, so that the pointer's own checksum must be looked at."""
    server.answers = [server.send(pointing()), server.send(batch(server)), server.send(WRONG)]

    text = refusal(raw, [], patience, pinned(server, blob=blob(WRONG)))

    found = f"found {len(WRONG):,} bytes, sha256 {sha256(WRONG)}, blob {blob(WRONG)}"
    assert f"of its Git LFS object wrong bytes came back: {found}" in text
    assert names(raw / "mme") == []


@pytest.mark.fault("downloads")
@pytest.mark.parametrize(("oid", "size"), [(sha256(WRONG), len(DATA)), (OID, len(DATA) + 1)])
def test_a_pointer_to_another_file_is_refused_before_anything_is_asked(
    raw: Path, server: Server, patience: Patience, oid: str, size: int
):
    server.answers = [server.send(pointing(oid, size))]

    text = refusal(raw, [], patience, pinned(server))

    finding = f"a Git LFS pointer to another file came back: {size:,} bytes, sha256 {oid}"
    assert text == message(block(*ABSENT, f"{server.address}/owner/repo/raw/0123abc/data/mme%20v7.csv: {finding}"))
    assert server.posted == []


def test_a_pointer_that_was_pinned_is_a_file_like_any_other(raw: Path, server: Server, patience: Patience):
    text = pointing()
    server.answers = [server.send(text)]
    wanted = pinned(server, blob=blob(text)).model_copy(update={"bytes": len(text)})

    acquire(sources(wanted), raw, [], patience=patience)

    assert (raw / "mme/mme_v7.csv").read_bytes() == text


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (pointing(), Pointer(OID, len(DATA))),
        (pointing(extension="ext-0-foo sha256:1234\n"), Pointer(OID, len(DATA))),
        (pointing()[:-2], None),
        (pointing(oid="12"), None),
        (b"version https://example.org/v1\n" + pointing(), None),
        (pointing() + b"x" * 1024, None),
        (b"", None),
    ],
)
def test_a_pointer_is_known_by_its_whole_text(tmp_path: Path, content: bytes, found: Pointer | None):
    assert pointer(put(tmp_path / "file", content)) == found


class Asked(Downloader):
    """Notes which address is asked, and answers nothing of use."""

    def __init__(self) -> None:
        super().__init__(Patience(), progress=False)
        self.addresses: list[str] = []

    def post(self, address: str, *_: object) -> bytes:
        self.addresses.append(address)
        return b"{}"


@pytest.mark.parametrize(
    ("address", "repository"),
    [
        ("https://raw.githubusercontent.com/o/r.x/0123/a/raw/b.csv", "https://github.com/o/r.x"),
        ("https://github.com/o/r/raw/0123/b.csv", "https://github.com/o/r"),
        ("https://gitlab.com/group/sub/r/-/raw/0123/b.csv", "https://gitlab.com/group/sub/r"),
    ],
)
def test_the_repository_is_read_off_the_address(address: str, repository: str):
    asked = Asked()
    with pytest.raises(DeliveryError, match="answered without the object"):
        place(Pointer(OID, 1), address, asked)
    assert asked.addresses == [f"{repository}.git/info/lfs/objects/batch"]


@pytest.mark.fault("downloads")
def test_an_address_without_a_repository_is_reported(raw: Path, server: Server, patience: Patience):
    server.answers = [server.send(pointing())]
    elsewhere = pinned(server).model_copy(update={"address": f"{server.address}/files/mme.csv"})

    text = refusal(raw, [], patience, elsewhere)

    assert "the address does not say of which repository, so that its Git LFS cannot be asked" in text
