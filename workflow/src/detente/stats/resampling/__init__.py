"""Bootstraps by cluster, score and block of states; permutation and re-randomisation of treatments; quick refits.

Every function takes a fit, a seed and the number of draws, and returns the draws with their p-value. Events with many
participants are redrawn under plain column names: what an event is, the caller knows.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.stats.resampling.bootstrap import state_block_bootstrap
    from detente.stats.resampling.placebo import Placebos, placebo_test
    from detente.stats.resampling.randomisation import Randomisation, Scheme, drawn_blocks, randomisation_test
    from detente.stats.resampling.redraw import kad_redraw
    from detente.stats.resampling.refits import KINDS, Less, Model, Refits, prepared, refit
    from detente.stats.resampling.resampling import ClusterBootstrap
    from detente.stats.resampling.schemes import CircularShift, circular_shift, state_labels
    from detente.stats.resampling.wild import score_bootstrap, wild_bootstrap

__all__ = [
    "KINDS", "CircularShift", "ClusterBootstrap", "Less", "Model", "Placebos", "Randomisation", "Refits", "Scheme",
    "circular_shift", "drawn_blocks", "kad_redraw", "placebo_test", "prepared", "randomisation_test", "refit",
    "score_bootstrap", "state_block_bootstrap", "state_labels", "wild_bootstrap",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
