"""A simulated study of a million specifications: planned, divided into shards, and some of these fitted.

Twenty claims, of four treatments and five grades of disputes, each with every decision of the demo and 169 spans
of years, all of which are equivalent.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

TREATMENTS = {
    "exercise": "exercise_any",
    "pact": "defence_pact",
    "mission": "un_mission",
    "agreement": "defence_agreement",
}
OUTCOMES = ("onset_gml", "onset_gml_strict", "onset_force_gml", "onset_fatal_gml", "onset_originators_gml")
CONTROLS = ("rivalry", "democracy", "capability_ratio", "major_power", "contiguity", "distance", "peace_years")
FIRST, LAST, CUT = 1980, 2010, 13


def main() -> int:
    """Write the study."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=__doc__)
    parser.add_argument("file", type=Path, help="file to write, such as million.yaml")
    parser.add_argument("--years", type=int, default=CUT, help="years that may be cut at either end (default: 13)")
    arguments = parser.parse_args()
    arguments.file.write_text(study(arguments.years), encoding="utf-8")
    return 0


def study(cut: int = CUT) -> str:
    """The study's file."""
    spans = [(FIRST + i, LAST - j) for i in range(cut) for j in range(cut)]
    lines = ["extends: demo", "name: million", "title: A million specifications of a simulated world", "claims:"]
    for name, treatment in TREATMENTS.items():
        beside = ", ".join(dict.fromkeys([*CONTROLS, *([] if treatment == "defence_pact" else ["defence_pact"])]))
        lines += [
            f"  - {{name: {name}_{outcome.removeprefix('onset_')}, treatment: {treatment}, outcome: {outcome}, "
            f"expected: lowers, controls: [{beside}]}}"
            for outcome in OUTCOMES
        ]
    lines += ["examined: own", "multiverse:", "  nodes:", "    years:"]
    lines += ["      question: Which years at either end are left out?", "      options:"]
    lines += ["        none: {default: true, tag: equivalent, why: The years of the study.}"]
    why = "No year at the end of a record is more right than its neighbour."
    return "\n".join(
        [
            *lines,
            *(f"        y{a}_{b}: {{set: {{window: [{a}, {b}]}}, tag: equivalent, why: {why}}}" for a, b in spans[1:]),
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
