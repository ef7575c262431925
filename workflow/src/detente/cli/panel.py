"""Build the panel of dyad-years, its ledger and its codebook."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from detente.cli.files import read_frame, write_csv, write_frame
from detente.cli.options import add_study
from detente.config import load_project
from detente.panel import build_panel, catalogue
from detente.sources import REGISTRY


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    add_study(parser)
    parser.add_argument("--tidy", type=Path, required=True, help="folder of tidy sources")
    parser.add_argument("--ledgers", type=Path, required=True, help="folder of the sources' ledgers")
    parser.add_argument("--panel", type=Path, required=True, help="parquet to write")
    parser.add_argument("--ledger", type=Path, required=True, help="parquet to write")
    parser.add_argument("--codebook", type=Path, required=True, help="CSV to write")


def run(arguments: argparse.Namespace) -> None:
    """Build and write."""
    project = load_project(arguments.root, arguments.override)
    study = project.study(arguments.study)
    tidy = {slug: read_frame(arguments.tidy / f"{slug}.parquet") for slug in REGISTRY}
    panel = build_panel(tidy, study.window, project.longest_lag(study))
    ledgers = [read_frame(arguments.ledgers / f"{slug}.parquet") for slug in REGISTRY]
    write_frame(panel.frame, arguments.panel)
    write_frame(pd.concat([*ledgers, panel.ledger], ignore_index=True), arguments.ledger)
    write_csv(codebook(panel.frame), arguments.codebook)
    inside = panel.frame[panel.frame["in_window"]]
    print(f"panel: {len(inside):,} dyad-years, {len(inside[['a', 'b']].drop_duplicates()):,} dyads")


def codebook(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a variable: what it is, where it comes from, and how it is spread in the window."""
    origin = {
        name: source.slug
        for source in REGISTRY.values()
        for v in source.variables
        for name in ((f"{v.name}_a", f"{v.name}_b") if source.key == "state-year" else (v.name,))
    }
    inside = frame[frame["in_window"]]
    rows = []
    for name, variable in catalogue().items():
        column = inside[name]
        seen = column.notna().any()
        rows.append(
            {
                "variable": name,
                "label": variable.label,
                "unit": variable.unit,
                "role": variable.role,
                "source": origin.get(name, "derived"),
                "absent_means": "0 in the years covered" if variable.kind == "event" else "missing",
                "n": int(column.notna().sum()),
                "missing": int(column.isna().sum()),
                "mean": float(column.mean()) if seen else None,
                "sd": float(column.std()) if seen else None,
                "min": float(column.min()) if seen else None,
                "max": float(column.max()) if seen else None,
            }
        )
    return pd.DataFrame(rows)
