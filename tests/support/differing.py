"""Studies that differ from the shipped ones, as files of YAML."""

from __future__ import annotations

from pathlib import Path

from support.configured import CLAIMS_FILE, own

ALLIANCES = """
extends: tiny
name: alliances
title: Alliances
sources: [cow-state-system, cow-contiguity-3.2, distance, gml-mid, atop, nmc, democracy-cow, rivalry]
simulation: {effects: {defence_pact: -0.05}}
claims: [defence_pact]
examined: [defence_pact]
"""
ONE = """
extends: tiny
name: one
title: One claim
simulation: {years: [1990, 2010]}
window: [1990, 2010]
samples: [contiguous]
headline: contiguous
claims: [exercise]
estimators: [lpm]
appendix: true
"""
DIRECTED = """
extends: tiny
name: directed
title: Who starts it
claims: [pact_deters]
examined: [pact_deters]
"""
WIDER = """
extends: tiny
name: wider
title: More claims than are examined
claims: [exercise, defence_pact]
examined: [defence_pact]
"""
PACT_DETERS = """
  pact_deters:
    code: A99
    label: Pact deters
    instrument: a defence pact of the two states
    statement: A defence pact makes its members begin fewer disputes with each other.
    treatment: defence_pact
    outcome: onset_gml
    expected: lowers
    family: deterrence
    directed: true
    design: Directed dyad-years.
    evidence: powered
    why: A test needs a directed claim.
    controls: [rivalry, democracy, contiguity, distance, peace_years]
"""
STUDIES = {"alliances": ALLIANCES, "one": ONE, "directed": DIRECTED, "wider": WIDER}


def with_directed_claim(copied: Path) -> Path:
    """A copy of the project, with the directed claim in its claims file."""
    path = copied / CLAIMS_FILE
    claims = path.read_text(encoding="utf-8")
    path.write_text(claims.replace("\nuntested:", PACT_DETERS + "\nuntested:", 1), encoding="utf-8")
    return copied


def prepared(copied: Path, text: str) -> Path:
    """The file of a study in a copy of the project whose claims file has the directed claim too."""
    return own(with_directed_claim(copied), text)
