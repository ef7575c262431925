"""Reading the panels that many specifications are fitted to."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from detente.study.design import Specification
from detente.study.multiverse import columns_of


def panels_at(folder: Path) -> dict[bool, Path]:
    """Where a study's panels for robustness are: of dyad-years, and of directed ones."""
    return {False: folder / "dyad-year.parquet", True: folder / "directed-dyad-year.parquet"}


def read_panels(folder: Path, specs: Iterable[Specification]) -> dict[bool, pd.DataFrame]:
    """Panels that specifications need, and of these the columns that they need."""
    files = panels_at(folder)
    return {directed: pd.read_parquet(files[directed], columns=names) for directed, names in columns_of(specs).items()}
