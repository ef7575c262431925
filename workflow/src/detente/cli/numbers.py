"""Every number that the paper's text mentions."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from detente.base.errors import ConfigError
from detente.base.files import read_json, write_json
from detente.cli.evidence import configure_evidence, read_evidence
from detente.report.paper.evidence import Evidence
from detente.report.paper.numbers import numbers


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    configure_evidence(parser)
    parser.add_argument("--truth", type=Path, help="truth.json of a simulated world")
    parser.add_argument("--out", type=Path, required=True, help="numbers.json")


def run(arguments: argparse.Namespace) -> None:
    """Write every number, with planted effects where there are any."""
    evidence = read_evidence(arguments)
    planted = _planted(evidence, arguments.truth)
    write_json(numbers(evidence, planted), arguments.out)


def _planted(evidence: Evidence, truth: Path | None) -> Mapping[str, float]:
    """Return planted effects, which a simulated world must have and an observed one cannot."""
    if evidence.simulated != (truth is not None):
        world = evidence.study.world
        needed = "needs --truth truth.json" if evidence.simulated else "cannot have --truth: nobody planted its effects"
        raise ConfigError(f"study {evidence.study.name!r} is set in a world that is {world}: it {needed}")
    if truth is None:
        return {}
    effects: Mapping[str, float] = read_json(truth)["effects"]
    return effects
