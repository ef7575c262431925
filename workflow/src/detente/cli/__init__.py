"""The front desk: one module a stage, one verb a rule; the only place that reads and writes study files."""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from detente import __version__
from detente.base.errors import DetenteError

VERBS = {
    "sources": "list the sources: version, years, rows, variables, terms, citation",
    "codebook": "list the variables that a panel offers",
    "cite": "print BibTeX of what a panel is made from",
    "acquire": "find, fetch and verify raw files",
    "simulate": "write the raw files of a simulated world",
    "clean": "clean one source: raw to tidy",
    "panel": "build the panel of dyad-years",
    "describe": "count and describe the panel",
    "fit": "fit a model to a table of dyads, by any estimator, under any covariance",
    "estimate": "estimate one claim by one estimator on every sample",
    "collect": "gather estimates into one table",
    "coverage": "count how often intervals hold a planted effect, in a simulated world",
    "grid": "print the multiverse: decisions, options, specifications, and what removed the rest",
    "multiverse": "fit one part of a claim's multiverse",
    "gather": "put the parts of a multiverse into one table",
    "curves": "draw specification curves, or the tables of a multiverse",
    "examine": "ask one claim's headline: power, confounders, negative controls, influence, randomisation",
    "joint": "judge a claim's equivalent specifications together",
    "predict": "predict onsets that models have not seen, with and without each instrument",
    "ledger": "write the claims ledger: one row a claim, from its headline to its verdict",
    "robustness": "typeset the robustness of a study",
    "tables": "render tables",
    "figures": "draw figures",
    "numbers": "write every number that the text mentions",
    "recovery": "compare planted with estimated effects",
    "provenance": "record what a report was made from",
    "lineage": "record what made every exhibit",
    "publish": "typeset the paper and the page",
    "manifest": "record checksums, versions, time and memory",
    "replicate": "re-estimate published tables and compare number by number",
    "trace": "print what a file was made from, back to the raw files",
    "verify": "build a study anew in an empty folder and compare it with the shipped one",
    "package": "pack a study for its replication",
    "register": "freeze the claims, with a date and a checksum",
    "datapage": "write the page of all sources and the chart of their years",
}


def main(argv: list[str] | None = None) -> int:
    """Run one verb; returns the exit status: 0 done, 1 an error that the user can mend, 2 a wrong call."""
    words = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog="detente",
        description="Put the claims of military diplomacy to the public record of interstate conflict.",
    )
    parser.add_argument("--version", action="version", version=f"detente {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
    chosen = next((w for w in words if w in VERBS), None)
    for name, summary in VERBS.items():
        sub = verbs.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name == chosen:
            stage = importlib.import_module(f"detente.cli.{name}")
            stage.configure(sub)
            sub.set_defaults(run=stage.run)
    arguments = parser.parse_args(words)
    try:
        arguments.run(arguments)
        sys.stdout.flush()
    except DetenteError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Who reads the output, `head` for instance, has enough; nothing is left to be written when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
