"""A study built by one command from any folder: Snakemake is called, and says what people need to know."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from detente.base.code import PROJECT
from detente.base.errors import ConfigError, NotBuilt, choices
from detente.base.strict import content, shown
from detente.cli import pods
from detente.cli.command import command

Page = Literal["paper", "robustness", "site"]
YAML = (".yaml", ".yml")
REPLICATE = "replicate"
NOTHING = "Nothing to do: all of it is there, as its files say."
PROFILES = PROJECT / "profiles"
DEFAULT, SETTINGS = "default", "config.yaml"
# Under this key a profile says what all machines have in common.
SHARED = "shared-fs-usage"
# What a profile takes from the environment.
FROM_ENVIRONMENT = re.compile(r'os\.environ\["(\w+)"\]')
# Executors that are part of Snakemake.
OWN_EXECUTORS = ("-local", "-dryrun", "-touch")


@dataclass(frozen=True)
class Target:
    """What is built: its `name` as a target of the workflow, in `folder`, from the `study` file of a user if any."""

    name: str
    folder: Path
    study: Path | None
    title: str
    products: tuple[str, ...]


@command("study", "mine.yaml robustness")
def run(
    study: Annotated[str, "file of a study (its results are made beside it), name of a shipped study, or `replicate`"],
    page: Annotated[
        Page, "`robustness` for all specifications of its claims and the claims ledger, `site` to explore them"
    ] = "paper",
    /,
    cores: Annotated[
        int | None, "processor cores to use (default: all; on a cluster as many as its profile says)"
    ] = None,
    profile: Annotated[
        str | None, "where it runs: `slurm`, `kubernetes`, or the folder of a profile of your own (default: here)"
    ] = None,
    quick: Annotated[bool, "build papers without their appendix on robustness"] = False,
    verbose: Annotated[bool, "show all that Snakemake says"] = False,
) -> None:
    """Build a study: its paper, its page of robustness, or its site."""
    from snakemake_logger_plugin_detente import duration

    begun = time.monotonic()
    target, place = target_of(study, page), profile_of(profile) if profile else None
    if place:
        _share(place)
    print(f"{target.title} -> {_beside(target.folder / target.products[0]).parent.as_posix()}", flush=True)
    with chdir(target.folder):
        end = snakemake(words_of(target, cores, quick, verbose, place))
        if end.status:
            raise NotBuilt(f"{target.name} is not built: what failed is said above; what was finished stays")
        print(f"Made in {duration(time.monotonic() - begun)}:" if end.worked else NOTHING)
        print("\n".join(f"  {name}" for name in target.products))


def target_of(study: str, page: Page) -> Target:
    """What a study, and a page of it, is as a target of the workflow.

    Raises ConfigError if there is no such study, naming file, line, key and legal values, before Snakemake begins; also
    in the folder of a project that is not the one whose package runs.
    """
    from detente.plan import checked, require_pairs

    _check_own(Path())
    if study == REPLICATE:
        return Target(REPLICATE, Path(), None, "Published tables", ("reports/replicate/index.html",))
    path = Path(study)
    file = path.resolve() if path.suffix in YAML else None
    if path.is_dir() and (file or len(path.parts) > 1):
        raise ConfigError(f"{study}: is a folder; name the file of a study, as `detente new` writes one")
    if file and not file.is_file():
        raise ConfigError(f"{study}: there is no such file; `detente new` writes one")
    project = checked(PROJECT, file)
    if not file and study not in project.studies:
        raise ConfigError(f"{study!r} is no study; {choices(study, [*project.studies, REPLICATE])}, or name a file")
    name = str(content(file)["name"]) if file else study
    if page != "paper":
        require_pairs(project, project.study(name))
    made = f"reports/{name}"
    products = {
        "paper": (f"{made}/paper.pdf", f"{made}/index.html", f"{made}/tables", f"{made}/figures"),
        "robustness": (f"{made}/robustness.html", f"{made}/claims_ledger.csv", f"{made}/multiverse.parquet"),
        "site": (f"{made}/site/index.html",),
    }
    title = project.study(name).title
    return Target(
        name if page == "paper" else f"{page}_{name}", file.parent if file else Path(), file, title, products[page]
    )


def _check_own(here: Path) -> None:
    if (here / "Snakefile").is_file() and (here / "config").is_dir() and here.resolve() != PROJECT:
        raise ConfigError(
            f"{here.resolve()} is a checkout of detente, but the detente that runs is that of {shown(PROJECT)}: "
            "in a checkout, run `make`, or `.venv/bin/python -m detente run`"
        )


def profile_of(name: str) -> Path:
    """The folder of a profile: one of the project by its name, or a user's own; raises ConfigError if it is neither."""
    shipped = sorted(path.parent.name for path in PROFILES.glob(f"*/{SETTINGS}") if path.parent.name != DEFAULT)
    folder = PROFILES / name if name in shipped else Path(name).resolve()
    if not (folder / SETTINGS).is_file():
        raise ConfigError(f"--profile {name}: {choices(name, shipped)}, or name a folder that has a {SETTINGS}")
    read = dict.fromkeys(FROM_ENVIRONMENT.findall((folder / SETTINGS).read_text("utf-8")))
    if unset := [variable for variable in read if variable not in os.environ]:
        raise ConfigError(f"--profile {name}: the environment has no {' and no '.join(unset)}; see docs/containers.md")
    plugin = f"snakemake-executor-plugin-{content(folder / SETTINGS).get('executor', 'local')}"
    if not plugin.endswith(OWN_EXECUTORS) and find_spec(plugin.replace("-", "_")) is None:
        raise ConfigError(f"--profile {name}: its library is not installed; pip install {plugin}")
    return folder


def _share(place: Path) -> None:
    said = content(place / SETTINGS)
    if said.get("executor") == pods.EXECUTOR and SHARED in said:
        pods.share_volume()


def words_of(target: Target, cores: int | None, quick: bool, verbose: bool, place: Path | None = None) -> list[str]:
    """How Snakemake is called for a target, in `place`: the folder of a profile, whose own settings hold beside ours.

    Each finished job of Snakemake adds a timer that looks for work, though it is looked for anyway: at the default of
    one second, a hundred of them take a third of a core. A run ends once the last has fired.
    """
    return [
        target.name,
        *("--snakefile", str(PROJECT / "Snakefile")),
        *(("--cores", str(cores) if cores else "all") if cores or not place else ()),
        *(("--profile", str(place)) if place else ()),
        *("--max-jobs-per-timespan", "100/3s"),
        *(("--configfile", str(target.study)) if target.study else ()),
        *(("--config", "quick=1") if quick else ()),
        *(() if verbose else ("--logger", "detente")),
        *_defaults(),
    ]


def _defaults() -> Iterator[str]:
    """The settings of the default profile as words, as Snakemake says so where it reads the profile itself."""
    yield from ("--workflow-profile", "none")
    for name, value in content(PROFILES / DEFAULT / SETTINGS).items():
        if value is not False and name != "cores":
            yield from (f"--{name}",) if value is True else (f"--{name}", str(value))


@dataclass(frozen=True)
class Ended:
    """How a run of Snakemake ended: its exit status, and whether any step had to be done."""

    status: int
    worked: bool


class _Steps(logging.Filter):
    """Lets every record of Snakemake pass, and remembers whether one says that a step began."""

    begun = False

    def filter(self, record: logging.LogRecord) -> bool:
        self.begun = self.begun or getattr(record, "event", None) == "job_started"
        return True


def snakemake(words: list[str]) -> Ended:
    """Run Snakemake in this process."""
    from snakemake.cli import main
    from snakemake.logging import logger

    # Handlers of the logger are replaced when Snakemake begins, filters are not.
    steps, status = _Steps(), 0
    logger.addFilter(steps)
    try:
        main(words)
    except SystemExit as end:
        status = int(end.code or 0)
    finally:
        logger.removeFilter(steps)
    return Ended(status, steps.begun)


def _beside(path: Path) -> Path:
    """A path as seen from here."""
    return Path(os.path.relpath(path))
