"""The report of an audit: who, what, with what end; and whether a conclusion changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from detente.cli import main
from detente.replicate import (
    COMPARISON,
    DYADIC_COMPARISON,
    conclusions_changed,
    conclusions_compared,
    read_publications,
)
from detente.replicate.auditing import Audit
from detente.replicate.models import specification

AUDIT = {
    "by": "A. Editor", "date": "2026-11-30", "package": "https://doi.org/10.0/example", "raw_data": "none",
    "cleaning_code": "some", "analysis_data": "all", "analysis_code": "all", "level": 5,
    "attempts": ["as shipped: the do-file stops at line 12", "with the path corrected: it runs"],
}  # fmt: skip


def row(term: str, quantity: str, printed: str, ours: float, status: str = "exact", reason: str = "") -> dict[str, Any]:
    return {"id": "made", "model": "one", "term": term, "quantity": quantity, "printed": printed, "ours": ours,
            "difference": 0.0, "status": status, "reason": reason, "precision": "0.01", "spec_id": "x"}  # fmt: skip


def compared(folder: Path, rows: list[dict[str, Any]], dyadic: list[dict[str, Any]] | None = None) -> list[str]:
    """The call of the command for a table with such numbers."""
    pin = {"file": "a.csv", "bytes": 5, "sha256": "a" * 64, "address": "https://example.org/a.csv"}
    printed: dict[str, dict[str, str]] = {}
    for each in rows:
        printed.setdefault(each["term"], {})[each["quantity"]] = each["printed"]
    numbers = {"printed": printed} if printed else {"statistics": {"nobs": 1}}
    models = {"one": {"read_in": "p. 1", "infeasible": "none"} | numbers}
    table = {"title": "A table", "citation": "Nobody 2000", "data": {"d": pin}, "models": models, "audit": AUDIT}
    (folder / "made.yaml").write_text(yaml.safe_dump(table), encoding="utf-8")
    (read,) = read_publications([folder / "made.yaml"])
    spec_id = specification(read, "one").spec_id
    COMPARISON.write_csv(COMPARISON.frame([r | {"spec_id": spec_id} for r in rows]), folder / "replication.csv")
    DYADIC_COMPARISON.write_csv(DYADIC_COMPARISON.frame(dyadic or []), folder / "dyadic.csv")
    tables = ["--tables", str(folder / "made.yaml")]
    return ["replicate", "audit", *tables, "--numbers", str(folder), "--out", str(folder / "out")]


def test_the_report_is_a_page_a_file_for_machines_and_a_crate(tmp_path: Path) -> None:
    rows = [
        row("x", "estimate", "0.24", 0.2412),
        row("x", "std_error", "0.05", 0.0512, "different, explained", "a misprint"),
        row("z", "estimate", "1.00", float("nan"), "infeasible", "lost"),
    ]
    assert main(compared(tmp_path, rows)) == 0
    folder = tmp_path / "out/made"
    page = (folder / "audit.md").read_text(encoding="utf-8")
    for words in (
        "Checked by A. Editor on 2026-11-30, of https://doi.org/10.0/example.",
        "5 of 10: analysis data and code give the published results",
        "| not available | in part | complete | complete |",
        "3 printed numbers: 1 exact, 1 different, explained, 1 infeasible.",
        "| one | x | std_error | 0.05 | 0.0512 | different, explained | a misprint |",
        "Conclusions are compared of 1 term, 0 of them under the dyadic-robust covariance, too.",
        "too. No sign and no significance at 5 % changes.",
        "1. as shipped: the do-file stops at line 12",
    ):
        assert words in page, words
    found = json.loads((folder / "audit.json").read_text(encoding="utf-8"))
    assert found["counts"]["exact"] == 1 and found["differences"][1]["ours"] is None
    graph = {each["@id"]: each for each in json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]}
    assert graph["./"]["author"] == {"@id": "#auditor"} and graph["#auditor"]["name"] == "A. Editor"
    assert {"audit.md", "audit.json", "numbers.csv", "https://example.org/a.csv"} == {
        e["@id"] for e in graph["./"]["hasPart"]
    }


@pytest.mark.fault("published tables")
def test_a_level_that_the_numbers_do_not_reach_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(compared(tmp_path, [row("x", "estimate", "0.24", 0.9, "different")])) == 1
    said = capsys.readouterr().err
    assert "› audit › level: 5 says that the results are met; 1 numbers are not" in said
    assert main(compared(tmp_path, [])) == 1
    assert "has no number of 'made'" in capsys.readouterr().err


@pytest.mark.fault("published tables")
@pytest.mark.parametrize(
    ("level", "said"),
    [
        (6, "level 6 needs all of cleaning_code, of which there is some"),
        (7, "level 7 needs all of cleaning_code, of which there is some"),
        (10, "level 10 needs all of cleaning_code, of which there is some"),
    ],
)
def test_a_level_that_needs_more_than_there_is_is_refused(level: int, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Audit.model_validate({**AUDIT, "level": level})


@pytest.mark.parametrize("level", [None, 1, 2, 3, 4, 5])
def test_a_level_that_there_is_enough_for_stands(level: int | None) -> None:
    assert Audit.model_validate({**AUDIT, "level": level}).level == level


def changes(
    rows: list[dict[str, Any]], dyadic: list[dict[str, Any]] | None = None, level: float = 0.05
) -> list[tuple[str, str]]:
    found = conclusions_changed(COMPARISON.frame(rows), DYADIC_COMPARISON.frame(dyadic or []), level)
    return list(zip(found["term"], found["change"], strict=True))


def test_conclusions_are_signs_and_significance_as_printed_ours_and_among_dyads() -> None:
    # 0.24/0.10 is significant, 0.24/0.13 not.
    rows = [row("x", "estimate", "0.24", 0.24), row("x", "std_error", "0.10", 0.13)]
    assert changes(rows) == [("x", "significance")]
    assert changes([row("x", "estimate", "0.24", -0.24), row("x", "std_error", "0.30", 0.30)]) == [("x", "sign")]
    assert changes([row("x", "p_value", "< 0.01", 0.004), row("x", "estimate", "0.1", 0.1)]) == []
    assert changes([row("x", "p_value", "0.04", 0.06)]) == [("x", "significance")]
    words = {name: "" for name, column in DYADIC_COMPARISON.columns.items() if column.dtype == "str"}
    lost = words | {"id": "made", "model": "one", "term": "x", "estimate": 1.0, "printed_std_error": 0.1,
                    "dyadic_std_error": 0.9, "ratio": 9.0, "printed_p": 0.01, "dyadic_p": 0.2, "sign": "+",
                    "conclusion": "loses significance"}  # fmt: skip
    assert changes([], [lost]) == [("x", "significance under the dyadic covariance")]
    assert changes([], [lost], 0.005) == [], "insignificant at 0.5 % by both"
    assert changes([], [lost | {"dyadic_p": float("nan"), "conclusion": "none"}]) == []


def test_a_report_without_numbers_of_ours_compares_no_conclusion(tmp_path: Path) -> None:
    rows = [row("x", "estimate", "0.24", float("nan"), "infeasible", "lost")]
    assert main(compared(tmp_path, rows)) == 0
    page = (tmp_path / "out/made/audit.md").read_text(encoding="utf-8")
    assert "No conclusion is compared: no term has a number of ours." in page
    assert conclusions_compared(COMPARISON.frame(rows), DYADIC_COMPARISON.frame([])) == {"ours": 0, "dyadic": 0}


def test_bounds_and_odds_ratios_are_read_as_they_are_printed() -> None:
    assert changes([row("x", "p_value", "< 0.05", 0.03)]) == [], "below 0.05 is significant at 0.05"
    assert changes([row("x", "p_value", "< 0.05", 0.06)]) == [("x", "significance")]
    assert changes([row("x", "p_value", "< 0.1", 0.03)]) == [], "below 0.1 may be significant or not"
    assert changes([row("x", "p_value", "> 0.1", 0.03)]) == [("x", "significance")]
    assert changes([row("x", "odds_ratio", "1.20", 0.83)]) == [("x", "sign")]
    assert changes([row("x", "odds_ratio", "1.20", 1.21)]) == []


@pytest.mark.fault("published tables")
def test_numbers_of_an_earlier_file_are_not_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = compared(tmp_path, [row("x", "estimate", "0.24", 0.24)])
    assert main(call) == 0
    path = tmp_path / "made.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("'0.24'", "'0.25'"), encoding="utf-8")
    assert main(call) == 1
    assert "was changed since" in capsys.readouterr().err


def test_a_table_without_an_audit_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = compared(tmp_path, [row("x", "estimate", "0.24", 0.24)])
    table = yaml.safe_load((tmp_path / "made.yaml").read_text(encoding="utf-8"))
    del table["audit"]
    (tmp_path / "made.yaml").write_text(yaml.safe_dump(table), encoding="utf-8")
    assert main(call) == 1
    assert "none of these tables has an `audit:` block" in capsys.readouterr().err
    assert not list(tmp_path.glob("out/*"))
