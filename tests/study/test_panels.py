"""Panels of which specifications use some rows and columns: those in memory, and those that are read from files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import DamagedFile
from detente.base.files import Part, read_frame, read_parts, write_frame
from detente.cli.multiverse import PanelsRead, RowsRead
from detente.study.config import Contrast
from detente.study.design import Specification, build_design
from detente.study.design.matrix import of_case
from detente.study.multiverse.panels import Held, by_panel, ever_in

from support.designs import control, moved_borders, specification


@pytest.fixture
def frame() -> pd.DataFrame:
    rows = moved_borders(12)
    other = np.random.default_rng(7).normal(size=len(rows))
    return rows.assign(capability_ratio=np.where(np.arange(len(rows)) % 9, other, np.nan))


def specs() -> list[Specification]:
    """Of all dyads and of neighbours, of a lag of one year and of four, and a design that follows the treatment."""
    ratio = control("capability_ratio")
    near = [specification(ratio, sample="contiguous"), specification(sample="contiguous", years=4)]
    return [*near, specification(ratio), replace(specification(sample="contiguous"), design="matching")]


@pytest.mark.parametrize("design", [False, True])
def test_a_sample_has_its_dyads_in_all_years_that_are_reached_back_to(frame: pd.DataFrame, design: bool) -> None:
    of = [spec for spec in specs() if spec.sample.name == "contiguous"][: 3 if design else 2]
    used = ever_in(frame, of)
    assert used is not None
    near = frame[frame["in_window"] & (frame["contiguous"] == 1)][["ccode1", "ccode2"]]
    ever = pd.MultiIndex.from_frame(frame[["ccode1", "ccode2"]]).isin(pd.MultiIndex.from_frame(near))
    # Four years before the first of the window, 1990; a design follows the treatment through all years.
    expected = ever & (True if design else (frame["year"] >= 1986).to_numpy())
    np.testing.assert_array_equal(used, expected)
    assert 0 < used.sum() < len(frame)


def test_all_rows_of_a_panel_are_the_panel(frame: pd.DataFrame) -> None:
    every = [replace(specification(), design="matching")]
    assert ever_in(frame, every) is None
    assert Held({"dyad-year": frame}).ever_in(every) is frame


def test_a_panel_in_memory_of_which_nine_tenths_are_used_is_not_copied(frame: pd.DataFrame) -> None:
    later = [replace(specification(), window=(1984, 2000))]
    used = ever_in(frame, later)
    assert used is not None and used.mean() == 0.9
    assert Held({"dyad-year": frame}).ever_in(later) is frame


@pytest.mark.parametrize("reader", [PanelsRead, RowsRead])
def test_what_is_read_of_a_panel_gives_the_designs_of_the_whole(
    frame: pd.DataFrame, tmp_path: Path, reader: type[PanelsRead]
) -> None:
    write_frame(frame, tmp_path / "dyad-year.parquet")
    every = specs()
    found = {i: part for part, places in by_panel(reader(tmp_path, every), every) for i in places}
    for i, spec in enumerate(every):
        whole, read = build_design(frame, spec), build_design(found[i], spec)
        np.testing.assert_array_equal(whole.x, read.x)
        np.testing.assert_array_equal(whole.y, read.y)
        assert whole.attrition == read.attrition
    used = {name for spec in every[:2] for name in spec.variables}
    assert set(found[0]) == {"ccode1", "ccode2", "year", "in_window", *used}


def test_specifications_of_a_unit_stand_together_in_their_order(frame: pd.DataFrame) -> None:
    some = specs()
    directed = [replace(spec, claim=spec.claim.model_copy(update={"directed": True})) for spec in some]
    both = Held({"dyad-year": frame, "directed-dyad-year": frame})
    mixed = [each for pair in zip(some, directed, strict=True) for each in pair]
    assert [places for _, places in by_panel(both, mixed)] == [[0, 2, 6], [4], [1, 3, 7], [5]]


@pytest.mark.parametrize("case", [{"ccode1": 9, "ccode2": 138, "year": 1995}, {"ccode2": 100, "year": 1983}])
@pytest.mark.parametrize("reader", [PanelsRead, RowsRead])
def test_a_case_counts_outside_of_the_sample_and_before_its_years(
    frame: pd.DataFrame, tmp_path: Path, reader: type[PanelsRead], case: dict[str, int]
) -> None:
    frame.loc[of_case(frame, case.items()), "exercise_any"] = 9.0
    write_frame(frame, tmp_path / "dyad-year.parquet")
    spec = specification(sample="contiguous")
    contrast = Contrast(case=case, said="none to the largest")
    spec = replace(spec, claim=spec.claim.model_copy(update={"contrast": contrast}))
    ((part, _),) = by_panel(reader(tmp_path, [spec]), [spec])
    assert len(part) < len(frame)
    np.testing.assert_array_equal(build_design(part, spec).x, build_design(frame, spec).x)


def test_parts_of_a_file_are_those_of_its_frame(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame = frame.assign(said=np.where(frame["contiguous"] == 1, "near", "far"), few=pd.array([1, None] * 400, "Int64"))
    write_frame(frame, tmp_path / "p.parquet")
    near = Part(("year", "said", "few"), ("contiguous",), lambda by: (by["contiguous"] == 1).to_numpy())
    none = Part(("capability_ratio",), ("year",), lambda by: (by["year"] > 3000).to_numpy())
    whole = Part(tuple(frame), ("year",), lambda _: None)
    some, empty, every = read_parts(tmp_path / "p.parquet", [near, none, whole])
    known = read_frame(tmp_path / "p.parquet")
    pd.testing.assert_frame_equal(every, known)
    expected = known.loc[known["contiguous"] == 1, ["year", "few", "said"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(some[["year", "few", "said"]], expected)
    assert empty.shape == (0, 1)


def test_a_file_cut_short_is_refused_with_its_name(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    write_frame(frame, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DamagedFile, match=r"p\.parquet"):
        read_parts(path, [Part(("year",), ("year",), lambda _: None)])
