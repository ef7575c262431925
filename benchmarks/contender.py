"""What can be measured: a library at a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Contender:
    """`load` reads data from the run's folder; `run`, which alone is timed, does the task on them.

    `imports` are modules that `run` would import on first use; `rehearse` is something small to run first:
    neither imports nor compilation are in the time. `reference`, of a peer that takes a part of the rows, is what we
    find on these, untimed; `finished` makes a frame of what `run` returns, untimed too.
    """

    load: Callable[[Path], Any]
    run: Callable[[Any], Any]
    imports: tuple[str, ...] = ()
    rehearse: Callable[[], Any] | None = None
    reference: Callable[[Path], pd.DataFrame] | None = None
    finished: Callable[[Any], pd.DataFrame] | None = None
