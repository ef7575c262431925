"""The static site of a study, and one specification of its multiverse fitted by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from detente.base.files import write_bytes
from detente.cli.command import Output, StudyOptions, Templates, command
from detente.cli.exhibits import EvidenceOptions
from detente.cli.multiverse import read_panels
from detente.report import TEMPLATES, read_templates


@dataclass(frozen=True)
class Shown:
    """What earlier steps drew."""

    curves: Annotated[Path, "folder of specification curves, curve.<claim>.png"]

    def read(self, claims: Mapping[str, str]) -> dict[str, bytes]:
        """The curve of each claim."""
        return {claim: (self.curves / f"curve.{claim}.png").read_bytes() for claim in claims}


@command("step", "--study tiny --curves reports/tiny/robustness --out reports/tiny/site")
def site(
    of: EvidenceOptions,
    shown: Shown,
    out: Annotated[Path, Output("folder to write to", folder=True)],
    templates: Templates = TEMPLATES,
) -> None:
    """Write the explorable site of a study."""
    from detente.report.explorer import ASSETS, site_of

    evidence, folder = of.evidence(), templates / "site"
    assets = {name: (folder / name).read_text(encoding="utf-8") for name in ASSETS}
    made = site_of(evidence, shown.read(evidence.examined), assets, read_templates(templates) | read_templates(folder))
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
    rows = read_panels(folder, [spec])
    frame = fitted(rows, [variant], list(grid.nodes))
    print(f"{spec}\n")
    print(frame.T.to_string(header=False))
    if recheck(rows, [spec], frame, 0, share=1.0):
        print("\nFitted a second time by the plain way from panel to estimate: the same to 1e-8 standard errors")
