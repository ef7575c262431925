import sys
from pathlib import Path
from shlex import quote

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

SOURCE_ROOT = Path(workflow.basedir) / "workflow" / "src"
sys.path.insert(0, str(SOURCE_ROOT))

from detente.base.errors import DetenteError
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

# Jobs run the interpreter that runs Snakemake, activated or not, and the package of this checkout, and record what they
# made and ran with.
shell.prefix(
    f'set -euo pipefail; export PATH={quote(str(Path(sys.executable).parent))}:"$PATH"'
    f" PYTHONPATH={quote(str(SOURCE_ROOT))}"
    f" {RECORDED}={quote(str(RECORDS))} PYTHONHASHSEED=0; "
)

# A product that was altered since its step made it is made again, as if that step had been interrupted.
if workflow.is_main_process:
    for product, fault in made_again().items():
        logger.warning(f"{product}: {fault}; made again where it is needed")

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
