"""The frames that exhibits are made from: where each lies, read when it is first asked for."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from detente.base.errors import BrokenContract
from detente.base.files import read_frame, read_json

DESCRIBED = ("sample_flow", "descriptives", "timeline", "partners", "raw_risk", "attrition", "failures")
_ROBUSTNESS = ("ledger", "checks", "prediction", "separation", "score")
_OF_CLAIMS = ("decisions", "options")
_EXAMINED = (
    "power",
    "power_curve",
    "sensitivity",
    "bounds",
    "contours",
    "selection",
    "evalue",
    "placebos",
    "influence",
)
FRAMES: Mapping[str, str] = {
    "estimates": "{processed}/estimates.parquet",
    **{name: f"{{processed}}/describe/{name}.parquet" for name in DESCRIBED},
    "coverage": "{processed}/coverage.parquet",
    "truth": "{processed}/truth.json",
    "provenance": "{processed}/provenance.json",
    "multiverse": "{reports}/multiverse.parquet",
    **{name: f"{{processed}}/robustness/{name}.parquet" for name in _ROBUSTNESS},
    **{name: f"{{processed}}/robustness/{name}.{{claim}}.parquet" for name in _OF_CLAIMS},
    **{name: f"{{processed}}/robustness/examined/{{claim}}/{name}.parquet" for name in _EXAMINED},
}
"""Where the frames that exhibits may need lie; those of single claims are read together, with a column `claim`."""


def frame_files(needs: Iterable[str], processed: str, reports: str, claims: Iterable[str] = ()) -> list[str]:
    """Return the files of the frames that exhibits need, each once; `claims` are those with frames of their own."""
    shapes = [FRAMES[name] for name in needs]
    names = list(claims)
    files = [
        shape.format(processed=processed, reports=reports, claim=claim)
        for shape in shapes
        for claim in (names if "{claim}" in shape else [""])
    ]
    return list(dict.fromkeys(files))


class Frames(Mapping[str, pd.DataFrame]):
    """The frames of a study by name, each read when it is first asked for.

    Parameters
    ----------
    processed, reports
        The study's folders.
    claims
        Claims that have frames of their own.
    """

    def __init__(self, processed: Path, reports: Path, claims: Iterable[str] = ()) -> None:
        self._folders = {"processed": processed.as_posix(), "reports": reports.as_posix()}
        self._claims = list(claims)
        self._read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read[name] = self._frame(name)
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in FRAMES

    def __iter__(self) -> Iterator[str]:
        return iter(FRAMES)

    def __len__(self) -> int:
        return len(FRAMES)

    def _frame(self, name: str) -> pd.DataFrame:
        if "{claim}" not in FRAMES[name]:
            return _read(Path(FRAMES[name].format(**self._folders)))
        paths = {c: Path(FRAMES[name].format(**self._folders, claim=c)) for c in self._claims}
        frames = [_read(path).assign(claim=claim) for claim, path in paths.items()]
        return pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)


def _read(path: Path) -> pd.DataFrame:
    """A frame; of `truth.json` planted effects by claim, of `provenance.json` the raw files."""
    if not path.is_file():
        raise BrokenContract(f"{path.as_posix()}: there is no such file; build the study first")
    if path.suffix != ".json":
        return read_frame(path)
    content = read_json(path)
    if "effects" in content:
        return pd.DataFrame(content["effects"].items(), columns=["claim", "planted"])
    return pd.DataFrame(content["raw"])
