"""What is measured against what. The parent process imports this: standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = "detente"
PANDAS, LINEARMODELS, PYFIXEST, FEREG = "pandas", "linearmodels", "pyfixest", "fereg"
NUMPY, STATSMODELS, GLUM, FIRTHMODELS, WILDBOOTTEST = "numpy", "statsmodels", "glum", "firthmodels", "wildboottest"
DIFFDIFF, POLARS = "diff_diff", "polars"
LABELS = {
    PANDAS: "pandas merge chain",
    POLARS: "polars merge chain",
    LINEARMODELS: "linearmodels PanelOLS",
    PYFIXEST: "pyfixest feols",
    FEREG: "fereg feols",
    NUMPY: "numpy loop over states",
    STATSMODELS: "statsmodels Logit",
    GLUM: "glum",
    FIRTHMODELS: "firthmodels",
    WILDBOOTTEST: "wildboottest",
    DIFFDIFF: "diff-diff",
}
# Largest relative difference of any number between us and a peer that still counts as the same numbers.
AGREEMENT = 1e-6


@dataclass(frozen=True)
class Task:
    """Name, label in a table, module that does it, libraries that do it too, those too slow to repeat.

    `whole`: a peer must give every column that we give; `simulated`: data are `benchmarks.dyads`, whatever the world;
    `called`: names of peers that are not those of `LABELS`; `unit`: what its rows are, by which a ratio is scaled.
    """

    name: str
    label: str
    module: str
    peers: tuple[str, ...]
    once: tuple[str, ...] = ()
    whole: bool = False
    simulated: bool = False
    called: tuple[tuple[str, str], ...] = ()
    unit: str = "rows"

    def label_of(self, peer: str) -> str:
        """A peer's name in a table."""
        return dict(self.called).get(peer, LABELS[peer])


CLEANING, PANELS, REGRESSIONS = "benchmarks.cleaning", "benchmarks.panels", "benchmarks.regressions"
ESTIMATORS, MULTIVERSE, SWITCHES = "benchmarks.estimators", "benchmarks.multiverse", "benchmarks.switches"
TASKS = (
    Task("clean", "raw files to tidy sources", CLEANING, (), once=(OURS,)),
    Task("panel", "panel from tidy sources", PANELS, (PANDAS, POLARS), whole=True),
    Task("panel-directed", "directed panel", PANELS, (PANDAS, POLARS), whole=True),
    Task("panel-all", "panel, every variable", PANELS, ()),
    Task("peace-years", "years at peace", PANELS, (PANDAS,), whole=True),
    Task("lpm-relevant", "LPM, politically relevant dyads", REGRESSIONS, (LINEARMODELS, PYFIXEST)),
    Task("lpm-all", "LPM, all dyads", REGRESSIONS, (LINEARMODELS, PYFIXEST), once=(LINEARMODELS,)),
    Task(
        "lpm-dyads",
        "LPM, dyad and year effects",
        REGRESSIONS,
        (FEREG, PYFIXEST, LINEARMODELS),
        once=(LINEARMODELS,),
        simulated=True,
    ),
    Task("dyadic-meat", "dyadic meat alone", ESTIMATORS, (NUMPY,), simulated=True),
    Task(
        "clogit",
        "conditional logit",
        ESTIMATORS,
        (STATSMODELS,),
        once=(STATSMODELS,),
        simulated=True,
        called=((STATSMODELS, "statsmodels ConditionalLogit"),),
    ),
    Task("logit", "pooled logit, clustered", ESTIMATORS, (GLUM, STATSMODELS), simulated=True),
    Task("firth", "Firth logit", ESTIMATORS, (FIRTHMODELS,), simulated=True),
    Task(
        "effects",
        "average marginal effects",
        ESTIMATORS,
        (STATSMODELS,),
        simulated=True,
        called=((STATSMODELS, "statsmodels get_margeff"),),
    ),
    Task("wild-states", "wild bootstrap, states", ESTIMATORS, (WILDBOOTTEST,), simulated=True),
    Task("wild-dyads", "wild bootstrap, dyads", ESTIMATORS, (), simulated=True),
    Task(
        "multiverse-1000",
        "1,000 LPM specifications",
        MULTIVERSE,
        (FEREG, PYFIXEST, LINEARMODELS),
        once=(PYFIXEST, LINEARMODELS),
        simulated=True,
        unit="specifications",
    ),
    Task(
        "multiverse-10000",
        "10,000 LPM specifications",
        MULTIVERSE,
        (FEREG, PYFIXEST),
        once=(PYFIXEST,),
        simulated=True,
        unit="specifications",
    ),
    Task(
        "matching",
        "matching on treatment history",
        SWITCHES,
        (PANDAS,),
        simulated=True,
        called=((PANDAS, "pandas groups of histories"),),
    ),
    Task("matching-nearest", "matching, Mahalanobis distance", SWITCHES, (), simulated=True),
    Task(
        "imputation",
        "imputation, by year since",
        SWITCHES,
        (DIFFDIFF,),
        once=(DIFFDIFF,),
        simulated=True,
        called=((DIFFDIFF, "diff-diff ImputationDiD"),),
    ),
    Task(
        "staggered",
        "effects by cohort and year",
        SWITCHES,
        (DIFFDIFF,),
        once=(DIFFDIFF,),
        simulated=True,
        called=((DIFFDIFF, "diff-diff CallawaySantAnna"),),
    ),
)
BY_NAME = {task.name: task for task in TASKS}
