"""What the rules of the workflow need: inputs, outputs, code and configuration of every step.

The .smk files hold rules and shell lines; whatever they compute is computed here, typed and tested. `Plan` reads the
project once and has a plan for each study, its robustness and the published tables.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.plan.checking import checked, require_pairs
    from detente.plan.code import command, fitting, package_file, ran
    from detente.plan.robustness import RobustnessPlan
    from detente.plan.software import software_refused
    from detente.plan.study import StudyPlan
    from detente.plan.workflow import Plan, alternatives, made_again
    from detente.provenance import RECORDS

__all__ = [
    "RECORDS", "Plan", "RobustnessPlan", "StudyPlan", "alternatives", "checked", "command", "fitting", "made_again",
    "package_file", "ran", "require_pairs", "software_refused",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
