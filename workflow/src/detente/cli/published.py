"""What published studies found on a study's claims, beside their models on its panel."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from detente.base.errors import ConfigError, choices
from detente.base.files import read_frame, sha256
from detente.base.units import DYADS
from detente.cli.command import PARQUET, Option, Output, StudyOptions, command
from detente.replicate import Publication
from detente.study.config import Project


@command("step", "--study paper --panel robustness/dyad-year.parquet --tables table.yaml --out published.parquet")
def published(
    of: StudyOptions,
    out: Annotated[Path, Output("published findings to write", endings=PARQUET)],
    panel: Annotated[Path | None, "panel of undirected dyad-years, parquet, if there is one"] = None,
    tables: Annotated[Sequence[Path], Option("files of published tables that speak to claims", nargs="*")] = (),
) -> None:
    """Set published findings beside what their models give on the panel, dyadic-robust."""
    from detente.replicate import KEY, PUBLISHED, findings, panel_file, read_publications, variables_asked

    project, study = of.declared()
    publications = read_publications(list(tables))
    check_claims(publications, project)
    claims = [claim.id for claim in project.examined(study) if claim.unit == DYADS]
    rows = []
    if panel is not None:
        frame = read_frame(panel, {*KEY, *variables_asked(publications, claims)})
        pinned = panel_file(panel, panel.stat().st_size, sha256(panel))
        rows = findings(publications, claims, frame, pinned)
    PUBLISHED.write(PUBLISHED.frame(rows), out)
    for row in rows:
        said = row.get("failure") or f"{row['estimate']:.4g}, dyadic-robust error {row['dyadic_std_error']:.4g}"
        place = " › ".join(row[part] for part in ("id", "model", "term"))
        print(f"{row['claim']}: {place}: {row['printed_estimate']}; on the panel: {said}")


def check_claims(publications: Sequence[Publication], project: Project) -> None:
    """Raise ConfigError for a claim that the project does not have, with path, line and the nearest."""
    known = sorted(claim.id for claim in project.claims.every)
    wrong = [
        f"{publication.located(['claims', claim])}: {claim!r} is no claim of this project; {choices(claim, known)}"
        for publication in publications
        for claim in publication.claims
        if claim not in known
    ]
    if wrong:
        raise ConfigError("\n".join(wrong))
