"""What a message says of legal values: as many as can be read, and the nearest one."""

from __future__ import annotations

import pytest

from detente.base.errors import LISTED, choices


@pytest.mark.parametrize(
    ("name", "legal", "words"),
    [
        ("dyads", ["dyadic", "dyad"], "legal values: dyad, dyadic; nearest: 'dyad'"),
        ("zzz", ["dyadic", "dyad"], "legal values: dyad, dyadic"),
        ("zzz", [], "legal values: none"),
        ("DYAD", ["dyadic", "dyad"], "legal values: dyad, dyadic; nearest: 'dyad'"),
        ("DAYDIC", ["dyadic", "dyad"], "legal values: dyad, dyadic; nearest: 'dyadic'"),
        ("GMI", ["gml", "nmc"], "legal values: gml, nmc; nearest: 'gml'"),
    ],
)
def test_legal_values_are_listed_in_order_with_the_nearest_if_any_is_near(name: str, legal: list[str], words: str):
    assert choices(name, legal) == words


def test_so_many_legal_values_that_nobody_reads_them_are_counted():
    names = [f"variable_{i:04}" for i in range(LISTED + 1)]

    assert choices("zzz", names[:LISTED]) == f"legal values: {', '.join(names[:LISTED])}"
    assert choices("zzz", names) == f"legal values: {LISTED + 1} of them"
    assert choices("variable_0060x", names) == "legal values: 61 of them; nearest: 'variable_0060'"
    assert choices("zzz", [f"{i}" for i in range(1234)]) == "legal values: 1,234 of them"
