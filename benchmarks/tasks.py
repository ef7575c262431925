"""What is measured against what. The parent process imports this: standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = "detente"
PANDAS, LINEARMODELS, PYFIXEST = "pandas", "linearmodels", "pyfixest"
LABELS = {
    PANDAS: "pandas merge chain",
    LINEARMODELS: "linearmodels PanelOLS",
    PYFIXEST: "pyfixest feols",
}
# Largest relative difference of any number between us and a peer that still counts as the same numbers.
AGREEMENT = 1e-6


@dataclass(frozen=True)
class Task:
    """Name, label in a table, module that does it, libraries that do it too, those too slow to repeat."""

    name: str
    label: str
    module: str
    peers: tuple[str, ...]
    once: tuple[str, ...] = ()


PANELS, REGRESSIONS = "benchmarks.panels", "benchmarks.regressions"
TASKS = (
    Task("raw-to-panel", "raw tables to panel", PANELS, ()),
    Task("panel", "panel from tidy sources", PANELS, (PANDAS,)),
    Task("lpm-relevant", "LPM, politically relevant dyads", REGRESSIONS, (LINEARMODELS, PYFIXEST)),
    Task("lpm-all", "LPM, all dyads", REGRESSIONS, (LINEARMODELS, PYFIXEST), once=(LINEARMODELS,)),
)
BY_NAME = {task.name: task for task in TASKS}
