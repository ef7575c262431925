"""What the rules of the workflow need: inputs, outputs, code and configuration of every step.

The .smk files hold rules and shell lines; whatever they compute is computed here, typed and tested. `Plan` reads the
project once and has a plan for each study, its robustness and the published tables.
"""

from detente.plan.code import command, fitting, package_file, ran
from detente.plan.robustness import RobustnessPlan
from detente.plan.study import StudyPlan
from detente.plan.workflow import Plan, alternatives, made_again
from detente.provenance import RECORDS

__all__ = [
    "RECORDS", "Plan", "RobustnessPlan", "StudyPlan", "alternatives", "command", "fitting", "made_again",
    "package_file", "ran",
]  # fmt: skip
