"""Shards become one table of the same rows in the same order, of which one claim is read alone."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from detente.base.errors import BrokenContract
from detente.base.files import read_frame, write_csv, write_frame, write_in_turn
from detente.cli.gathering import by_claim, distinct


def frame(claim: str, count: int, start: int = 0) -> pd.DataFrame:
    numbers = range(start, start + count)
    return pd.DataFrame(
        {
            "spec_id": [f"{claim}.{i:012x}" for i in numbers],
            "claim": claim,
            "estimate": [i / 7 for i in numbers],
            "nobs": list(numbers),
            "powered": [i % 2 == 0 for i in numbers],
        }
    )


@pytest.fixture
def parts() -> list[pd.DataFrame]:
    return [frame("war", 5), frame("war", 4, 5), frame("peace", 3), frame("trade", 8)]


@pytest.mark.parametrize("most", [1, 6, 1000])
def test_rows_keep_their_order_and_no_group_of_rows_is_of_two_claims(parts: list[pd.DataFrame], most: int) -> None:
    groups = list(by_claim(parts, most))
    pd.testing.assert_frame_equal(pd.concat(groups, ignore_index=True), pd.concat(parts, ignore_index=True))
    assert all(set(group["claim"]) == {group["claim"].iloc[0]} for group in groups)
    assert [len(group) for group in groups] == ([5, 4, 3, 8] if most < 9 else [9, 3, 8])


def test_one_below_the_other_files_are_as_if_they_were_written_at_once(
    parts: list[pd.DataFrame], tmp_path: Path
) -> None:
    whole = pd.concat(parts, ignore_index=True)
    write_in_turn(by_claim(parts), tmp_path / "all.parquet", tmp_path / "all.csv", {"world": "simulated"})
    write_csv(whole.assign(world="simulated"), tmp_path / "whole.csv")
    write_frame(whole, tmp_path / "whole.parquet")
    pd.testing.assert_frame_equal(read_frame(tmp_path / "all.parquet"), read_frame(tmp_path / "whole.parquet"))
    assert (tmp_path / "all.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    file = pq.ParquetFile(tmp_path / "all.parquet")
    assert file.num_row_groups == 3
    place = file.schema_arrow.names.index("claim")
    found = [file.metadata.row_group(i).column(place).statistics for i in range(3)]
    assert [(s.min, s.max) for s in found] == [("war", "war"), ("peace", "peace"), ("trade", "trade")]


def test_no_half_of_a_table_is_left_by_a_shard_that_is_refused(parts: list[pd.DataFrame], tmp_path: Path) -> None:
    with pytest.raises(BrokenContract, match=r"war\.0{12} is in more than one part"):
        write_in_turn(distinct([*parts, parts[0]]), tmp_path / "all.parquet", tmp_path / "all.csv", {})
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="no frame"):
        write_in_turn([], tmp_path / "all.parquet", tmp_path / "all.csv", {})


def test_shards_are_a_data_set_of_which_one_claim_is_read(parts: list[pd.DataFrame], tmp_path: Path) -> None:
    names = ["war.0", "war.1", "peace.0", "trade.0"]
    for name, part in zip(names, parts, strict=True):
        write_frame(part, tmp_path / f"{name}.parquet")
    (tmp_path / "plan.json").write_text(json.dumps({name: [1, 1] for name in names}), encoding="utf-8")
    files = [tmp_path / f"{name}.parquet" for name in json.loads((tmp_path / "plan.json").read_text("utf-8"))]
    shards = ds.dataset(files)
    asked = ds.field("claim") == "war"
    assert shards.count_rows(filter=asked) == 9
    (tmp_path / "trade.0.parquet").write_bytes((tmp_path / "trade.0.parquet").read_bytes()[:4] + b"damaged")
    # What is not asked for is not read: by name before anything is opened, by statistics after its end was.
    mine = ds.dataset([file for file in files if file.name.startswith("war.")])
    assert mine.to_table(filter=asked & (ds.field("nobs") > 6)).num_rows == 2
