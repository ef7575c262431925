"""The README of a replication package, in the section order of the social science data editors' template."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from detente.report.formats import duration, megabytes, plural
from detente.report.labels import gathered
from detente.report.tables.table import environment


@dataclass(frozen=True)
class Listed:
    """One row of the list of tables and figures: where it stands in the paper, its file and what made it."""

    place: str
    caption: str
    file: str
    program: str
    step: str


@dataclass(frozen=True)
class Packed:
    """All that the README says.

    `manifest` is the report's; `sources` map a slug to `config/sources.yaml`; `exhibits` are in the paper's order;
    `requirements` are the packages used directly, with versions, of `pinned` in the lock; `folders` are (path, what is
    in it); `sizes` are bytes of raw, intermediate and shown files; `command` builds the
    study; `robustness` says whether all its specifications are in the package too.
    """

    manifest: Mapping[str, Any]
    version: str
    sources: Mapping[str, Any]
    exhibits: tuple[Listed, ...]
    requirements: tuple[str, ...]
    pinned: int
    pythons: str
    folders: tuple[tuple[str, str], ...]
    sizes: tuple[int, int, int]
    command: str
    robustness: bool = False


def readme(packed: Packed, templates: Mapping[str, str]) -> str:
    """Return the README as Markdown."""
    made = environment(templates, "html")
    made.filters |= {"plural": plural, "megabytes": megabytes, "cell": cell}
    template = made.get_template("package_readme.md.j2")
    steps = packed.manifest["steps"]
    simulated = packed.manifest["study"]["world"] == "simulated"
    return template.render(
        p=packed,
        study=packed.manifest["study"],
        simulated=simulated,
        machine=packed.manifest["machine"],
        public=all(f.address for source in packed.sources.values() for f in source.files),
        raw=sum(len(source.files) for source in packed.sources.values()),
        runtime=duration(sum(step["seconds"] or 0.0 for step in steps.values())),
        groups=grouped(steps),
        peak=f"{max((step['peak_mb'] or 0.0 for step in steps.values()), default=0.0):,.0f} MB",
        tables=sum(e.place.startswith("Table") for e in packed.exhibits),
        figures=sum(e.place.startswith("Figure") for e in packed.exhibits),
    )


def grouped(steps: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, int, str, str]]:
    """Name, jobs, time of all together and peak memory of each kind of step, the longest first."""
    kinds = gathered((name.partition(".")[0], step) for name, step in steps.items())
    total = {kind: sum(s["seconds"] or 0.0 for s in each) for kind, each in kinds.items()}
    return [
        (kind, len(kinds[kind]), duration(total[kind]), f"{max(s['peak_mb'] or 0.0 for s in kinds[kind]):,.0f} MB")
        for kind in sorted(kinds, key=lambda kind: (-total[kind], kind))
    ]


def cell(text: str) -> str:
    """A text that does not break a row of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def folders_of(paths: Iterable[str]) -> list[str]:
    """Top folders of the paths, each with a slash, and then top files."""
    tops = {path.partition("/")[0] + ("/" if "/" in path else "") for path in paths}
    return sorted(tops, key=lambda top: (not top.endswith("/"), top))
