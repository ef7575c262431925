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
    """Name, label in a table, module that does it, libraries that do it too, those too slow to repeat.

    `whole`: a peer must give every column that we give.
    """

    name: str
    label: str
    module: str
    peers: tuple[str, ...]
    once: tuple[str, ...] = ()
    whole: bool = False


CLEANING, PANELS, REGRESSIONS = "benchmarks.cleaning", "benchmarks.panels", "benchmarks.regressions"
TASKS = (
    Task("clean", "raw files to tidy sources", CLEANING, (), once=(OURS,)),
    Task("panel", "panel from tidy sources", PANELS, (PANDAS,), whole=True),
    Task("panel-directed", "directed panel", PANELS, (PANDAS,), whole=True),
    Task("panel-all", "panel, every variable", PANELS, ()),
    Task("peace-years", "years at peace", PANELS, (PANDAS,), whole=True),
    Task("lpm-relevant", "LPM, politically relevant dyads", REGRESSIONS, (LINEARMODELS, PYFIXEST)),
    Task("lpm-all", "LPM, all dyads", REGRESSIONS, (LINEARMODELS, PYFIXEST), once=(LINEARMODELS,)),
)
BY_NAME = {task.name: task for task in TASKS}
