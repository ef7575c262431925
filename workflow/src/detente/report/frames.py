"""The frames that exhibits are made from: where each lies, and the schema through which it is read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from detente.base.errors import BrokenContract
from detente.base.files import read_frame, read_json
from detente.base.frames import Column, FrameSchema
from detente.replicate import PUBLISHED
from detente.study.described import FINDINGS, SERIES
from detente.study.design import describe
from detente.study.estimation import ATTRITION, ESTIMATES, FAILURES, WINDOWS
from detente.study.multiverse import DECISIONS, JOINT_DRAWS, OPTIONS, multiverse_schema
from detente.study.robustness import COVERAGE, DESIGN_COVERAGE, OF_DESIGNS, PREDICTION, SCHEMAS, SCORE, SEPARATION
from detente.study.verdicts import LEDGER, POOLED, POOLED_CLAIMS, RESULTS

TRUTH = FrameSchema("truth", {"claim": Column("str", "the claim"), "planted": Column("float64", "planted effect")})
RAW = FrameSchema(
    "raw files",
    {
        "slug": Column("str", "the source"),
        "file": Column("str", "name of the file"),
        "bytes": Column("int64", "its size"),
        "sha256": Column("str", "its checksum"),
    },
)


@dataclass(frozen=True)
class Stored:
    """Where a frame lies, and its schema.

    The path has `{processed}`, `{reports}` and, where each claim has its own, `{claim}` of those that are examined,
    `{described}` of those that are described, or `{own}` of those of the study's paper.
    """

    path: str
    schema: FrameSchema


def _stored(folder: str, schemas: Mapping[str, FrameSchema], part: str = "") -> dict[str, Stored]:
    return {name: Stored(f"{folder}/{name}{part}.parquet", schema) for name, schema in schemas.items()}


FRAMES: Mapping[str, Stored] = {
    "estimates": Stored("{processed}/estimates.parquet", ESTIMATES),
    **_stored("{processed}/describe", {**describe.SCHEMAS, "attrition": ATTRITION, "failures": FAILURES}),
    "windows": Stored("{processed}/windows.parquet", WINDOWS),
    "coverage": Stored("{processed}/coverage.parquet", COVERAGE),
    "truth": Stored("{processed}/truth.json", TRUTH),
    "provenance": Stored("{processed}/provenance.json", RAW),
    "multiverse": Stored("{reports}/multiverse.parquet", multiverse_schema(())),
    **_stored(
        "{processed}/robustness",
        {"ledger": LEDGER, "checks": RESULTS, "prediction": PREDICTION, "separation": SEPARATION, "score": SCORE},
    ),
    "published": Stored("{processed}/robustness/published.parquet", PUBLISHED),
    "design_coverage": Stored("{processed}/robustness/design_coverage.parquet", DESIGN_COVERAGE),
    **_stored("{processed}/robustness", {"pooled": POOLED, "pooled_claims": POOLED_CLAIMS}),
    **{f"own_{name}": Stored(f"{{processed}}/designs/{{own}}/{name}.parquet", s) for name, s in OF_DESIGNS.items()},
    **_stored("{processed}/robustness", {s.name: s for s in (DECISIONS, OPTIONS, JOINT_DRAWS)}, ".{claim}"),
    **_stored("{processed}/described/{described}", {"findings": FINDINGS, "series": SERIES}),
    **_stored("{processed}/robustness/examined/{claim}", {n: s for n, s in SCHEMAS.items() if n != "failures"}),
}
"""Frames that exhibits may need; those of single claims are read together, with a column `claim`."""


def frame_files(
    needs: Iterable[str],
    processed: str,
    reports: str,
    claims: Iterable[str] = (),
    described: Iterable[str] = (),
    own: Iterable[str] = (),
) -> list[str]:
    """Return the files of the frames that exhibits need, each once.

    Of examined `claims`, `described` ones and the study's `own`, each has its own.
    """
    folders = {"processed": processed, "reports": reports}
    kinds = {"claim": list(claims), "described": list(described), "own": list(own)}
    files = (str(path) for name in needs for _, path in _paths(FRAMES[name].path, folders, kinds))
    return list(dict.fromkeys(files))


def _paths(path: str, folders: Mapping[str, str], own: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str]]:
    """A frame's files, each with the claim that it is of, empty where it is of the study."""
    kind = next((name for name in own if f"{{{name}}}" in path), None)
    for name in own[kind] if kind else ("",):
        yield name, path.format(**folders, **({kind: name} if kind else {}))


class Frames(Mapping[str, pd.DataFrame]):
    """The frames of a study by name, each read through its schema when it is first asked for.

    `processed` and `reports` are the study's folders; examined `claims`, `described` ones and the study's `own` have
    frames of their own; `nodes` are the decisions of the multiverse, each a column of its frame.
    """

    def __init__(
        self,
        processed: Path,
        reports: Path,
        claims: Iterable[str] = (),
        nodes: Iterable[str] = (),
        described: Iterable[str] = (),
        own: Iterable[str] = (),
    ) -> None:
        self._folders = {"processed": processed.as_posix(), "reports": reports.as_posix()}
        self._own = {"claim": list(claims), "described": list(described), "own": list(own)}
        self._stored = {**FRAMES, "multiverse": Stored(FRAMES["multiverse"].path, multiverse_schema(list(nodes)))}
        self._read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read[name] = self._frame(self._stored[name])
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in FRAMES

    def __iter__(self) -> Iterator[str]:
        return iter(FRAMES)

    def __len__(self) -> int:
        return len(FRAMES)

    def _frame(self, stored: Stored) -> pd.DataFrame:
        read = [
            (claim, _read(Path(path), stored.schema)) for claim, path in _paths(stored.path, self._folders, self._own)
        ]
        frames = [frame.assign(claim=claim) if claim else frame for claim, frame in read]
        return pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)


def _read(path: Path, schema: FrameSchema) -> pd.DataFrame:
    """A frame; of `truth.json` planted effects by claim, of `provenance.json` the raw files.

    Raises BrokenContract, naming the file, and the column that is missing or of another type.
    """
    if not path.is_file():
        raise BrokenContract(f"{path.as_posix()}: there is no such file; build the study first")
    if path.suffix != ".json":
        return schema.typed(read_frame(path), path)
    content = read_json(path)
    if "effects" in content:
        effects = pd.DataFrame(content["effects"].items(), columns=["claim", "planted"])
        return schema.typed(effects.astype({"planted": "float64"}), path)
    return schema.typed(pd.DataFrame(content["raw"]), path)
