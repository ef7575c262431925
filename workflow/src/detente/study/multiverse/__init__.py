"""Every defensible specification of a claim: which there are, their estimates, and what they say together.

`grids_of` makes the multiverse of each claim from its decisions; `fitted` estimates a shard of it at once.
`joint_test` judges equivalent specifications together, and `decompose` says which decision moves the estimate.
"""

from detente.study.multiverse import budget, calibration, cost, curve
from detente.study.multiverse.curve import joint_test
from detente.study.multiverse.decisions import decompose, options
from detente.study.multiverse.grid import Grid, grids_of, multiverse_of
from detente.study.multiverse.multiverse import fitted, recheck
from detente.study.multiverse.needs import columns_of, sources_of, variables_of, years_of
from detente.study.multiverse.outline import Outline, outlines_of
from detente.study.multiverse.panels import Held, Panels, ever_in
from detente.study.multiverse.schema import DECISIONS, JOINT, JOINT_DRAWS, OPTIONS, multiverse_schema

__all__ = [
    "DECISIONS", "JOINT", "JOINT_DRAWS", "OPTIONS", "Grid", "Held", "Outline", "Panels", "budget", "calibration",
    "columns_of", "cost", "curve", "decompose", "ever_in", "fitted", "grids_of", "joint_test", "multiverse_of",
    "multiverse_schema", "options", "outlines_of", "recheck", "sources_of", "variables_of", "years_of",
]  # fmt: skip
