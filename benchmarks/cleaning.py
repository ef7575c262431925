"""From raw files to tidy sources: read, checked, cleaned, checked again, one after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.contender import Contender
from benchmarks.data import cleanable, cleaner, load_paths
from benchmarks.tasks import OURS


def contenders(_: str) -> dict[str, Contender]:
    """Nobody else reads these files."""
    return {OURS: Contender(load_paths, ours, ("pandera.pandas",))}


def ours(paths: dict[str, Path]) -> pd.DataFrame:
    """Number of the source that each tidy row comes from: what is kept of it all."""
    clean = cleaner(paths)
    rows = [len(clean(source)) for source in cleanable(paths)]
    return pd.DataFrame({"source": np.repeat(np.arange(len(rows), dtype=np.int8), rows)})
