"""How the claims of a project stand to what was registered."""

from detente.study.config.project import Project
from detente.study.verdicts.registration import compare, registered


def standings(project: Project) -> dict[str, str]:
    """By testable claim: "registered", "deviated" or "added after registration"; nothing if none was registered.

    Raises ConfigError if a frozen copy is not what was registered.
    """
    frozen = registered(project.root)
    if frozen is None:
        return {}
    deviations = compare(project.claims, frozen.claims)
    return {name: deviations.status(name) for name in project.claims.claims}
