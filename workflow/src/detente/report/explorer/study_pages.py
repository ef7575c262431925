"""Pages of the whole study beside its claims: data with their sources and codebook, calibration, and the paper."""

from collections.abc import Iterator, Mapping
from typing import Any

from detente.report.evidence import Evidence
from detente.report.exhibit import Exhibit, Kind, exhibits_of, made_of, registry
from detente.report.explorer.exhibits import MARK, Plate, as_csv, placed_whole, rendered, whole_file
from detente.report.explorer.row_links import with_links
from detente.report.formats import checksum, count, megabytes
from detente.report.labels import step_label
from detente.report.models import attrition
from detente.report.tables.keys import key
from detente.report.tables.table import Column, Row, Table, fragment, render

_CALIBRATION: tuple[tuple[Kind, str], ...] = (
    ("table", "characteristics"), ("table", "passed"), ("table", "calibrated"), ("table", "sizes"), ("figure", "power"),
    ("table", "power"), ("table", "score"), ("table", "design_coverage"), ("table", "prediction"),
)  # fmt: skip


def calibration_exhibits(evidence: Evidence) -> list[Exhibit]:
    """Return the exhibits of the page of calibration that the study has."""
    found = (registry()["robustness", kind, name] for kind, name in _CALIBRATION)
    return [exhibit for exhibit in found if exhibit.applies(evidence.traits)]


def calibration_files(evidence: Evidence) -> list[str]:
    """Return the names of all files that `calibration_plates` makes."""
    exhibits = calibration_exhibits(evidence)
    frames = dict.fromkeys(name for e in exhibits for name in e.needs if name != "ledger")
    figures = [f"figures/{e.name}.svg" for e in exhibits if e.kind == "figure"]
    return [*figures, *(whole_file(name, evidence.simulated) for name in frames)]


def calibration_plates(evidence: Evidence, templates: Mapping[str, str], files: dict[str, bytes]) -> Iterator[Plate]:
    """Yield the exhibits of that page that have anything to show, and put figures and data among `files`."""
    for exhibit in calibration_exhibits(evidence):
        file, made = f"figures/{exhibit.name}.svg" if exhibit.kind == "figure" else "", made_of(exhibit, evidence)
        data = {name: whole_file(name, evidence.simulated) for name in exhibit.needs if name != "ledger"}
        for name, place in data.items():
            files[place] = as_csv(evidence.frame(name), evidence.simulated)
        if isinstance(made, Table):
            made = with_links(made, placed_whole(evidence, *exhibit.needs), "")
        html, empty = rendered(made, file, templates, files, simulated=evidence.simulated)
        if not empty:
            said = (exhibit.label, exhibit.caption, exhibit.alt)
            yield Plate(exhibit.name, exhibit.kind, *said, html=html, file=file, data=data, empty=empty)


def data_words(evidence: Evidence, templates: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page of data says: sources, attrition of each claim in the headline sample, variables."""
    listed = evidence.project.sources_of(evidence.study)
    sources = [
        {"slug": slug, "files": [(f.file, checksum(f.sha256) if f.sha256 else "") for f in record.files],
         **{name: getattr(record, name) for name in ("title", "version", "citation", "terms", "note", "years")}}
        for slug in listed for record in (evidence.project.sources[slug],)
    ]  # fmt: skip
    placed = placed_whole(evidence, "attrition")
    linked = (with_links(table, placed, "") for table in _attrition(evidence))
    tables = [fragment(render(table, "html", templates)) for table in linked]
    return {
        "sources": sources,
        "first": min(int(source["years"][0]) for source in sources),
        "last": max(int(source["years"][1]) for source in sources),
        "attrition": tables,
        "attrition_file": whole_file("attrition", evidence.simulated),
        "variables": _variables(evidence, set(listed)),
    }


def _variables(evidence: Evidence, sources: set[str]) -> list[dict[str, str]]:
    """Variables of panels that are made from the study's sources alone."""
    return [
        {"name": name, "label": entry.variable.label, "unit": entry.variable.unit or "",
         "years": f"{entry.years[0]}–{entry.years[1]}", "sources": ", ".join(entry.sources)}
        for name, entry in sorted(evidence.variables.items()) if set(entry.sources) <= sources
    ]  # fmt: skip


def _attrition(evidence: Evidence) -> Iterator[Table]:
    """For each claim of the study's own, the steps from dyad-years to observations in its headline sample."""
    for claim in evidence.claims:
        sample = claim.sample or evidence.study.headline
        steps = attrition(evidence, claim.id)
        mine = steps[steps["sample"] == sample]
        rows = [
            Row(
                step_label(str(r["reason"]), evidence.project.claims, first=not at),
                (count(r["rows"]),),
                (key("attrition", r, "claim", "estimator", "sample", "order"),),
            )
            for at, r in enumerate(mine.to_dict("records"))
        ]
        if rows:
            title = f"{claim.label}, {evidence.samples[sample]}"
            heads = (Column("Dyad-years"),)
            yield Table(f"attrition-{claim.id}", title, "Step", heads, tuple(rows), (), evidence.simulated)


def paper_files(simulated: bool) -> dict[str, str]:
    """Return where the paper lies in the site, by ending; what is downloaded is named after a simulated world."""
    return {"html": "paper/index.html", "pdf": f"paper/paper{f'.{MARK}' if simulated else ''}.pdf"}


def paper_words(evidence: Evidence, paper: Mapping[str, bytes], places: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page of the paper says: its abstract, where it lies, and its exhibits with their lineage."""
    sizes = {f"{ending}_size": megabytes(len(content)) for ending, content in paper.items()}
    shown = [e for e in exhibits_of(evidence.traits) if e.files(evidence.study.name)]
    exhibits = [{"label": e.label, "kind": e.kind, "anchor": f"paper-{e.kind}-{e.name}"} for e in shown]
    return {"abstract": abstract_of(evidence), "exhibits": exhibits, **places, **sizes}


def abstract_of(evidence: Evidence) -> list[str]:
    """Return the paragraphs of the study's abstract."""
    return [part.strip() for part in evidence.study.abstract.split("\n\n") if part.strip()]
