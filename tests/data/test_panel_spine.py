"""Who can fight whom and when: to the day, in every unit."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import PanelError
from detente.data.panel.spine import Keys, Spine, build_spine

from support.builders import spells
from support.made_panels import SYSTEM

Key = tuple[int, ...]
ALWAYS = (18160101, 20161231)


def keys_of(spine: Spine, keys: Keys) -> list[Key]:
    """Keys of a unit as codes and years."""
    *places, year = keys.parts
    return list(zip(*(spine.states[p].tolist() for p in places), (spine.first + year).tolist(), strict=True))


def dyads(members: pd.DataFrame, first: int, last: int) -> list[Key]:
    spine = build_spine(members, first, last)
    return keys_of(spine, spine.pairs)


def days(first: int, last: int) -> list[int]:
    """Every day from the first to the last year as yyyymmdd."""
    start = date(first, 1, 1)
    number = (date(last + 1, 1, 1) - start).days
    return [int((start + timedelta(days=n)).strftime("%Y%m%d")) for n in range(number)]


def day_by_day(members: pd.DataFrame, first: int, last: int) -> tuple[set[Key], set[Key]]:
    """Directed dyad-years and state-years, from who is a member on each single day."""
    rows = list(members[["ccode", "start", "end"]].itertuples(index=False, name=None))
    pairs: set[Key] = set()
    states: set[Key] = set()
    for day in days(first, last):
        there = {state for state, start, end in rows if start <= day <= end}
        states |= {(state, day // 10000) for state in there}
        pairs |= {(one, other, day // 10000) for one, other in permutations(there, 2)}
    return pairs, states


def random_members(seed: int) -> pd.DataFrame:
    """Eight states with one to three spells each, some of a day, between 1985 and 1994."""
    draw = np.random.default_rng(seed)
    all_days = np.array(days(1985, 1994))
    rows = []
    for state in draw.choice(np.arange(2, 999), size=8, replace=False).tolist():
        ends = np.sort(draw.choice(len(all_days), size=2 * int(draw.integers(1, 4)), replace=False))
        rows += [(state, int(all_days[i]), int(all_days[j])) for i, j in ends.reshape(-1, 2)]
        rows += [(state, int(all_days[ends[-1] - 1]), int(all_days[ends[-1] - 1]))] if draw.random() < 0.3 else []
    return spells(*rows)


@pytest.mark.parametrize("seed", range(4))
def test_every_unit_is_what_counting_day_by_day_finds(seed: int):
    members = random_members(seed)
    pairs, states = day_by_day(members, 1987, 1991)

    spine = build_spine(members, 1987, 1991)

    assert keys_of(spine, spine.directions) == sorted(pairs)
    assert keys_of(spine, spine.pairs) == sorted(key for key in pairs if key[0] < key[1])
    assert keys_of(spine, spine.members) == sorted(states)


def test_the_made_system_is_what_counting_day_by_day_finds():
    members = SYSTEM[SYSTEM["status"] == "member"]
    pairs, states = day_by_day(members, 1944, 1968)

    spine = build_spine(members, 1944, 1968)

    assert keys_of(spine, spine.directions) == sorted(pairs)
    assert keys_of(spine, spine.members) == sorted(states)


def test_states_that_share_no_day_of_a_year_are_no_dyad():
    """One ends on the day before the other begins."""
    members = spells((678, 19260902, 19900521), (679, 19900522, 20161231), (2, *ALWAYS))

    assert dyads(members, 1989, 1991) == [(2, 678, 1989), (2, 678, 1990), (2, 679, 1990), (2, 679, 1991)]


def test_a_state_that_ends_on_the_day_another_begins_shares_that_day_with_it():
    members = spells((678, 19260902, 19900522), (679, 19900522, 20161231))

    assert dyads(members, 1989, 1991) == [(678, 679, 1990)]


def test_a_single_common_day_makes_a_dyad_year():
    members = spells((2, 18160101, 19900522), (679, 19900522, 20161231), (900, 19911231, 19911231))

    assert dyads(members, 1990, 1992) == [(2, 679, 1990), (679, 900, 1991)]


def test_germany_is_absent_between_its_spells():
    members = spells((255, 18160101, 19450508), (255, 19901003, 20161231), (260, 19550505, 19901002), (2, *ALWAYS))

    found = dyads(members, 1940, 1995)

    assert [y for a, b, y in found if (a, b) == (2, 255)] == [*range(1940, 1946), *range(1990, 1996)]
    assert [y for a, b, y in found if (a, b) == (2, 260)] == list(range(1955, 1991))
    assert [y for a, b, y in found if (a, b) == (255, 260)] == []


def test_two_spells_of_one_year_are_one_dyad_year():
    members = spells((2, *ALWAYS), (20, 19900101, 19900301), (20, 19900901, 20161231))

    assert dyads(members, 1990, 1990) == [(2, 20, 1990)]


def test_a_state_makes_no_dyad_with_itself():
    members = spells((20, *ALWAYS), (2, *ALWAYS), (2, 19900101, 19901231))

    assert dyads(members, 1989, 1991) == [(2, 20, year) for year in (1989, 1990, 1991)]


@pytest.mark.parametrize(("first", "last"), [(1700, 1710), (1990, 1989)])
def test_years_without_a_dyad_are_refused(first: int, last: int):
    with pytest.raises(PanelError) as caught:
        build_spine(spells((2, *ALWAYS), (20, *ALWAYS)), first, last)

    assert str(caught.value) == f"no two states of the system coexist between {first} and {last}"


def test_a_state_year_needs_one_day_of_membership():
    spine = build_spine(spells((2, 19891231, 19910101), (2, 19910601, 19920101), (20, *ALWAYS)), 1990, 2000)

    assert [key for key in keys_of(spine, spine.members) if key[0] == 2] == [(2, 1990), (2, 1991), (2, 1992)]


def test_a_later_start_cuts_years_off_and_nothing_else():
    members = random_members(9)
    whole, later = build_spine(members, 1985, 1994), build_spine(members, 1990, 1994)

    cut = whole.from_year(1990)

    assert (cut.first, cut.last) == (1990, 1994)
    for unit in ("pairs", "directions", "members"):
        assert keys_of(cut, getattr(cut, unit)) == [k for k in keys_of(whole, getattr(whole, unit)) if k[-1] >= 1990]
        assert keys_of(cut, getattr(cut, unit)) == keys_of(later, getattr(later, unit))
    assert whole.from_year(1900).first == 1985


def test_every_key_is_found_in_its_row_and_no_other():
    spine = build_spine(random_members(5), 1986, 1993)
    n, years = spine.present.shape
    grids = {"pairs": (n, n, years), "directions": (n, n, years), "members": (n, years)}
    for unit, shape in grids.items():
        keys = getattr(spine, unit)
        # One place beyond each edge, too.
        asked = np.meshgrid(*(np.arange(-2, size + 1) for size in shape), indexing="ij")
        parts = [part.ravel() for part in asked]
        row = {key: i for i, key in enumerate(zip(*(p.tolist() for p in keys.parts), strict=True))}

        found = keys.rows(*parts)

        assert found.tolist() == [row.get(key, -1) for key in zip(*(p.tolist() for p in parts), strict=True)]
        assert len(keys) == len(row)


def test_a_code_has_its_place_among_the_states_or_none():
    spine = build_spine(spells((2, *ALWAYS), (20, *ALWAYS), (9_999, *ALWAYS)), 1990, 1991)

    assert spine.places([20, 2, 9_999, 3, 0]).tolist() == [1, 0, 2, -1, -1]
    assert spine.places([]).tolist() == []


@pytest.mark.parametrize(("code", "shown"), [(10_000, "10,000"), (-9, "-9"), (123_456, "123,456")])
def test_a_code_that_can_be_no_state_is_refused(code: int, shown: str):
    spine = build_spine(spells((2, *ALWAYS), (20, *ALWAYS)), 1990, 1991)

    with pytest.raises(PanelError) as caught:
        spine.places([2, code])

    assert str(caught.value) == f"a state's code must be a whole number from 0 to 9,999; found {shown}"
