"""Rows of the claims ledger for a page on which it is searched, filtered and sorted."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from detente.report.evidence import Evidence
from detente.report.explorer.claim_page import family_words, verdict_words
from detente.report.formats import INTERVAL, PER, between, per_thousand, percent
from detente.report.labels import VERDICTS
from detente.study.verdicts import CHECKS

_HEADS = (
    ("Code", "text", "left"), ("Claim", "text", "left"), ("Family", "text", "left"), ("Verdict", "text", "left"),
    ("The claim is", "text", "left"), (f"Per {PER:,}", "number", "right"), (INTERVAL, "", "center"),
    ("Of base risk", "number", "right"), ("MDE", "number", "right"), ("Checks failed", "number", "right"),
    ("Registered", "text", "left"),
)  # fmt: skip


def heads() -> list[dict[str, str]]:
    """Return the heads of the columns, and how each is sorted."""
    return [{"label": label, "sort": sort, "side": side} for label, sort, side in _HEADS]


def ledger_rows(evidence: Evidence, row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row of the ledger as cells, with what it is filtered by."""
    family, estimated = family_words(row["family"]), not pd.isna(row["estimate"])
    failed = [str(r) for r in evidence.of_claim("checks", row["claim"]).query("outcome == 'fail'")["check"]]
    answered = "" if row["answer"] in (row["verdict"], "not tested") else row["answer"]
    numbers = (
        [
            _cell(per_thousand(row["estimate"]), row["estimate"], "right"),
            _cell(between(row["conf_low"], row["conf_high"]), "", "center"),
            _cell(percent(row["estimate_share"]), row["estimate_share"], "right"),
            _cell(percent(row["mde_share"]), row["mde_share"], "right"),
            _cell(str(len(failed)), len(failed), "right"),
        ]
        if estimated
        else [_cell("", "", "right") for _ in range(5)]
    )
    words = verdict_words(row)
    cells = [
        _cell(row["code"], row["code"]),
        {"text": row["label"], "href": f"claims/{row['claim']}.html"},
        _cell(family, family),
        {**_cell(words, words), "mark": str(row["verdict"]).replace(" ", "-")},
        _cell(answered, answered),
        *numbers,
        _cell(str(row["registration"]).removeprefix("registered "), row["registration"]),
    ]
    verdict = str(row["verdict"]).replace(" ", "-")
    return {"cells": cells, "family": str(row["family"] or ""), "verdict": verdict, "failed": " ".join(failed)}


def filters(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what rows can be filtered by, with the values that occur."""
    families = dict.fromkeys(str(row["family"]) for row in rows if row["family"])
    verdicts = [v for v in (*VERDICTS, "described", "not-tested") if any(row["verdict"] == v for row in rows)]
    failed = {name for row in rows for name in row["failed"].split()}
    return [
        {"name": "family", "label": "Family", "options": [(f, family_words(f)) for f in families]},
        {"name": "verdict", "label": "Verdict", "options": [(v, v.replace("-", " ")) for v in verdicts]},
        {"name": "check", "label": "Fails the check",
         "options": [(name, check.words) for name, check in CHECKS.items() if name in failed]},
    ]  # fmt: skip


def _cell(text: Any, value: Any, side: str = "left") -> dict[str, Any]:
    return {"text": text, "value": "" if pd.isna(value) else value, "side": side, "href": "", "mark": ""}
