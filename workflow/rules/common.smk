import sys
from pathlib import Path
from shlex import quote

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

SOURCE_ROOT = Path(workflow.basedir) / "workflow" / "src"
sys.path.insert(0, str(SOURCE_ROOT))

from detente.base.errors import DetenteError
from detente.base.turns import one_at_a_time
from detente.cli import RECORDED
from detente.plan import (
    RECORDS,
    Plan,
    alternatives,
    command,
    fitting,
    made_again,
    package_file,
)


def literal(path):
    """A path as part of a shell line, in which Snakemake reads braces as names."""
    return quote(str(path)).replace("{", "{{").replace("}", "}}")


# Jobs run the interpreter that runs Snakemake, activated or not, and the package of this checkout, and record what they
# made and ran with. A job that is killed leaves no message of its own.
shell.prefix(
    f'set -euo pipefail; export PATH={literal(Path(sys.executable).parent)}:"$PATH"'
    f" PYTHONPATH={literal(SOURCE_ROOT)} {RECORDED}={literal(RECORDS)} PYTHONUTF8=1 PYTHONHASHSEED=0; "
    "trap '[ $? -ne 137 ] || echo \"killed by the system, most likely for want of memory: close other programs, or use"
    " fewer cores (--cores 1); what was finished stays\" >&2' EXIT; "
)


def altered():
    """A product that was altered since its step made it is made again, as if that step had been interrupted."""
    for product, fault in made_again().items():
        logger.warning(f"{product}: {fault}; made again where it is needed")


# What another run has not finished is not altered, so that this waits for it first.
one_at_a_time(workflow, altered)

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
    unit="dyad-year|directed-dyad-year",
    table="[a-z][a-z0-9_]*",


def exhibits(files):
    """Exhibits, those that a browser shows labelled for `snakemake --report`."""
    shown = (".html", ".svg")
    return [report(f, **PLAN.labelled(f)) if f.endswith(shown) else f for f in files]
