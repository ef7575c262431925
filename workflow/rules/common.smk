import json
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)
SOURCE_ROOT = ROOT / "workflow" / "src"
sys.path.insert(0, str(SOURCE_ROOT))

from detente.acquire import broken
from detente.cli.project import load
from detente.errors import DetenteError
from detente.provenance import commit, modules_used

# Jobs run the interpreter that runs Snakemake, activated or not, and the package of this checkout.
shell.prefix(
    f"set -euo pipefail; export PATH={Path(sys.executable).parent}:$PATH PYTHONPATH={SOURCE_ROOT} PYTHONHASHSEED=0; "
)

# A study of one's own comes as --configfile; it is a study file, checked as strictly as the shipped ones.
OVERRIDES = [Path(f) for f in workflow.configfiles]
if len(OVERRIDES) > 1:
    raise WorkflowError(
        "give one study file with --configfile; use `extends:` to start from another"
    )
OVERRIDE = OVERRIDES[0] if OVERRIDES else None

try:
    PROJECT = load(ROOT, OVERRIDE)
except DetenteError as error:
    raise WorkflowError(f"{type(error).__name__}: {error}") from None

STUDIES = PROJECT.studies
OBSERVED = [name for name, study in STUDIES.items() if study.world == "observed"]
SIMULATED = [name for name, study in STUDIES.items() if study.world == "simulated"]
SLUGS = list(PROJECT.sources)
ARGUMENTS = f"--root {os.path.relpath(ROOT)}" + (
    f" --override {os.path.relpath(OVERRIDE)}" if OVERRIDE else ""
)


wildcard_constraints:
    study="[a-z][a-z0-9_]*",
    claim="[a-z][a-z0-9_]*",
    estimator="[a-z][a-z0-9_]*",
    slug="[a-z0-9][a-z0-9.-]*",


def code(*entries, registries=()):
    """Files of the package that a rule runs, relative, so that a moved checkout reruns nothing.

    The dispatcher is left out: a new verb changes no result.
    """
    lists = ["detente.cli", *registries]
    files = {f for e in entries for f in modules_used(SOURCE_ROOT / "detente", f"detente.{e}", lists)}
    return sorted(os.path.relpath(f) for f in files)


def canonical(content):
    """JSON with one spelling for one content: what a rule reads of the configuration, so that a change reruns it."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False)


def configuration(*keys):
    """A params function: the named fields of the study, its claims and their controls."""

    def content(wildcards):
        study = STUDIES[wildcards.study]
        fields = study.model_dump(mode="json", include=set(keys))
        claims = [c.model_dump(mode="json") for c in PROJECT.claims_of(study)]
        controls = {k: v.model_dump(mode="json") for k, v in PROJECT.claims.controls.items()}
        return canonical([fields, claims, controls, PROJECT.claims.smallest_effect])

    return content
