"""Rows of reference numbers for causal designs, read where the tests run and never kept in the project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Reference:
    """A row: what is measured, its value, its standard error (NaN if there is none), and the note beside it."""

    quantity: str
    value: str
    std_error: float
    note: str

    @property
    def number(self) -> float:
        """The value as a number."""
        return float(self.value)


def references(folder: Path, family: str) -> dict[str, Reference]:
    """Rows of a family by what their id says after its name."""
    table = pd.read_csv(folder / "causal.tsv", sep="\t", dtype=str, keep_default_na=False)
    chosen = table[table["id"].str.startswith(f"{family}.")]
    errors = pd.to_numeric(chosen["std_error"], errors="coerce")
    rows = zip(chosen["id"], chosen["quantity"], chosen["value"], errors, chosen["note"], strict=True)
    return {name.split(".", 1)[1]: Reference(*rest) for name, *rest in rows}
