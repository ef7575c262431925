"""A frame is declared once: what it may hold is checked when it is written and when it is read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import BrokenContract
from detente.base.files import write_frame
from detente.base.frames import Column, FrameSchema, count, number, text

RISKS = FrameSchema(
    "risks",
    {
        "claim": Column("str", "id of the claim"),
        "verdict": Column("str", "what is found", allowed=("lowers", "raises")),
        "risk": Column("float64", "share of dyad-years with an onset", nullable=True, low=0, high=1),
        "events": Column("int64", "onsets", low=0),
    },
    key=("claim",),
    checks={"a risk where there are events": lambda frame: frame["risk"].notna() | frame["events"].eq(0)},
)
GOOD = pd.DataFrame({"claim": ["one", "two"], "verdict": ["lowers", "raises"], "risk": [0.1, None], "events": [3, 0]})


def test_a_frame_is_read_as_it_was_written(tmp_path: Path) -> None:
    RISKS.write(GOOD, tmp_path / "risks.parquet")
    pd.testing.assert_frame_equal(RISKS.read(tmp_path / "risks.parquet"), GOOD)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (GOOD.assign(risk=[0.1, 1.5]), "column 'risk' fails"),
        (GOOD.assign(risk=[None, None]).astype({"risk": "float64"}), "a risk where there are events"),
        (GOOD.assign(verdict=["lowers", "lower"]), "column 'verdict' fails"),
        (GOOD.assign(claim="one"), "have the key of another"),
        (GOOD.assign(events=[3.0, 0.5]), "column 'events' fails"),
        (GOOD.drop(columns="events"), "column 'events' is missing"),
        (GOOD.assign(more=1), "column 'more' is not declared"),
    ],
)
def test_a_frame_that_breaks_its_schema_is_not_written(broken: pd.DataFrame, said: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenContract, match=said):
        RISKS.write(broken, tmp_path / "risks.parquet")
    assert not list(tmp_path.iterdir())


@pytest.mark.fault("contracts")
def test_a_file_of_another_shape_is_refused_by_column(tmp_path: Path) -> None:
    path = tmp_path / "risks.parquet"
    write_frame(GOOD.rename(columns={"risk": "risks"}), path)
    with pytest.raises(BrokenContract, match=r"has no column 'risk'; .*nearest: 'risks'"):
        RISKS.read(path)
    write_frame(GOOD.assign(events=["3", "0"]), path)
    with pytest.raises(BrokenContract, match="'events' of risks is str, not int64"):
        RISKS.read(path)


def test_numbers_that_are_all_whole_in_a_text_are_of_the_declared_type(tmp_path: Path) -> None:
    whole = GOOD.assign(risk=[1.0, 0.0])
    RISKS.write_csv(whole, tmp_path / "risks.csv")
    pd.testing.assert_frame_equal(RISKS.read_csv(tmp_path / "risks.csv"), whole)


def test_an_empty_frame_keeps_the_schema(tmp_path: Path) -> None:
    RISKS.write(RISKS.empty(), tmp_path / "risks.parquet")
    assert list(RISKS.read(tmp_path / "risks.parquet")) == list(RISKS.columns)


def test_declaring_a_frame_imports_no_pandera() -> None:
    call = "import sys; from detente.base.frames import Column, FrameSchema; sys.exit('pandera' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", call], check=False).returncode == 0


def test_a_csv_is_read_as_it_was_written(tmp_path: Path) -> None:
    schema = FrameSchema("risks", {"name": text("name"), "risk": number("risk"), "n": count("rows")}, key=("name",))
    frame = schema.frame([("NA", None, 1), ("", 0.25, 2)])
    schema.write_csv(frame, tmp_path / "a.csv")
    pd.testing.assert_frame_equal(schema.read_csv(tmp_path / "a.csv"), frame)
    schema.write_csv(schema.empty(), tmp_path / "none.csv")
    pd.testing.assert_frame_equal(schema.read_csv(tmp_path / "none.csv"), schema.empty())
    (tmp_path / "a.csv").write_text("name,risk\nNA,high\n", encoding="utf-8")
    with pytest.raises(BrokenContract, match=r"a\.csv: column 'risk' of risks is (str|object), not float64"):
        schema.read_csv(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("name,n\nNA,1\n", encoding="utf-8")
    with pytest.raises(BrokenContract, match=r"a\.csv: risks has no column 'risk'"):
        schema.read_csv(tmp_path / "a.csv")
