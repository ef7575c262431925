"""Tables of the robustness report: what frames say of a claim stands in its row, and what is missing is a dash."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from detente.report.formats import MISSING
from detente.report.paper import RobustnessPage, outdated
from detente.report.tables import Table
from detente.report.tables.confounders import confounders
from detente.report.tables.influence import influence
from detente.report.tables.power import power

from support import exhibit_fixtures as made

# Claims in the order of the ledger.
LABELS = pd.DataFrame({"claim": ["b", "a"], "label": ["Pact", "Exercise"], "estimate": 0.01})


def cells(table: Table, label: str) -> tuple[str, ...]:
    return next(row.cells for row in table.rows if row.label == label)


def test_power_stands_in_the_order_of_print_and_a_share_that_does_not_exist_is_missing() -> None:
    common = {"mde_share": 0.31, "mde_simulated_share": 0.32, "size": 0.064, "draws": 500, "power_by_error": 0.42,
              "std_error": 0.0024, "spread": 0.002}  # fmt: skip
    frame = pd.DataFrame(
        [
            {"claim": "a", "base_risk": 0.0188, "power_at_smallest": 0.46, "type_m_at_smallest": 1.45,
             "type_s_at_smallest": 0.0, **common},
            {"claim": "b", "base_risk": 0.02, "power_at_smallest": 0.0, "type_m_at_smallest": math.nan,
             "type_s_at_smallest": math.nan, **common},
        ]
    )  # fmt: skip
    table = power(made.of_frames(power=frame, ledger=LABELS))
    assert [row.label for row in table.rows] == ["Pact", "Exercise"]
    assert cells(table, "Exercise") == ("18.8", "31%", "32%", "42%", "46%", "×1.4", "0%", "6.4%", "1.2")
    assert cells(table, "Pact")[4:7] == ("0%", MISSING, MISSING)
    assert "500 draws" in table.notes[0]


def test_confounders_stand_beside_the_strongest_control() -> None:
    ledger = pd.DataFrame(
        {
            "claim": ["a", "b"],
            "label": ["Exercise", "Pact"],
            "estimate": 0.01,
            "robustness_value": [0.0067, math.nan],
            "robustness_value_alpha": [0.0, math.nan],
            "strongest_benchmark": ["rivalry_lag2", ""],
            "benchmark_low": [-0.00186, math.nan],
            "benchmark_high": [0.00642, math.nan],
        }
    )
    selection = pd.DataFrame({"claim": ["a", "a"], "r_max_rule": ["1.3 × R²", "1"], "delta": [-6.78, -0.02]})
    evalues = pd.DataFrame({"claim": ["a"], "e_value": [1.6], "e_value_limit": [1.0]})
    table = confounders(made.of_frames(ledger=ledger, selection=selection, evalue=evalues))
    assert cells(table, "Exercise") == (
        "0.7%",
        "0.0%",
        "Strategic rivalry (t−2)",
        "−1.86 to 6.42",
        "−6.8",
        "1.6",
        "1.0",
    )
    assert set(cells(table, "Pact")) == {MISSING}


def test_the_part_that_moves_an_estimate_most_is_named_whatever_the_direction() -> None:
    frame = pd.DataFrame(
        {
            "claim": ["a"] * 4,
            "kind": ["state", "state", "state", "era"],
            "left_out": ["Ruritania", "Graustark", "Freedonia", "1980–1991"],
            "change_se": [0.4, -0.9, math.nan, 0.1],
            "flips": [False, True, False, False],
        }
    )
    table = influence(made.of_frames(influence=frame, ledger=LABELS))
    assert [column.label for column in table.columns] == ["State", "Era", "Another verdict"]
    assert cells(table, "Exercise") == ("Graustark (−0.9)", "1980–1991 (0.1)", "1 of 4")
    assert [row.label for row in table.rows] == ["Exercise"]


def test_a_figure_that_an_earlier_run_drew_of_a_claim_does_not_stay(tmp_path: Path) -> None:
    for name in ("decisions_a.svg", "decisions_b.svg", "influence_b.pdf", "claims.svg", "curve.a.svg"):
        (tmp_path / name).touch()
    page = RobustnessPage(None, {"decisions_a.svg": b"", "claims.svg": b""})  # type: ignore[arg-type]
    found = {path.name for path in outdated(tmp_path, page, made.evidence())}
    assert found == {"decisions_b.svg", "influence_b.pdf"}
