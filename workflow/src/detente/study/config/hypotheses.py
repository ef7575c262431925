"""What `config/hypotheses.yaml` says of a claim: why it may hold, why not, and what identifies its effect."""

from collections.abc import Collection, Mapping
from pathlib import Path

from detente.base import strict
from detente.base.errors import ConfigError, choices
from detente.base.strict import Identifier, Strict

HYPOTHESES = Path("config/hypotheses.yaml")


class Hypothesis(Strict):
    """Sentences on one claim; those that are not given are not printed."""

    practice: str = ""
    found: str = ""
    mechanism: str = ""
    against: str = ""
    ideal: str = ""
    selection: str = ""


class _File(Strict):
    """The file: sentences by claim."""

    hypotheses: dict[Identifier, Hypothesis]


def load_hypotheses(root: Path, claims: Collection[str]) -> Mapping[str, Hypothesis]:
    """Read the file, where there is one; raises ConfigError if it names a claim that is none, with the nearest one."""
    path = root / HYPOTHESES
    if not path.is_file():
        return {}
    said = strict.read(path, _File).hypotheses
    if unknown := [name for name in said if name not in claims]:
        places = (
            f"{strict.located(path, ['hypotheses', n])} › hypotheses › {n}: is not a claim; {choices(n, claims)}"
            for n in unknown
        )
        raise ConfigError("\n".join(places))
    return said
