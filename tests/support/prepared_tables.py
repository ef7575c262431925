"""A file of dyads and one of states, and what steps make of the dyads."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from detente.replicate import tables
from detente.replicate.reading import read_publication

STATES = pd.DataFrame({"state": [1, 1, 2, 3], "year": [2000, 2001, 2000, 2000], "gdp": [5.0, 6.0, 7.0, np.nan]})
DYADS = pd.DataFrame(
    {"a": [1, 1, 2, 9], "b": [2, 2, 3, 1], "when": ["3.5.2000", "4.6.2001", "1.1.2000", "31.12.2000"],
     "gdp.pc": ["1,234.5", "..", "12", "3"], "polity": [-66, 5, 7, -66]}
)  # fmt: skip


def made(folder: Path, steps: list[Any], said: list[str] | None = None, **keys: Any) -> pd.DataFrame:
    """The dyads after some steps, states beside them."""
    files = {"dyads": DYADS, "states": STATES}
    data: dict[str, Any] = {}
    for name, frame in files.items():
        path = folder / f"{name}.csv"
        frame.to_csv(path, index=False)
        sha = hashlib.sha256(path.read_bytes()).hexdigest()
        data[name] = {"file": path.name, "bytes": path.stat().st_size, "sha256": sha, "address": None}
    data["dyads"] |= {"steps": steps, "separator": "comma", "thousands": ","} | keys
    model = {"read_in": "p. 1", "data": "dyads", "infeasible": "none", "statistics": {"nobs": 1}}
    written = {"title": "T", "citation": "N", "data": data, "models": {"one": model}}
    (folder / "made.yaml").write_text(yaml.safe_dump(written, sort_keys=False), encoding="utf-8")
    publication = read_publication(folder / "made.yaml")
    tell = (said if said is not None else []).append
    return tables(publication, {name: folder / f"{name}.csv" for name in files}, tell)["dyads"].frame
