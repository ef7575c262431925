"""A study's file: written to begin with, checked without building anything, and described to editors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from detente.base.code import PROJECT
from detente.base.errors import ConfigError
from detente.base.files import write_text
from detente.base.strict import IDENTIFIER, content
from detente.cli.command import Output, command
from detente.cli.listing import facts, years

if TYPE_CHECKING:
    from detente.study.config import Project, Study

# What a file begins with, by how much it says.
HEAD = """\
# A study of detente. `detente check {name}.yaml` says whether it is right, `detente run {name}.yaml` builds its paper
# beside it, `detente run {name}.yaml robustness` every specification of its claims. All keys: docs/own-study.md.
# To find names: `detente variables WORD`, `detente sources WORD`, `detente show claim exercise`.
# yaml-language-server: $schema=schemas/study.json
extends: {extends}
name: {name}
title: {title}
"""
MINIMAL = """\
claims:
  - name: pact
    treatment: defence_pact
    outcome: onset_gml
    controls: [rivalry, democracy, capability_ratio, contiguity, peace_years]
    expected: lowers
"""
COMMENTED = """\
# Whose paper it is; none of this is taken from the study that is extended.
authors:
  - {{name: Your Name, affiliation: Your University}}
# date: 2026-01-31
# keywords: [interstate conflict, alliances]
abstract: >-
  What the paper asks, in two sentences.

# First and last year of the panel. The lag of a treatment costs the first; every claim is tested in these years.
window: [{first}, {last}]

# Which dyad-years a model is fitted to. `headline` is the sample of the headline estimates, and one of them.
# A sample of your own is an expression over variables: `- {{weak_pairs: democracy_low < 0}}`.
samples: [relevant, contiguous]
headline: relevant

# Tables of your own, as docs/own-data.md describes them; paths are relative to this file.
# data:
#   name: visits
#   title: Visits of navies
#   citation: Your Name (2026). Visits of navies.
#   file: visits.csv
#   key: dyad-year
#   columns: {{ccode1: state_a, ccode2: state_b, year: year}}
#   years: [1985, 2010]
#   variables:
#     visits: {{label: Visits of navies, unit: visits, absent: zero, assigned: dyad, contrast: one more visit}}

# Variables made of others of the same dyad-year.
variables:
  both_democratic: democracy_low >= 6

# Controls beside the shipped ones (`detente show claim exercise` names some): variable and role suffice.
controls:
  both_democratic: {{variable: both_democratic, role: confounder}}

# Shipped claims by name, and claims of your own: name, treatment, outcome, controls, and what is expected.
claims:
  - exercise
  - name: pact
    treatment: defence_pact
    outcome: onset_gml
    controls: [both_democratic, rivalry, capability_ratio, contiguity, peace_years]
    expected: lowers

# Decisions and options that the robustness of these claims tries beside the shipped ones.
# multiverse:
#   nodes:
#     treatment:
#       options:
#         number: {{set: {{treatment: visits}}, tag: different, why: More visits may do more than any visit.}}

# How estimates are made: `detente fit --help` names estimators, docs/standard-errors.md the covariances.
estimators: [logit, lpm]
vcov: [dyadic, dyad]
"""


@command("study", "mine --extends paper")
def new(
    name: Annotated[str, "name of the study: lower-case letters, digits, underscores"],
    /,
    extends: Annotated[Literal["paper", "demo", "tiny"], "the study that it starts from"] = "paper",
    minimal: Annotated[bool, "the fewest lines, without comments"] = False,
    out: Annotated[Path | None, Output("file to write (default: NAME.yaml here)", endings=(".yaml", ".yml"))] = None,
) -> None:
    """Write the file of a new study, with a comment for every key."""
    if not re.fullmatch(IDENTIFIER, name):
        raise ConfigError(f"{name!r} is no name of a study: lower-case letters, digits and underscores, a letter first")
    path = out or Path(f"{name}.yaml")
    if path.exists():
        raise ConfigError(f"{path}: there is such a file; it is not overwritten: choose another name, or --out")
    title = name.replace("_", " ").capitalize()
    first, last = content(PROJECT / "config" / "study" / f"{extends}.yaml")["window"]
    text = HEAD + (MINIMAL if minimal else COMMENTED)
    write_text(text.format(name=name, extends=extends, title=title, first=first, last=last), path)
    print(f"{path}: written; `detente check {path}` says whether it is right, `detente run {path}` builds its paper")


@command("study", "mine.yaml")
def check(file: Annotated[Path, "file of a study"], /) -> None:
    """Check the file of a study, as `detente run` does before it builds anything."""
    from detente.plan import checked

    project = checked(PROJECT, file)
    study = project.study(str(content(file)["name"]))
    print("\n".join([f"{file} is right: {study.name}", *facts(_said(project.of(study), study))]))


def _said(project: Project, study: Study) -> Iterator[tuple[str, Any]]:
    """What a study consists of."""
    own = [name for name in study.claims if name not in project.shipped.claims.claims]
    yield "  title", study.title
    yield "  world", study.world
    yield "  years", years(project.years_of(study))
    yield "  unit", f"{project.unit_of(study)}s"
    yield "  claims", ", ".join(f"{name} (your own)" if name in own else name for name in study.claims)
    yield "  samples", ", ".join(f"{s}{' (headline)' if s == study.headline else ''}" for s in study.samples)
    yield "  estimators", ", ".join(study.estimators)
    yield "  covariances", ", ".join(study.vcov)
    yield "  sources", ", ".join(study.sources)
    yield "  examined", ", ".join(claim.id for claim in project.examined(study))


@command("study", "--out schemas")
def schemas(out: Annotated[Path, Output("folder for <kind>.json", folder=True)]) -> None:
    """Write JSON schemas of studies, own data, published tables and what is shipped, for editors."""
    for kind, schema in _schemas().items():
        write_text(f"{json.dumps(schema, indent=1, ensure_ascii=False)}\n", out / f"{kind}.json")
        print(out / f"{kind}.json")


def _schemas() -> dict[str, dict[str, Any]]:
    """JSON schemas by what the files are called in docs."""
    from pydantic import BaseModel

    from detente.data import SourcesFile
    from detente.data.record import OwnData
    from detente.replicate import Publication
    from detente.study.config import ClaimsFile, Multiverse, SamplesFile, study_schema

    models: dict[str, type[BaseModel]] = {
        "claims": ClaimsFile,
        "samples": SamplesFile,
        "multiverse": Multiverse,
        "sources": SourcesFile,
        "data": OwnData,
        "replication": Publication,
    }
    return {"study": study_schema(), **{kind: model.model_json_schema() for kind, model in models.items()}}
