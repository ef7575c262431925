"""The static site of a study, and one specification of its multiverse fitted by itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd

from detente.base.files import read_json, write_bytes
from detente.cli.command import Output, StudyOptions, Templates, command
from detente.cli.exhibits import EvidenceOptions
from detente.cli.multiverse import RowsRead
from detente.cli.replicate import Tables
from detente.report import TEMPLATES, read_templates

if TYPE_CHECKING:
    from detente.report.explorer import Origin, Published


@dataclass(frozen=True)
class Shown:
    """What earlier steps drew."""

    curves: Annotated[Path, "folder of specification curves, curve.<claim>.png"]

    def read(self, claims: Mapping[str, str]) -> dict[str, bytes]:
        """The curve of each claim."""
        return {claim: (self.curves / f"curve.{claim}.png").read_bytes() for claim in claims}


@dataclass(frozen=True)
class Beside:
    """What the site shows beside frames."""

    lineage: Annotated[Path, "what made the frames and exhibits (JSON)"]
    provenance: Annotated[Path, "commit, seed, versions, raw files (JSON)"]
    paper: Annotated[Path, "folder of the paper, index.html and paper.pdf"]
    replication: Annotated[Path | None, "comparison of published numbers with ours (CSV), where there is one"] = None
    verified: Annotated[Path | None, "page of a second build, where there was one"] = None

    def origin(self, root: Path) -> "Origin":
        """All of it; published tables are those of the project at `root`."""
        from detente.provenance import ancestry, pythons_of, versions_of
        from detente.report.explorer import Origin

        graph, recorded = read_json(self.lineage), read_json(self.provenance)
        return Origin(
            graph=graph,
            traced=partial(ancestry, graph),
            made={name: recorded[name] for name in ("commit", "dirty", "seed")},
            python=pythons_of(graph),
            packages=versions_of(graph),
            verified=outcome(self.verified.read_text(encoding="utf-8")) if self.verified else (),
            paper={"html": (self.paper / "index.html").read_bytes(), "pdf": (self.paper / "paper.pdf").read_bytes()},
            published=self._published(root),
        )

    def _published(self, root: Path) -> "Published":
        from detente.replicate import COMPARISON, unmade
        from detente.report.explorer import Published

        publications = Tables(root=root).read()
        words = {p.id: (p.title, p.citation, {d.file: d.address for d in p.data.values()}) for p in publications}
        if self.replication:
            numbers = COMPARISON.read_csv(self.replication)
            return Published(numbers[numbers["id"].isin(list(words))], words, compared=True)
        parts = [unmade(p, "data not at hand", "not at hand when the site was built").numbers for p in publications]
        return Published(pd.concat(parts or [COMPARISON.empty()], ignore_index=True), words, compared=False)


def outcome(page: str) -> tuple[str, str]:
    """What a page of a verification says: its outcome, and the commit that was built."""
    said, commit = re.search(r'class="outcome[^"]*">([^<]*)<', page), re.search(r"Commit</th><td>(\w+)", page)
    return unescape(said[1]) if said else "unknown", commit[1] if commit else ""


@command(
    "step",
    "--study tiny --curves reports/tiny/robustness --lineage lineage.json --provenance provenance.json "
    "--paper reports/tiny --out reports/tiny/site",
)
def site(
    of: EvidenceOptions,
    shown: Shown,
    beside: Beside,
    out: Annotated[Path, Output("folder to write to", folder=True)],
    templates: Templates = TEMPLATES,
) -> None:
    """Write the explorable site of a study."""
    from detente.report.explorer import ASSETS, site_of

    evidence, folder = of.evidence(), templates / "site"
    assets = {name: (folder / name).read_text(encoding="utf-8") for name in ASSETS}
    read, curves = read_templates(templates) | read_templates(folder), shown.read(evidence.examined)
    made = site_of(evidence, beside.origin(of.root), curves, assets, read)
    for name, content in made.items():
        write_bytes(content, out / name)
    size = sum(map(len, made.values())) / 1e6
    print(f"{len(made):,} files, {size:.1f} MB: open {(out / 'index.html').as_posix()}")


@command("claims", "exercise.0123456789ab --study demo")
def refit(
    spec_id: Annotated[str, "id of a specification, <claim>.<digest>, as in multiverse.csv"],
    /,
    of: StudyOptions,
    panels: Annotated[Path | None, "folder of the panels (default: data/processed/<study>/robustness)"] = None,
) -> None:
    """Fit one specification of a study's multiverse again, by itself.

    On the panels that `run <study> robustness` made.
    """
    from detente.base.errors import ConfigError, choices
    from detente.study.multiverse import fitted, grids_of, recheck

    project, study = of.read()
    claim = spec_id.rpartition(".")[0]
    (grid,) = grids_of(project, study, [claim])
    known = {variant.spec_id: variant for variant in grid.variants}
    if spec_id not in known:
        raise ConfigError(f"{spec_id!r} is no specification of {claim!r} in {study.name}; {choices(spec_id, known)}")
    variant, folder = known[spec_id], panels or Path("data", "processed", study.name, "robustness")
    spec = variant.specification
    if not folder.is_dir():
        way = f"make them by `detente run {study.name} robustness`"
        raise ConfigError(f"{folder.as_posix()}: there are no panels of {study.name}; {way}")
    rows = RowsRead(folder, [spec])
    frame = fitted(rows, [variant], list(grid.nodes))
    print(f"{spec}\n")
    print(frame.T.to_string(header=False))
    if recheck(rows, [spec], frame, 0, share=1.0):
        print("\nFitted a second time by the plain way from panel to estimate: the same to 1e-8 standard errors")
