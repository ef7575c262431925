"""Names that a study cannot have, since the workflow uses them."""

import re
from collections.abc import Iterable
from pathlib import Path

from detente.base.errors import ConfigError
from detente.study.config import Project

RULE = re.compile(r"^rule (\w+):|^use rule \w+ as (\w+) with:", flags=re.M)
# Rules that are made for each study are called after it.
MADE = ("acquire", "acquire_robustness", "figures", "robustness", "robustness_report", "simulate", "tables")


def rules_in(folder: Path) -> set[str]:
    """Names of the rules that stand in a folder of .smk files."""
    texts = (path.read_text(encoding="utf-8") for path in folder.glob("*.smk"))
    return {first or second for text in texts for first, second in RULE.findall(text)}


def check_names(project: Project, rules: Iterable[str]) -> None:
    """A study is a target of its own, so it cannot be called as a rule is, nor as a target of another study.

    Raises
    ------
    ConfigError
        Naming file and line.
    """
    taken = dict.fromkeys(rules, "a step of the workflow")
    taken |= {f"{kind}_{name}": f"a target of study {name!r}" for kind in MADE for name in project.studies}
    for name, study in project.studies.items():
        if name in taken:
            where = project.located(study, "name")
            raise ConfigError(f"{where}: {name!r} is {taken[name]}; choose another name")
