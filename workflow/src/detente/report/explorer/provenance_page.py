"""The page of provenance: how the study was made and verified, frames with their columns, and lineage to walk."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from detente.report.evidence import Evidence
from detente.report.exhibit import Exhibit, exhibits_of
from detente.report.explorer.exhibits import exhibits_shown
from detente.report.explorer.origin import Origin
from detente.report.explorer.stages import Stage, stages, tree
from detente.report.explorer.study_pages import calibration_exhibits
from detente.report.formats import checksum, count
from detente.report.frames import FRAMES, frame_files
from detente.study.multiverse import multiverse_schema

Files = Callable[[str], list[str]]


def files_of_frame(evidence: Evidence, name: str) -> list[str]:
    """Return where a frame lies, of every claim where each has its own."""
    study, described = evidence.study, [claim.id for claim in evidence.described]
    folders = (f"data/processed/{study.name}", f"reports/{study.name}")
    return frame_files([name], *folders, list(evidence.examined), described, study.claims)


def provenance_words(evidence: Evidence, origin: Origin, frames: list[str], data: dict[str, str]) -> dict[str, Any]:
    """Return what the page says.

    `frames` are the names of those that the site is made from; `data` where each lies in the site, of all claims.
    """
    found = stages(origin.graph)
    made_by = {path: stage.rule for stage in found.values() for path in stage.files}
    raw = [
        {"path": path, "slug": file["source"], "file": file["file"], "bytes": count(file["bytes"]),
         "sha256": checksum(file["sha256"]), "address": file["address"] or ""}
        for path, file in origin.graph["raw"].items()
    ]  # fmt: skip
    return {
        "made": origin.made,
        "python": origin.python,
        "packages": sorted(origin.packages.items()),
        "verified": origin.verified,
        "stages": list(found.values()),
        "after": {rule: [s.rule for s in found.values() if rule in s.before] for rule in found},
        "exhibits": list(_exhibits(evidence, origin, found)),
        "frames": [_frame(evidence, name, made_by, origin, data.get(name, "")) for name in sorted(frames)],
        "raw": raw,
        "modules": list(origin.graph["modules"].items()),
        "described": {record["slug"] for record in raw} & set(evidence.project.sources_of(evidence.study)),
    }


def _frame(evidence: Evidence, name: str, made_by: dict[str, str], origin: Origin, data: str) -> dict[str, Any]:
    """One frame: files, what made them, columns."""
    files, schema = files_of_frame(evidence, name), FRAMES[name].schema
    if name == "multiverse":
        schema = multiverse_schema(list(evidence.decisions.nodes))
    there = [path for path in files if path in made_by]
    return {
        "name": name,
        "said": schema.name.replace("_", " "),
        "files": [(path, checksum(origin.graph["files"][path]["sha256"])) for path in there],
        "rules": sorted({made_by[path] for path in there}),
        "columns": [(column, of.description) for column, of in schema.columns.items()],
        "data": data,
    }


def _exhibits(evidence: Evidence, origin: Origin, found: dict[str, Stage]) -> Iterator[dict[str, Any]]:
    """Exhibits with the stages that lead to each, those of the paper first."""
    rules_to = _rules_to(origin)
    made_by = {path: stage.rule for stage in found.values() for path in stage.files}

    def traced(exhibit: Exhibit, where: str, anchor: str, files: list[str]) -> dict[str, Any]:
        known = [path for path in files if path in made_by]
        mine = {rule for path in known for rule in rules_to(path)}
        begin = {made_by[path] for path in known}
        return {
            "anchor": anchor, "label": exhibit.label, "kind": exhibit.kind, "where": where, "files": known,
            "rules": [rule for rule in found if rule in mine], "begin": sorted(begin),
            "tree": tree(found, begin, mine),
        }  # fmt: skip

    for exhibit in exhibits_of(evidence.traits):
        if first := exhibit.files(evidence.study.name)[:1]:
            yield traced(exhibit, "paper", f"paper-{exhibit.kind}-{exhibit.name}", list(first))
    shown = {(e.kind, e.name): e for e in (*exhibits_shown(evidence), *calibration_exhibits(evidence))}
    for (kind, name), exhibit in shown.items():
        files = [path for need in exhibit.needs for path in files_of_frame(evidence, need)]
        yield traced(exhibit, "site", f"exhibit-{kind}-{name}", files)


def _rules_to(origin: Origin) -> Callable[[str], frozenset[str]]:
    @cache
    def rules(path: str) -> frozenset[str]:
        return frozenset(str(step["rule"]) for step in origin.traced(path)["steps"].values())

    return rules
