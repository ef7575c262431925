"""Pack a study for its replication: code, settings, report and instructions, but nobody's data."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import yaml

from detente import __version__
from detente.base.files import read_json, write_bytes, zipped
from detente.cli.command import Output, Templates, command, commands
from detente.cli.provenance import manifests, read_manifest
from detente.cli.verify import studied
from detente.data import pinned
from detente.provenance import MARKS, METADATA, STAMP, Crate, check, commit, committed, fresh, metadata, own_files
from detente.report import TEMPLATES, exhibits_of, read_templates, traits_of
from detente.report.paper import Listed, Packed, References, Shown, abstract_of, compose, folders_of, readme
from detente.report.site import provenance_words
from detente.study.config import Project, Study, load_project

ABOUT, README = "ABOUT.md", "README.md"
Manifest = Mapping[str, Any]
# Of no use to a replicator: what runs the tests of every change.
LEFT_OUT = (".ci/",)
PYTHONS = "3.11, 3.12 or 3.13"
FOLDERS = {
    "benchmarks/": "speed and memory beside other packages; no part of the paper",
    "config/": "everything that a researcher sets: studies, claims, sources with checksums, references",
    "data/": "where raw and intermediate files come to lie; holds instructions alone",
    "docs/": "the data, the estimators, the standard errors, how the code is built and tested",
    "profiles/": "how Snakemake is run",
    "reports/": "the report of this study: paper, page, tables, figures, estimates, numbers, manifest",
    "tests/": "the test suite: `make test`",
    "workflow/": "rules in `rules/`, the Python package in `src/detente/`, templates of paper and tables in `report/`",
    "Dockerfile": "an image that runs all of it, filled by `containers/`; `apptainer.def` is the same for Apptainer",
    "Makefile": "every command; `make` prints them",
    "Snakefile": "the entry point of the workflow",
    "requirements.lock": "every Python package with version and hashes",
}


@command("replication", "--study paper")
def package(
    root: Annotated[Path, "folder of the checkout or package"] = Path(),
    study: Annotated[str | None, "name of the study (default: the package's, else paper)"] = None,
    robustness: Annotated[bool, "with what `make robustness` made of the study"] = False,
    out: Annotated[
        Path | None, Output("file to write (default: dist/replication-<study>-<version>.zip)", endings=(".zip",))
    ] = None,
    templates: Templates = TEMPLATES,
) -> None:
    """Pack a study for its replication.

    The zip holds code, settings, report and instructions, but nobody's data. A stale report is refused, and so is a
    package that would not be fit to be passed on.
    """
    root = root.resolve()
    project = load_project(root)
    of = project.study(study or studied(root))
    now = commit(root)
    built = [read_manifest(root / m) for m in manifests(of.name)[: 2 if robustness else 1]]
    for number, manifest in enumerate(built):
        fresh(manifest, root, now, bool(number))
    # What is packed is the report and the files beside it: changes that either has are in the package.
    made = [{**manifest, "dirty": manifest["dirty"] or now.dirty} for manifest in built]
    content = contents(project, of, made, templates)
    check(
        content,
        pinned(project.sources.values()),
        [str(root), str(Path.home())] if Path.home() != Path("/") else [str(root)],
    )
    name = f"replication-{of.name}-{__version__}"
    out = out or root / "dist" / f"{name}.zip"
    packed = zipped({f"{name}/{path}": data for path, data in sorted(content.items())})
    write_bytes(packed, out)
    print(f"{os.path.relpath(out)}: {len(content)} files, {len(packed) / 1e6:.1f} MB")
    if now.dirty:
        print("the package has changes that no commit has; commit them before you pass it on")
    elif any(manifest["dirty"] for manifest in built):
        print(
            "the report was built beside files that no commit has; run snakemake with --forcerun provenance to clear it"
        )


def contents(project: Project, study: Study, made: Sequence[Manifest], templates: Path) -> dict[str, bytes]:
    """Every file of the package by its path: the project's own, the report, README, stamp and crate.

    `made` are the manifests of what is packed: of the paper, and of its robustness if that is to be in it; `templates`
    is their folder.
    """
    root = project.root
    content = dict(_own(root))
    shipped = [f"reports/{study.name}/{name}" for manifest in made for name in manifest["exhibits"]]
    shipped += [path.as_posix() for path in manifests(study.name)[: len(made)]]
    report = {path: (root / path).read_bytes() for path in shipped}
    packed = _packed(project, study, made, [*content, *report], templates)
    stamp: dict[str, Any] = {
        "study": study.name,
        "version": __version__,
        "commit": made[0]["commit"],
        "dirty": made[0]["dirty"],
        "day": committed(root),
        "files": {path: sha256(data).hexdigest() for path, data in sorted(content.items())},
    }
    content |= report
    content[README] = readme(packed, read_templates(templates)).encode("utf-8")
    content[STAMP] = _json(stamp)
    crate = Crate(
        name=f"{study.title} Replication package",
        description=abstract_of(project, study),
        version=__version__,
        day=stamp["day"],
        authors="The detente developers",
        keywords=("interstate conflict", "military diplomacy", "replication package"),
        sources={slug: record.model_dump(mode="json") for slug, record in packed.sources.items()},
    )
    content[METADATA] = _json(metadata(crate, content))
    return content


def together(made: Sequence[Manifest]) -> dict[str, Any]:
    """The manifest of the paper, with the raw files, steps and lineage of its robustness if that is packed too."""
    whole = dict(made[0])
    whole["raw"], whole["steps"] = ({k: v for m in made for k, v in m[key].items()} for key in ("raw", "steps"))
    whole["lineage"] = {key: {k: v for m in made for k, v in m["lineage"][key].items()} for key in made[0]["lineage"]}
    return whole


def _own(root: Path) -> Iterator[tuple[str, bytes]]:
    """The project's files; its own introduction makes room for the README of the package."""
    packaged = (root / STAMP).is_file()
    for path in own_files(root):
        if Path(path).name in MARKS or path.startswith(LEFT_OUT) or path == STAMP:
            continue
        if path != README:
            yield path, (root / path).read_bytes()
        elif not packaged:
            yield ABOUT, (root / path).read_bytes()


def _packed(project: Project, study: Study, made: Sequence[Manifest], paths: list[str], templates: Path) -> Packed:
    manifest, simulated, robustness = together(made), study.world == "simulated", len(made) > 1
    graph = manifest["lineage"]
    bytes_of = {path: file["bytes"] for path, file in graph["files"].items()}
    shown = sum(size for path, size in bytes_of.items() if path.startswith("reports/"))
    sizes = (sum(file["bytes"] for file in graph["raw"].values()), sum(bytes_of.values()) - shown, shown)
    exhibits = _exhibits(project, study, manifest, templates)
    used = {name.partition("/")[0] for name in manifest["raw"]}
    lock = (project.root / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return Packed(
        manifest=manifest,
        version=__version__,
        sources={} if simulated else {slug: r for slug, r in project.sources.items() if slug in used},
        exhibits=(*exhibits, *(_robustness(study.name) if robustness else ())),
        requirements=tuple(f"{n} {v}" for n, v in sorted(manifest["versions"].items()) if n != "detente"),
        pinned=sum("==" in line and not line[:1].isspace() for line in lock),
        pythons=PYTHONS,
        folders=tuple((top, FOLDERS[top]) for top in folders_of(paths) if top in FOLDERS),
        sizes=sizes,
        command=_command(project.root, study.name),
        robustness=robustness,
    )


def _command(root: Path, study: str) -> str:
    makefile = root / "Makefile"
    targets = makefile.read_text(encoding="utf-8").splitlines() if makefile.is_file() else []
    named = any(study in line.partition(":")[0].split() for line in targets if line[:1].isalpha())
    return f"make {study}" if named else f"make .venv/.ready && .venv/bin/snakemake {study} --cores all"


def _exhibits(project: Project, study: Study, manifest: Manifest, templates: Path) -> Iterator[Listed]:
    """Tables and figures in the order and with the numbers of the paper, and the numbers of its text."""
    numbers = read_json(project.root / "reports" / study.name / "numbers.json")
    works = yaml.safe_load((templates / "references.yaml").read_text(encoding="utf-8"))
    words = provenance_words({**manifest, "raw": list(manifest["raw"])})
    exhibits = {(e.kind, e.name): e for e in exhibits_of(traits_of(project, study))}
    references, paper = References(works, numbers["sources"]), read_templates(templates)["paper.md.j2"]
    for block in compose(paper, numbers, words, references, map(Shown, exhibits.values())):
        if block.kind not in ("table", "figure"):
            continue
        shown = exhibits[block.kind, block.name]
        file = next((f for f in shown.files(study.name) if f.endswith((".tex", ".pdf"))), "")
        made = manifest["lineage"]["files"].get(file)
        yield Listed(
            f"{block.kind.capitalize()} {block.number}",
            shown.label,
            file if made else f"reports/{study.name}/paper.pdf",
            _path(shown.module),
            made["step"] if made else "publish",
        )
    file, code = f"reports/{study.name}/numbers.json", _path(commands()["numbers"].module)
    yield Listed("In-text numbers", "every number of the text", file, code, "numbers")


def _robustness(study: str) -> Iterator[Listed]:
    """What robustness consists of; its tables and figures stand in its page."""
    for caption, file, name, step in (
        ("All of it on one page", "robustness.html", "robustness", "robustness_report"),
        ("The claims ledger", "claims_ledger.csv", "ledger", "ledger"),
        ("All specifications", "multiverse.csv", "multiverse", "multiverse"),
    ):
        yield Listed("Robustness", caption, f"reports/{study}/{file}", _path(commands()[name].module), step)


def _path(module: str) -> str:
    return f"workflow/src/{module.replace('.', '/')}.py"


def _json(content: object) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")
