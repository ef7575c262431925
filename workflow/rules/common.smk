import logging
import sys
from pathlib import Path
from shlex import quote

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

# The package of this checkout; where it is installed, it has this file inside it.
SOURCE_ROOT = Path(workflow.basedir) / "workflow" / "src"
if not SOURCE_ROOT.is_dir():
    SOURCE_ROOT = Path(workflow.basedir).parents[1]
sys.path.insert(0, str(SOURCE_ROOT))

# Snakemake's own log may lie on a full disk: what it cannot take is still on the terminal, and no traceback of it.
logging.raiseExceptions = False

from detente.base.environment import refused
from detente.base.errors import DetenteError

try:
    from detente.base.turns import one_at_a_time
    from detente.cli import RECORDED, UNSAID
    from detente.cli.standby import standing_by
    from detente.plan import (
        RECORDS,
        Plan,
        alternatives,
        command,
        fitting,
        made_again,
        package_file,
        ran,
        software_refused,
    )
except ImportError as error:
    raise WorkflowError(refused(error) or str(error)) from None

if said := software_refused(
    method.item_to_choice() for method in workflow.deployment_settings.deployment_method
):
    raise WorkflowError(said)


def literal(path):
    """A path as part of a shell line, in which Snakemake reads braces as names."""
    return quote(str(path)).replace("{", "{{").replace("}", "}}")


# Jobs run the interpreter that runs Snakemake, activated or not, and the package found above, and record what they
# made and ran with. A job that is killed leaves no message of its own, nor one whose log lies on a full disk.
KILLED = (
    "killed by the system, most likely for want of memory: close other programs, or use fewer cores (--cores 1); what was"
    " finished stays"
)
UNWRITTEN = "the log could not be written, most likely because the disk is full: free space, then run again; what was finished stays"
# What a step adds up does not hang on the number of cores.
THREADED = ("OMP", "OPENBLAS", "MKL", "GOTO", "NUMEXPR")
SETTINGS = {
    "PYTHONPATH": str(SOURCE_ROOT),
    RECORDED: str(RECORDS),
    "PYTHONUTF8": "1",
    "PYTHONHASHSEED": "0",
    **{f"{library}_NUM_THREADS": "1" for library in THREADED},
}
shell.prefix(
    f'set -euo pipefail; export PATH={literal(Path(sys.executable).parent)}:"$PATH"'
    f" {' '.join(f'{name}={literal(value)}' for name, value in SETTINGS.items())}; "
    f'trap \'case $? in 137) echo "{KILLED}" >&2;; {UNSAID}) echo "{UNWRITTEN}" >&2;; esac\' EXIT; '
)


# Steps on this machine are forked from a process that has loaded what they import; few are faster by themselves.
onstart:
    if len(workflow.dag.jobs) > 2 and not workflow.non_local_exec:
        standing_by(SETTINGS)


def altered():
    """A product that was altered since its step made it is made again, as if that step had been interrupted."""
    for product, fault in made_again().items():
        logger.warning(f"{product}: {fault}; made again where it is needed")


# What another run has not finished is not altered, so that this waits for it first.
one_at_a_time(workflow, altered, WorkflowError)

# A user's study comes as --configfile; it is a study file, checked as strictly as the shipped ones.
if len(workflow.configfiles) > 1:
    raise WorkflowError(
        "give one study file with --configfile; use `extends:` to start from another"
    )

try:
    PLAN = Plan(
        Path(workflow.basedir),
        Path(workflow.configfiles[0]) if workflow.configfiles else None,
        WorkflowError,
        workflow.config_settings.config,
    )
except DetenteError as error:
    raise WorkflowError(f"{type(error).__name__}: {error}") from None

STUDY, ROBUSTNESS, REPLICATION = PLAN.study, PLAN.robustness, PLAN.replication


wildcard_constraints:
    study=alternatives(list(PLAN.studies)),
    claim="[a-z][a-z0-9_]*",
    estimator="[a-z][a-z0-9_]*",
    slug="[a-z0-9][a-z0-9.-]*",
    shard="[0-9]+",
    unit="|".join(PLAN.units),
    table="[a-z][a-z0-9_]*",


def exhibits(files):
    """Exhibits, those that a browser shows labelled for `snakemake --report`."""
    shown = (".html", ".svg")
    return [report(f, **PLAN.labelled(f)) if f.endswith(shown) else f for f in files]
