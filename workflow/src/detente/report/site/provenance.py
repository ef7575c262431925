"""What a report says of its making: commit, seed, versions, what made each exhibit, and how a second build compares."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from detente import __version__
from detente.report.formats import checksum, duration
from detente.report.labels import gathered
from detente.report.tables.table import environment

# More products of one rule than this are counted, not listed.
LISTED = 3


def provenance_words(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words that the template may use, from `provenance.json`."""
    return {
        "commit": (provenance["commit"] or "")[:12],
        "dirty": bool(provenance["dirty"]),
        "seed": str(provenance["seed"]),
        "versions": [f"{name} {version}" for name, version in sorted(provenance["versions"].items())],
        "files": str(len(provenance["raw"])),
    }


def origin_html(graph: Mapping[str, Any], path: str) -> str:
    """Return the making of one exhibit, the file at `path`, as a folded list of steps for the page.

    `graph` is what leads to the exhibit: `files`, `raw`, `steps` (from the first to the last) and `modules`.
    """
    items = "".join(f"<li>{item}</li>" for item in _rules(graph))
    raw = ", ".join(
        f"{escape(file['source'])}/{escape(file['file'])}\u00a0<code>{checksum(file['sha256'])}</code>"
        for file in graph["raw"].values()
    )
    return (
        f'<details class="origin"><summary>Provenance</summary><p><code>{escape(path)}</code>, sha256 '
        f"<code>{checksum(graph['files'][path]['sha256'])}</code>, by these steps:</p><ol>{items}</ol>"
        f"<p>Raw files: {raw}.</p><p>Every step with its parameters and modules: "
        f"<code>python -m detente trace {escape(path)}</code></p></details>"
    )


def _rules(graph: Mapping[str, Any]) -> Iterator[str]:
    """One line per rule: how many jobs, what they made, what code they ran."""
    jobs = gathered((step["rule"], name) for name, step in graph["steps"].items())
    for rule, names in jobs.items():
        made = [(path, file["sha256"]) for path, file in graph["files"].items() if file["step"] in names]
        modules = sorted({m for name in names for m in graph["steps"][name]["modules"]})
        code = hashlib.sha256("".join(graph["modules"][m] for m in modules).encode()).hexdigest()
        times = f" × {len(names)}" if len(names) > 1 else ""
        yield f"<b>{escape(rule)}</b>{times}: {_made(made)}; {len(modules)} files of code <code>{checksum(code)}</code>"


def _made(made: Sequence[tuple[str, str]]) -> str:
    if len(made) > LISTED:
        folders = sorted({path.rpartition("/")[0] for path, _ in made})
        return f"{len(made)} files in " + ", ".join(f"<code>{escape(folder)}/</code>" for folder in folders)
    return ", ".join(f"<code>{escape(path)}</code> <code>{checksum(digest)}</code>" for path, digest in made)


@dataclass(frozen=True)
class Verification:
    """What the page says.

    `verdicts` have `path`, `status`, `detail`, `numbers` and `largest`; `inputs` are pairs of what the builds did not
    have in common and how; `manifest` is that of the second build, `environment` says where its software came from.
    """

    study: str
    name: str
    simulated: bool
    verdicts: Sequence[Any]
    inputs: Sequence[tuple[str, str]]
    manifest: Mapping[str, Any]
    environment: str
    seconds: float
    tolerance: float


def verification_page(found: Verification, templates: Mapping[str, str]) -> str:
    """Return the page: the outcome, what went in, and one row per product, those that differ first."""
    bad = [v for v in found.verdicts if v.status in ("different", "missing", "extra")]
    close = [v for v in found.verdicts if v.status == "within tolerance"]
    exact = [v for v in found.verdicts if v.status == "exact"]
    groups = {
        "Different, missing or extra": bad,
        "Within tolerance": close,
        "Exact: exhibits and numbers": [v for v in exact if v.path.startswith("reports/")],
        "Exact: what they are made from": [v for v in exact if not v.path.startswith("reports/")],
    }
    shown = {title: rows for title, rows in groups.items() if rows}
    template, time = environment(templates, "html").get_template("verification.html.j2"), duration(found.seconds)
    return template.render(found=found, bad=bad, close=close, groups=shown, time=time, version=__version__)
