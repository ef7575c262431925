"""The reference is what the code declares, and every example of a source of tables is what the command makes of it."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from detente.cli import main
from detente.replicate import reference
from detente.replicate.own import OWN
from detente.stats import REGISTRY, get

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLES = (DOCS / "replication-examples.md").read_text(encoding="utf-8").split("\n## ")[1:]


@pytest.mark.slow
def test_the_reference_is_made_from_the_code() -> None:
    """Written again by `detente replicate reference --out docs/replication-reference.md`."""
    assert (DOCS / "replication-reference.md").read_text(encoding="utf-8") == reference()


def rows(text: str) -> list[list[str]]:
    """Cells of the rows of its tables that begin with a name."""
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines() if line.startswith("| `")]


def test_every_key_of_the_reference_has_legal_values_and_says_what_it_is() -> None:
    keys = [row for row in rows((DOCS / "replication-reference.md").read_text(encoding="utf-8")) if len(row) == 4]
    assert len(keys) > 100
    assert [row for row in keys if not (row[0] and row[1] and row[3])] == []


def test_a_new_estimator_is_in_the_reference_by_what_it_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REGISTRY, "odds_within", replace(get("felogit"), name="odds_within"))
    monkeypatch.setitem(OWN, "given_twice", OWN["negbin_given"])
    found = rows(reference())
    able = {row[0]: row[2] for row in found if len(row) == 3}
    assert able["`estimate`"] == "all but `describe`"
    assert {n for n, of in able.items() if "`felogit`" in of} == {n for n, of in able.items() if "`odds_within`" in of}
    options = {row[0]: row[1] for row in found if len(row) == 2}
    for new, old in (("`odds_within`", "`felogit`"), ("`given_twice`", "`negbin_given`")):
        assert options[new] == options[old]


def block(text: str, kind: str) -> str:
    found = re.search(rf"```(?:{kind})\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def test_there_is_an_example_of_every_source() -> None:
    titles = [example.partition("\n")[0] for example in EXAMPLES]
    assert titles == ["A log of Stata", "A log of R", "LaTeX", "Word", "HTML", "CSV"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.partition("\n")[0])
def test_an_example_is_drafted_corrected_and_met(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = block((DOCS / "replicate-a-table.md").read_text(encoding="utf-8"), "python")
    subprocess.run([sys.executable, "-c", data], check=True)
    call = re.search(r"`detente (replicate new .*? --out mytable.yaml)`", example)
    assert call is not None
    source = block(example, "text|tex|html|csv|python")
    if "table.docx" in call[1]:
        subprocess.run([sys.executable, "-c", source], check=True)
    else:
        Path(call[1].split()[4]).write_text(source, encoding="utf-8")
    assert main(call[1].split()) == 0
    draft = Path("mytable.yaml").read_text(encoding="utf-8")
    models = block(example, "yaml")
    assert draft.endswith(models), "the page shows another draft"
    if "```diff" in example:
        lines = block(example, "diff").splitlines()
        old, new = ("\n".join(line[1:] for line in lines if line[0] == mark) for mark in "-+")
        assert draft.count(old) == 1
        Path("mytable.yaml").write_text(draft.replace(old, new), encoding="utf-8")
    assert main(["replicate", "--tables", "mytable.yaml", "--data", "data", "--out", "out"]) == 0
    assert set(pd.read_csv("out/replication.csv")["status"]) == {"exact"}
