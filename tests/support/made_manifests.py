"""A study of three steps as its build leaves it: products, Snakemake's records, manifest; small enough to alter."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pandas as pd

from detente.base.files import read_json, sha256, write_csv, write_frame, write_json, write_text
from detente.provenance import columns, lineage

RAW = "data/raw/mme/mme.csv"
RECEIPT = "data/processed/mini/raw/mme.json"
PANEL = "data/processed/mini/panel.parquet"
TABLE = "reports/mini/tables/main.tex"
CSV = "reports/mini/estimates.csv"
NUMBERS = "reports/mini/numbers.json"
FIGURE = "reports/mini/figures/timeline.svg"
PDF = "reports/mini/paper.pdf"
MODULE = "workflow/src/detente/cli/raw.py"
PRODUCTS = (PANEL, TABLE, CSV, NUMBERS, FIGURE, PDF)
TAKEN = {"seconds": 2.5, "processor_seconds": 2.25, "peak_mb": 150.0}
SOFTWARE = {"python": "3.11.7", "packages": {"detente": "0.1.0"}}
ADDRESS = "https://example.org/mme.csv"


def build(folder: Path, nudge: float = 0.0) -> dict[str, Any]:
    """Make the study in `folder`, every number moved by the share `nudge`; the manifest is written and returned."""
    x = 0.123456789012 * (1 + nudge)
    write_text("a,b\n1,2\n", folder / RAW)
    write_json(
        {"slug": "mme", "files": [{"file": "mme.csv", "path": RAW, "sha256": sha256(folder / RAW), "bytes": 8}]},
        folder / RECEIPT,
    )
    write_frame(pd.DataFrame({"dyad": [1, 2, 3], "risk": [x, 2 * x, None], "name": ["a", "b", None]}), folder / PANEL)
    write_text(f"\\begin{{tabular}} Exercise & {x:.12f} \\\\ \\end{{tabular}}\n", folder / TABLE)
    write_csv(pd.DataFrame({"term": ["exercise"], "estimate": [x], "nobs": [48156]}), folder / CSV)
    write_json({"effect": {"text": f"{x:.2f}", "value": x}, "states": 12}, folder / NUMBERS)
    write_text(f'<svg><path d="M {x:.12f} 1.5"/></svg>\n', folder / FIGURE)
    (folder / PDF).write_bytes(b"%PDF of the paper\n")
    write_text("import os\n", folder / MODULE)
    _record(folder, RECEIPT, "acquire_mini", "acquire", [MODULE], ["'{\"years\": [1980, 2010]}'"])
    _record(folder, PANEL, "panel", "panel", [RECEIPT, MODULE], [])
    for path in (TABLE, CSV, NUMBERS, FIGURE, PDF):
        _record(folder, path, "tables", "tables", [PANEL, MODULE], ["'--samples all'"])
    return listed(folder)


def listed(folder: Path) -> dict[str, Any]:
    """Write the manifest of what is in `folder` now, and the records of the steps as if they had just made it."""
    for path in (RECEIPT, *PRODUCTS):
        made = {"sha256": sha256(folder / path), "software": SOFTWARE, "taken": TAKEN}
        write_json(made, folder / ".snakemake/made" / f"{path}.json")
    sums = {path: sha256(folder / path) for path in PRODUCTS}
    manifest = {
        "commit": "0" * 40,
        "dirty": False,
        "seed": 1,
        "versions": SOFTWARE["packages"],
        "study": {"name": "mini", "world": "observed", "seed": 1, "title": "Mini"},
        "machine": {"python": "3.11.7", "system": "Linux", "cores": 2},
        "config": {},
        "lock": {},
        "raw": {"mme/mme.csv": sha256(folder / RAW)},
        "processed": {p.removeprefix("data/processed/mini/"): c for p, c in sums.items() if p.startswith("data/")},
        "exhibits": {p.removeprefix("reports/mini/"): c for p, c in sums.items() if p.startswith("reports/")},
        "columns": {PANEL: columns(folder / PANEL)},
        "lineage": lineage(PRODUCTS, folder / ".snakemake", {("mme", "mme.csv"): ADDRESS}, folder),
        "steps": {"panel": {"seconds": 2.0, "peak_mb": 100.0}},
    }
    write_json(manifest, folder / "reports/mini/manifest.json")
    found: dict[str, Any] = read_json(folder / "reports/mini/manifest.json")
    return found


def _record(folder: Path, product: str, rule: str, step: str, inputs: list[str], parameters: list[str]) -> None:
    log = f"data/processed/mini/logs/{step}.log"
    record = {
        "rule": rule,
        "shellcmd": f"python -m detente {step} --samples all  --out {product} > {log} 2>&1",
        "input": inputs,
        "params": parameters,
        "log": [log],
        "input_checksums": {},
    }
    name = urlsafe_b64encode(product.encode()).decode()
    write_text(json.dumps(record), folder / ".snakemake/metadata" / name)
