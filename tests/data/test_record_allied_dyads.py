"""ATOP 3.0's dyad-years: rows by hand, refusals, and the file itself beside ATOP 5.1."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import SourceSchemaError
from detente.data.record.rawread import read_raw
from detente.data.sources import RawTable, check_raw
from detente.data.sources.cooperation import allied_dyads

from support.builders import cleaner, rows, state_list

cleaned = cleaner(state_list())


def dyad(one: int, other: int, year: int, **flags: int) -> dict[str, int]:
    blank = dict.fromkeys(allied_dyads.NAMES, 0) | {"atopally": 1, "number": 1}
    return {"dyad": one * 1000 + other, "mem1": one, "mem2": other, "year": year, **blank, **flags}


def test_allied_dyad_years_keep_their_flags():
    table = pd.DataFrame([dyad(200, 220, 1950, defense=1), dyad(2, 20, 1942, nonagg=1, number=2)])

    tidy = cleaned(allied_dyads.SOURCE, table)

    wanted = ("ccode1", "ccode2", "year", "atop3_defence", "atop3_nonaggression", "atop3_alliances")
    assert rows(tidy, *wanted) == [(2, 20, 1942, 0, 1, 2), (200, 220, 1950, 1, 0, 1)]
    assert tidy.attrition.empty


@pytest.mark.fault("raw files")
def test_a_dyad_of_other_states_is_refused():
    table = pd.DataFrame([{**dyad(2, 20, 1950), "dyad": 2200}])

    with pytest.raises(SourceSchemaError, match="dyad 2200 is not 1000 × mem1 \\+ mem2"):
        cleaned(allied_dyads.SOURCE, table)


@pytest.mark.record
def test_the_file_has_the_rows_and_traps_that_are_known(mirror: Path):
    if not (mirror / "atop-3.0").is_dir():
        pytest.skip("the folder of raw files has no atop-3.0: name one that has it in DETENTE_MIRROR, too")
    whole = read_raw(mirror / "atop-3.0" / allied_dyads.FILE, RawTable(allied_dyads.FILE, {}))
    check_raw(allied_dyads.SOURCE, allied_dyads.SOURCE.raw[0], whole)

    assert len(whole) == 63_994
    assert (whole["year"].min(), whole["year"].max()) == (1816, 2002)
    assert (whole["mem1"] < whole["mem2"]).all()
    assert (whole["asymm"].sum(), whole["shareob"].notna().sum()) == (1_522, 77)
    assert whole.loc[whole["shareob"].notna(), "asymm"].eq(1).all()
    assert len(allied_dyads.SOURCE.clean({allied_dyads.FILE: whole}).frame) == 63_994
