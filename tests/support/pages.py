"""Templates and works of the paper, and what no page may hold."""

from __future__ import annotations

import re

import yaml

from support.workflows import ROOT

REPORT = ROOT / "workflow" / "report"

TEMPLATES = {path.name: path.read_text(encoding="utf-8") for path in REPORT.glob("*.j2")}

WORKS = yaml.safe_load((REPORT / "references.yaml").read_text(encoding="utf-8"))

PROVENANCE = {
    "commit": "0123456789abcdef",
    "dirty": False,
    "seed": 1,
    "versions": {"detente": "0.1.0", "pandas": "3.1.1"},
    "raw": [{"slug": "mme", "file": "mme_v7.csv", "sha256": "a" * 64, "bytes": 1_234_567}],
}


def assert_clean(text):
    """No template left over, no doubled or misplaced stop, a capital in front of each sentence."""
    flat = re.sub(r"\s+", " ", text)
    assert not re.search(r"\bNone\b(?! of)|\bnan\b", flat)
    small = re.search(r".{0,40}(?<!\bal)(?<!\bvs)(?<!e\.g)(?<!i\.e)[.?!] (?!\w+:|[a-z]\b)[a-z].{0,30}", text)
    assert not small, small[0]
    for wrong in ("{{", "Undefined", "..", " ,", " .", " ;", "( ", " )", "and and", " a a "):
        assert wrong not in flat, flat[max(0, flat.index(wrong) - 80) : flat.index(wrong) + 40]
