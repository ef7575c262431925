"""What steps record of themselves is what they made and ran with; what was altered since is noticed and made again."""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from snakemake.persistence.file import FilePersistence

from detente.base.errors import UnknownOrigin
from detente.base.files import read_json, sha256, write_json, write_text
from detente.cli import RECORDED, main
from detente.plan import made_again
from detente.provenance import (
    RECORDS,
    altered,
    ancestry,
    lineage,
    make_again,
    pythons_of,
    record,
    taken_by,
    versions_of,
)

from support.made_manifests import MODULE, PANEL, PRODUCTS, RECEIPT, SOFTWARE, TABLE, TAKEN, build

# sha256sum of the one byte "x".
SHA256_OF_X = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The study of three steps, in the folder that is worked in."""
    build(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def snakemakes(product: str, kind: str = "metadata") -> Path:
    """Where Snakemake itself keeps its record of a product."""
    return Path(FilePersistence._record_path(_Persistence(), str(RECORDS / kind), product))  # type: ignore[arg-type]


class _Persistence:
    def _fetch_max_len(self, _: str) -> int:
        return 255


def test_a_step_records_the_checksum_of_its_products_the_interpreter_and_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("reports/mini/x.txt", "elsewhere/x.txt"):
        write_text("x", Path(name))

    now = time.time()
    record([Path("reports/mini/x.txt"), Path("elsewhere/x.txt"), tmp_path / "reports/mini/gone.txt"], now, now - 60)

    assert [p.as_posix() for p in Path(".snakemake").rglob("*.json")] == [".snakemake/made/reports/mini/x.txt.json"]
    said = read_json(Path(".snakemake/made/reports/mini/x.txt.json"))
    assert said["sha256"] == SHA256_OF_X
    assert said["software"]["python"] == platform.python_version()
    assert said["software"]["packages"]["numpy"] == version("numpy")
    assert 60 <= said["taken"]["seconds"] < 600
    assert 0 < said["taken"]["processor_seconds"] <= time.process_time() + 0.01
    assert said["taken"]["peak_mb"] > 30


def test_what_a_step_took_is_that_of_any_of_its_products(study: Path) -> None:
    steps = {PANEL: "panel", "data/processed/mini/unknown.parquet": "unknown"}
    assert taken_by(steps) == {"panel": TAKEN}


@pytest.mark.fault("provenance")
def test_a_step_whose_code_was_edited_while_it_ran_records_nothing(study: Path) -> None:
    shutil.rmtree(".snakemake/made")
    with pytest.raises(
        UnknownOrigin, match=r"detente\.provenance\.records.*: edited while this step ran; run the workflow"
    ):
        record([study / PANEL], loaded=0.0, begun=0.0)
    assert not Path(".snakemake/made").exists()


@pytest.mark.parametrize("asked", [True, False])
def test_a_command_records_what_it_wrote_where_the_workflow_asks_for_it(
    asked: bool, study: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(".snakemake/made")
    monkeypatch.setenv(RECORDED, ".snakemake") if asked else monkeypatch.delenv(RECORDED, raising=False)
    out = "data/processed/tiny/provenance.json"
    words = ["--study", "tiny", "--root", str(root), "--sources", "mme", "--receipts", "data/processed/mini/raw"]

    assert main(["provenance", *words, "--out", out]) == 0

    made = study / f".snakemake/made/{out}.json"
    assert made.is_file() is asked
    assert not asked or read_json(made)["sha256"] == sha256(Path(out))


def swapped(path: Path) -> None:
    """Other bytes, as many of them, with the time of the first."""
    stat = path.stat()
    path.write_bytes(bytes(255 - byte for byte in path.read_bytes()))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_what_was_not_altered_is_left_alone(study: Path) -> None:
    for path in (PANEL, MODULE):
        os.utime(study / path)
    assert altered() == {}
    (study / PANEL).unlink()
    assert altered() == {}


@pytest.mark.fault("provenance")
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (swapped, "changed since it was made"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "changed since it was made"),
        (lambda path: path.write_bytes(b""), "emptied since it was made"),
    ],
)
def test_a_product_that_was_swapped_cut_short_or_emptied_is_noticed(study: Path, damage: Any, said: str) -> None:
    damage(study / PANEL)
    assert altered() == {PANEL: said}


@pytest.mark.fault("provenance")
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"5", b"{}", b'{"rule": "panel", "input": 5}', None])
def test_a_damaged_record_of_snakemake_is_noticed_and_made_again(study: Path, content: bytes | None) -> None:
    file = snakemakes(PANEL)
    file.unlink() if content is None else file.write_bytes(content)

    found = altered()
    assert found == {PANEL: "there is no readable record of the job that made it"}
    make_again(found)

    # Snakemake itself reads what is there now: no record, and an interrupted job.
    assert not file.exists()
    assert snakemakes(PANEL, "incomplete").is_file()
    assert json.loads(snakemakes(PANEL, "incomplete").read_text("utf-8")) == {"external_jobid": None}


@pytest.mark.fault("provenance")
@pytest.mark.parametrize("content", [b"", b"{", b"5", None])
def test_a_damaged_record_of_a_step_is_noticed(study: Path, content: bytes | None) -> None:
    file = study / f".snakemake/made/{TABLE}.json"
    file.unlink() if content is None else file.write_bytes(content)
    assert altered() == {TABLE: "there is no readable record of its step"}


@pytest.mark.fault("provenance")
def test_without_any_record_every_product_is_made_again_and_one_line_says_so(study: Path) -> None:
    others = [
        "reports/.gitkeep",
        "data/processed/.gitkeep",
        "reports/bench/bench.json",
        "data/processed/tidy/x.parquet",
    ]
    kept = "data/processed/mini/tidy/mme.parquet"
    for name in (*others, kept):
        write_text("x", Path(name))
    assert made_again() == {}
    shutil.rmtree(study / RECORDS)

    (said,) = made_again().items()

    places = (Path("data/processed/mini"), Path("reports/mini"))
    files = [path.as_posix() for place in places for path in sorted(place.rglob("*")) if path.is_file()]
    assert said == (".snakemake", f"no record of how {len(files)} files, such as {files[0]}, were made")
    assert all(snakemakes(product, "incomplete").is_file() for product in (*PRODUCTS, kept))
    assert not any(snakemakes(other, "incomplete").exists() for other in others)


def test_names_too_long_for_one_file_are_found_where_snakemake_keeps_them(study: Path) -> None:
    product = "reports/mini/" + "/".join(["a" * 100] * 4)
    write_text("x", Path(product))
    record([Path(product)], time.time(), time.time())
    make_again(altered())
    assert snakemakes(product, "incomplete").is_file()


@pytest.mark.fault("provenance")
def test_code_replaced_by_an_older_file_is_noticed_and_newer_code_is_left_to_snakemake(study: Path) -> None:
    for path in (RECEIPT, *PRODUCTS):
        known = read_json(snakemakes(path))
        write_json({**known, "input_checksums": {MODULE: f"sha256:{sha256(study / MODULE)}"}}, snakemakes(path))
    assert altered() == {}
    write_text("import sys\n", study / MODULE)
    later, earlier = (study / PANEL).stat().st_mtime + 60, (study / PANEL).stat().st_mtime - 60
    os.utime(study / MODULE, (later, later))
    assert altered() == {}
    os.utime(study / MODULE, (earlier, earlier))
    assert set(altered()) == {RECEIPT, *PRODUCTS}
    assert altered()[PANEL] == f"made of other bytes of {MODULE}"


@pytest.mark.fault("provenance")
def test_the_lineage_has_the_code_that_a_step_ran_though_it_was_edited_since(study: Path) -> None:
    for path in (RECEIPT, *PRODUCTS):
        known = read_json(snakemakes(path))
        write_json({**known, "input_checksums": {MODULE: f"sha256:{SHA256_OF_X}"}}, snakemakes(path))

    assert lineage([TABLE], RECORDS, {})["modules"] == {MODULE: SHA256_OF_X}

    write_json({**read_json(snakemakes(PANEL)), "input_checksums": {MODULE: "0" * 64}}, snakemakes(PANEL))
    with pytest.raises(UnknownOrigin, match=f"{MODULE}: edited while the study was built.*build it again"):
        lineage([TABLE], RECORDS, {})


@pytest.mark.fault("provenance")
def test_each_step_has_the_software_that_it_ran_with_whatever_is_installed_now(study: Path) -> None:
    newer = {"python": "3.12.1", "packages": {"detente": "0.1.0", "numpy": "9.9"}}
    made = {"sha256": sha256(study / TABLE), "software": newer, "taken": TAKEN}
    write_json(made, study / f".snakemake/made/{TABLE}.json")

    graph = lineage([TABLE], RECORDS, {})

    ran = {name: graph["software"][step["software"]] for name, step in graph["steps"].items()}
    assert ran == {"acquire": SOFTWARE, "panel": SOFTWARE, "tables": newer}
    assert versions_of(graph) == {"detente": "0.1.0", "numpy": "9.9"}
    assert pythons_of(graph) == "3.11.7 and 3.12.1"
    assert pythons_of(ancestry(graph, PANEL)) == "3.11.7"

    (study / f".snakemake/made/{PANEL}.json").unlink()
    assert lineage([TABLE], RECORDS, {})["steps"]["panel"]["software"] is None


@pytest.mark.fault("provenance")
def test_a_product_that_was_changed_since_it_was_made_gets_no_lineage(study: Path) -> None:
    swapped(study / PANEL)
    with pytest.raises(UnknownOrigin, match=f"{PANEL}: changed since it was made; run the workflow again"):
        lineage([TABLE], RECORDS, {})
