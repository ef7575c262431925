"""Tables of the robustness report: what frames say of a claim stands in its row, and what is missing is a dash."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from detente.report.formats import MISSING
from detente.report.paper import RobustnessPage, outdated
from detente.report.tables import Table
from detente.report.tables.confounders import confounders
from detente.report.tables.deciding import deciding, enough, of_claims
from detente.report.tables.influence import influence
from detente.report.tables.pooled import pooled
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


def test_what_would_decide_is_said_of_inconclusive_claims_alone_and_up_to_five_records() -> None:
    ledger = pd.DataFrame(
        {"claim": ["a", "b", "c"], "label": ["Exercise", "Pact", "Mission"], "estimate": 0.01,
         "verdict": ["inconclusive", "lowers", "inconclusive"]}
    )  # fmt: skip
    shared = {"mde": 0.02, "smallest_effect": 0.005, "shrinking": math.nan, "shrinking_error": math.nan, "limit": ""}
    held = {"years": 31, "dyads": 250, "states": 60, "onsets": 920}

    def rows(claim: str, **multiples: float) -> list[dict[str, object]]:
        return [
            shared | {"claim": claim, "resource": r, "have": n, "multiple": multiples[r], "basis": "derived"}
            for r, n in held.items()
        ]

    made_up = rows("a", years=1.9, dyads=math.nan, states=2.01, onsets=7.0)
    made_up[0] |= {"basis": "measured", "shrinking": 0.4, "shrinking_error": 0.21}
    none = rows("c", years=16.0, dyads=math.nan, states=5.01, onsets=math.nan)
    frame = pd.DataFrame([*made_up, *rows("b", years=1.0, dyads=1.0, states=1.0, onsets=1.0), *none])
    evidence = made.of_frames(ledger=ledger, deciding=frame)
    table = deciding(evidence)
    assert [row.label for row in table.rows] == ["Exercise", "Mission"]
    more = "more than five records"
    assert cells(table, "Exercise") == (
        "×4.0", "31", "59", "0.40 (0.21)*", "250", "no number", "60", "121", "920", more
    )  # fmt: skip
    assert cells(table, "Mission")[2:6] == (more, MISSING, "250", "no number")
    found = of_claims(evidence)
    assert enough(found["a"]) == "59 years instead of 31 or 121 states instead of 60"
    assert enough(found["c"]) == ""


def test_a_family_that_is_pooled_has_its_claims_its_mean_and_its_spread_and_others_their_reason() -> None:
    ledger = pd.DataFrame({"claim": ["a", "b"], "label": ["Exercise", "Pact"], "estimate": 0.01})
    family = {"family": "instruments", "estimates": 3, "mean": -0.1, "std_error": 0.05, "df": 2.0, "conf_low": -0.32,
              "conf_high": 0.12, "tau": 0.04, "tau_low": 0.0, "tau_high": 0.31, "i2": 0.2, "q": 2.1, "q_p": 0.35,
              "correlation": 0.11, "kept": 0.83}  # fmt: skip
    member = {"claim": "a", "family": "instruments", "estimate": -0.2, "std_error": 0.1, "conf_low": -0.4,
              "conf_high": 0.01, "drawn": -0.12, "drawn_low": -0.3, "drawn_high": 0.06, "weight": 0.34,
              "reason": ""}  # fmt: skip
    lost = {"claim": "b", "family": "instruments", "drawn": math.nan, "reason": "its headline has no interval"}
    frames = {"pooled": pd.DataFrame([family]), "pooled_claims": pd.DataFrame([member, lost])}
    table = pooled(made.of_frames(ledger=ledger, **frames))
    assert [row.label for row in table.rows] == ["Instruments", "Exercise", "Mean", "Spread τ"]
    assert cells(table, "Exercise") == ("−20%", "−40% to 1%", "−12%", "−30% to 6%", "34%")
    assert cells(table, "Mean")[:2] == ("−10%", "−32% to 12%")
    assert cells(table, "Spread τ")[:2] == ("4%", "0% to 31%")
    said = "I² 20%; of no spread, Q = 2.1 with 2 df, p = 0.350; mean correlation of estimates 0.11, of each of which "
    assert any(said + "83% goes into weights." in note for note in table.notes)
    assert "Not pooled, Pact: its headline has no interval." in table.notes
