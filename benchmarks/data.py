"""What every process of a run reads from the run's folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from detente.checks import validated
from detente.files import read_frame, read_json
from detente.sources import REGISTRY, check_raw, tidy_schema

Raw = Mapping[str, Mapping[str, pd.DataFrame]]


def design_path(folder: Path, task: str) -> Path:
    """Where the design of a regression is."""
    return folder / f"{task}.design.parquet"


def load_raw(folder: Path) -> dict[str, dict[str, pd.DataFrame]]:
    """Raw tables by source and file, as read from the formats of their authors."""
    from detente.record.rawread import read_raw

    paths = read_json(folder / "world.json")["paths"]
    return {
        slug: {t.file: read_raw(Path(paths[f"{t.slug or slug}/{t.file}"]), t) for t in source.raw}
        for slug, source in REGISTRY.items()
    }


def load_tidy(folder: Path) -> dict[str, pd.DataFrame]:
    """Tidy sources by slug."""
    return {slug: read_frame(folder / f"tidy.{slug}.parquet") for slug in REGISTRY}


def load_window(folder: Path) -> tuple[int, int]:
    """First and last year of the panel."""
    first, last = read_json(folder / "world.json")["window"]
    return first, last


def cleaned(raw: Raw) -> dict[str, pd.DataFrame]:
    """Every source checked, cleaned and checked again, as the pipeline does."""
    tidy = {}
    for slug, source in REGISTRY.items():
        for table in source.raw:
            check_raw(source, table, raw[slug][table.file])
        tidy[slug] = validated(source.clean(raw[slug]).frame, tidy_schema(source), slug)
    return tidy
