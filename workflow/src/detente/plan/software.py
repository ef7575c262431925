"""Software that Snakemake could be asked to deploy for steps, which have none of their own."""

from collections.abc import Iterable


def software_refused(methods: Iterable[str]) -> str:
    """Why `--software-deployment-method` is refused, with the way out; "" if it asks for no `methods`.

    Snakemake itself passes over a method that no rule names anything for: no step would run in what was asked for.
    """
    if not (asked := sorted(methods)):
        return ""
    return (
        f"--sdm {' '.join(asked)}: steps name no software of their own, so that they would run without it, in the "
        "environment that runs Snakemake; leave it out, and run all of detente in its container: docs/containers.md"
    )
