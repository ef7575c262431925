"""Designs for treatments that switch on and off, for any panel of units or dyads.

Each design takes a `TreatmentPanel` and returns an `EventStudy`: effects by periods since a switch, with what each unit
adds to them, so that every design has dyadic-robust, clustered, bootstrap and permutation inference of one kind.
`peace_spells` makes spells of peace from such a panel, for `hazard_model` and `exact_log_rank`.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.stats.causal.cadence import Cadence, calendar_instrument
    from detente.stats.causal.cohort_effects import GroupTime, Staggered, group_time, staggered
    from detente.stats.causal.cohort_regression import Saturated, saturated
    from detente.stats.causal.decomposed import goodman_bacon
    from detente.stats.causal.drawn_switches import permuted_sets
    from detente.stats.causal.effects import Contrast, EventStudy, Weights
    from detente.stats.causal.equivalent import Equivalence, equivalence
    from detente.stats.causal.first_switches import FirstSwitches, first_switch_effects
    from detente.stats.causal.honest import Honest, honest_intervals
    from detente.stats.causal.imputed import Imputed, imputation
    from detente.stats.causal.matching_history import Matched, analytic_errors, matched_sets, matching
    from detente.stats.causal.matching_sets import Window
    from detente.stats.causal.matching_weights import Refinement
    from detente.stats.causal.panel import Levels, TreatmentPanel, lagged, treatment_panel
    from detente.stats.causal.redrawn import Redrawn
    from detente.stats.causal.resampled import Assignment, Permuted, Relabelled, Resampled, bootstrap, permutation_test
    from detente.stats.causal.sequential import DirectEffect, sequential_g
    from detente.stats.causal.spell_hazards import Hazard, hazard_model
    from detente.stats.causal.spell_tests import LogRank, exact_log_rank
    from detente.stats.causal.spells import Spells, peace_spells
    from detente.stats.causal.structural import Structural, marginal_structural_model
    from detente.stats.causal.synthetic import Synthetic, synthetic_did
    from detente.stats.causal.synthetic_placebos import PlaceboInference, placebo_inference
    from detente.stats.causal.timing import require_absorbing
    from detente.stats.causal.treatment_weights import TreatmentModel, TreatmentWeights
    from detente.stats.causal.twfe import Regressed, contamination, treated_weights, two_way

__all__ = [
    "Assignment", "Cadence", "Contrast", "DirectEffect", "Equivalence", "EventStudy", "FirstSwitches", "GroupTime",
    "Hazard", "Honest", "Imputed", "Levels", "LogRank", "Matched", "Permuted", "PlaceboInference", "Redrawn",
    "Refinement", "Regressed", "Relabelled", "Resampled", "Saturated", "Spells", "Staggered", "Structural",
    "Synthetic", "TreatmentModel", "TreatmentPanel", "TreatmentWeights", "Weights", "Window", "analytic_errors",
    "bootstrap", "calendar_instrument", "contamination", "equivalence", "exact_log_rank", "first_switch_effects",
    "goodman_bacon", "group_time", "hazard_model", "honest_intervals", "imputation", "lagged",
    "marginal_structural_model", "matched_sets", "matching", "peace_spells", "permutation_test", "permuted_sets",
    "placebo_inference", "require_absorbing", "saturated", "sequential_g", "staggered", "synthetic_did",
    "treated_weights", "treatment_panel", "two_way",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
