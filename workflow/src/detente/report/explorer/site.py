"""The static site of a study: every page, script and file of data by its name in the folder, from frames alone."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from jinja2 import DictLoader, Environment, StrictUndefined

from detente import __version__
from detente.base.errors import EstimationError
from detente.report.evidence import Evidence
from detente.report.exhibit import Exhibit, made_of, registry
from detente.report.explorer import claim_page
from detente.report.explorer.draws import draws_script
from detente.report.explorer.exhibits import (
    as_csv,
    as_parquet,
    claim_files,
    curve_file,
    data_file,
    figure_file,
    frames_needed,
    of_one,
    picture,
    placed_whole,
    plates,
    sections_of,
    whole_file,
    written,
)
from detente.report.explorer.home import answer
from detente.report.explorer.ledger_page import filters, heads, ledger_rows
from detente.report.explorer.origin import Origin, Published
from detente.report.explorer.provenance_page import provenance_words
from detente.report.explorer.replication_page import replication_words
from detente.report.explorer.row_links import Placed, row_link, with_links
from detente.report.explorer.slim import slim_page, with_palette
from detente.report.explorer.specifications import specifications_script
from detente.report.explorer.study_pages import (
    abstract_of,
    calibration_exhibits,
    calibration_files,
    calibration_plates,
    data_words,
    paper_files,
    paper_words,
)
from detente.report.figures import canvas as draw
from detente.report.formats import checksum, percent
from detente.report.labels import covariance_label
from detente.report.tables.table import BANNER, fragment, render
from detente.study.config import Described

SCRIPTS = (
    "elements", "page", "packing", "multiverse", "joint", "parquet", "curve", "specification", "explorer", "explorers",
    "compare", "lineage",
)  # fmt: skip
ASSETS = ("site.css", *(f"{name}.js" for name in SCRIPTS))
PAGES = (
    ("index.html", "Answer"), ("claims.html", "Claims"), ("compare.html", "Compare"), ("data.html", "Data"),
    ("calibration.html", "Calibration"), ("replication.html", "Replication"), ("provenance.html", "Provenance"),
    ("paper.html", "Paper"),
)  # fmt: skip
_FRAMES = (
    "ledger",
    "checks",
    "multiverse",
    "headline",
    "estimates",
    "failures",
    "attrition",
    "influence",
    "joint_draws",
)
_OF_HOME = ("ledger", "checks")
NUMBERS = "data/replication.parquet"
_FRAME_OF = {"headline": "headline", "models": "estimates"}
_TABLES = {"headline": "Covariances", "models": "Samples and estimators"}


def site_files(evidence: Evidence) -> list[str]:
    """Return the names of all files of a study's site, which follow from its configuration; no frame is read."""
    simulated, claims = evidence.simulated, evidence.project.claims.every
    of_claims = [name for claim in evidence.examined for name in _examined_files(evidence, claim)]
    described = [name for claim in evidence.described for name in _described_files(evidence, claim.id)]
    home = ["figures/claims.svg", *(whole_file(name, simulated) for name in (*_OF_HOME, "attrition"))]
    pages = [*(file for file, _ in PAGES), *(f"claims/{claim.id}.html" for claim in claims)]
    beside = [*paper_files(simulated).values(), NUMBERS]
    return [*ASSETS, *pages, *home, *calibration_files(evidence), *of_claims, *described, *beside]


def site_frames(evidence: Evidence) -> list[str]:
    """Return the names of the frames that the site is made from."""
    described = ["series", "findings"] if evidence.described else []
    calibrated = [name for exhibit in calibration_exhibits(evidence) for name in exhibit.needs]
    return frames_needed(evidence, [*_FRAMES, *calibrated, *described])


def site_of(
    evidence: Evidence,
    origin: Origin,
    curves: Mapping[str, bytes],
    assets: Mapping[str, str],
    templates: Mapping[str, str],
) -> dict[str, bytes]:
    """Return the content of every file of the site, by name.

    `curves` are pictures (PNG) of specification curves, by claim, which an earlier step drew; `assets` texts of the
    style sheet and scripts by name; `templates` those of pages and of tables.
    """
    ready, files = evidence.only(site_frames(evidence)), {name: assets[name].encode("utf-8") for name in ASSETS}
    pages = _Pages(ready, templates)
    files["index.html"] = pages.home(files)
    files["claims.html"] = pages.ledger()
    files["compare.html"] = pages.compare()
    files["data.html"] = pages.data(files)
    files["calibration.html"] = pages.calibration(files)
    files["replication.html"] = pages.replication(origin.published, files)
    files["provenance.html"] = pages.provenance(origin)
    files["paper.html"] = pages.paper(origin, files)
    for claim, page in pages.claims(curves, files):
        files[f"claims/{claim}.html"] = page
    expected = set(site_files(evidence))
    if wrong := expected ^ set(files):
        raise EstimationError(f"the site's files are not those that were announced: {', '.join(sorted(wrong)[:5])}")
    return files


class _Pages:
    """Pages of one study, each filled into its template."""

    def __init__(self, evidence: Evidence, templates: Mapping[str, str]) -> None:
        self.evidence, self.templates = evidence, templates
        self.engine = Environment(
            loader=DictLoader(dict(templates)), undefined=StrictUndefined, autoescape=True, trim_blocks=True,
            lstrip_blocks=True, keep_trailing_newline=True,
        )  # fmt: skip
        self.engine.filters["checksum"] = checksum
        self.every = {c.id: c for c in evidence.project.claims.every}
        self.rows = {str(r["claim"]): r for r in evidence.frame("ledger").to_dict("records")}

    def filled(self, template: str, here: str, **values: Any) -> bytes:
        """Fill a template, `here` being the page's file."""
        study = self.evidence.study
        own = {"name": study.name, "title": study.title, "abstract": study.abstract}
        up = "../" * here.count("/")
        shared = {"study": own, "simulated": self.evidence.simulated, "banner": BANNER, "version": __version__}
        text = self.engine.get_template(template).render(**shared, pages=PAGES, here=here, up=up, **values)
        return text.encode("utf-8")

    def home(self, files: dict[str, bytes]) -> bytes:
        """The first page; puts its picture and the data of that among `files`."""
        evidence, exhibit = self.evidence, _exhibit("claims")
        files["figures/claims.svg"] = picture(made_of(exhibit, evidence))
        for name in _OF_HOME:
            files[whole_file(name, evidence.simulated)] = as_csv(evidence.frame(name), evidence.simulated)
        errors = covariance_label(evidence.study.vcov[0]).long
        caption = Environment(autoescape=False).from_string(exhibit.caption).render(errors=errors)
        hero = {
            "alt": exhibit.alt,
            "caption": caption,
            "data": {n: whole_file(n, evidence.simulated) for n in _OF_HOME},
        }
        first = next(iter(evidence.examined), "")
        doors = [
            {"name": "I want to know what holds", "href": "claims.html",
             "said": "Every claim with its estimate, its checks and its verdict: search, filter, sort."},
            *([{"name": "I want to see which choices make it", "href": f"claims/{first}.html#explorer",
                "said": "Switch decisions on and off, and see what becomes of the estimate."}] if first else []),
            {"name": "I want to check a number", "href": "provenance.html",
             "said": "Each exhibit from its data at full precision back to the raw files, step by step."},
            {"name": "I want to see what replicates", "href": "replication.html",
             "said": "Published tables, number by number, beside what this software finds."},
        ]  # fmt: skip
        said = {"answer": answer(evidence), "hero": hero, "doors": doors, "abstract": abstract_of(evidence)}
        return self.filled("home.html.j2", "index.html", **said)

    def ledger(self) -> bytes:
        """The claims ledger."""
        csv = whole_file("ledger", self.evidence.simulated)
        rows = [
            {**ledger_rows(self.evidence, row), "link": row_link("", [at], csv)}
            for at, row in enumerate(self.rows.values(), start=2)
        ]
        found = filters(rows)
        return self.filled("claims.html.j2", "claims.html", rows=rows, heads=heads(), filters=found, csv=csv)

    def compare(self) -> bytes:
        """Two claims beside each other; the first two at first, or the only one twice."""
        claims = list(self.evidence.examined)
        shown = [("one", "First multiverse", claims[:1]), ("two", "Second multiverse", claims[1:2] or claims[:1])]
        sides = [{"key": key, "name": name, "claim": claim} for key, name, found in shown for claim in found]
        return self.filled("compare.html.j2", "compare.html", sides=sides, claims=list(self.evidence.examined.items()))

    def data(self, files: dict[str, bytes]) -> bytes:
        """Sources, attrition and codebook; puts the data of attrition among `files`."""
        evidence = self.evidence
        files[whole_file("attrition", evidence.simulated)] = as_csv(evidence.frame("attrition"), evidence.simulated)
        return self.filled("data.html.j2", "data.html", **data_words(evidence, self.templates))

    def calibration(self, files: dict[str, bytes]) -> bytes:
        """How often tests, intervals and verdicts are right; puts figures and data among `files`."""
        plates = list(calibration_plates(self.evidence, self.templates, files))
        return self.filled("calibration.html.j2", "calibration.html", plates=plates)

    def replication(self, published: Published, files: dict[str, bytes]) -> bytes:
        """Published tables, number by number; puts these among `files`."""
        # They are of the observed record, whatever the study's world.
        files[NUMBERS] = as_parquet(published.numbers, simulated=False)
        return self.filled("replication.html.j2", "replication.html", numbers=NUMBERS, **replication_words(published))

    def provenance(self, origin: Origin) -> bytes:
        """How everything was made."""
        names, simulated = site_frames(self.evidence), self.evidence.simulated
        whole = {name: whole_file(name, simulated) for name in names}
        data = {name: file for name, file in whole.items() if file in set(site_files(self.evidence))}
        words = provenance_words(self.evidence, origin, names, data)
        return self.filled("provenance.html.j2", "provenance.html", **words)

    def paper(self, origin: Origin, files: dict[str, bytes]) -> bytes:
        """The paper, which is put among `files`."""
        places = paper_files(self.evidence.simulated)
        paper = {**origin.paper, "html": slim_page(origin.paper["html"])}
        files |= {places[ending]: content for ending, content in paper.items()}
        return self.filled("paper.html.j2", "paper.html", **paper_words(self.evidence, paper, places))

    def claims(self, curves: Mapping[str, bytes], files: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
        """The page of every claim of the ledger, in its order; puts figures and data among `files`."""
        order = list(self.rows)
        for at, claim in enumerate(order):
            before, after = (self.every[order[i]] if 0 <= i < len(order) else None for i in (at - 1, at + 1))
            yield claim, self._claim(claim, curves, files, before=before, after=after)

    def _claim(self, claim: str, curves: Mapping[str, bytes], files: dict[str, bytes], **turn: Any) -> bytes:
        about, row, here = self.every[claim], self.rows[claim], f"claims/{claim}.html"
        examined = claim in self.evidence.examined
        values: dict[str, Any] = {
            "claim": about, "row": row, "verdict": claim_page.verdict_words(row), "needs": row["needs"] or "",
            "family": claim_page.family_words(row["family"]), "facts": claim_page.facts(self.evidence, about, row),
            "headline": None, "checks": [], "tables": [], "sections": [], "explorer": False, "described": None,
            "curve": {}, "checks_file": whole_file("checks", self.evidence.simulated), **turn,
        }  # fmt: skip
        if examined:
            values |= self._examined(claim, row, curves, files)
        elif isinstance(about, Described) and any(claim == d.id for d in self.evidence.described):
            values["described"] = self._described(about, files)
        return self.filled("claim.html.j2", here, contents=_contents(values), **values)

    def _examined(self, claim: str, row: Any, curves: Mapping[str, bytes], files: dict[str, bytes]) -> dict[str, Any]:
        """What the page of a claim has that the study examines."""
        evidence, curve = of_one(self.evidence, claim), _exhibit("curve")
        files[f"data/{claim}.js"] = specifications_script(evidence, claim).encode("utf-8")
        files[f"data/{claim}.draws.js"] = draws_script(evidence, claim).encode("utf-8")
        files[curve_file(claim)] = with_palette(curves[claim])
        data = {name: data_file(name, claim, evidence.simulated) for name in _frames_of_tables(evidence, claim)}
        files |= {file: written(evidence, name) for name, file in data.items()}
        whole = placed_whole(self.evidence, *_OF_HOME)
        made = plates(evidence, claim, whole, self.templates, files)
        shown = {(plate.kind, plate.name): plate for plate in made}
        sections = [
            {"anchor": section.anchor, "heading": section.heading, "plates": kept}
            for section, exhibits in sections_of(evidence)
            if (kept := [p for e in exhibits if not (p := shown[e.kind, e.name]).empty])
        ]
        estimated = not pd.isna(row["estimate"])
        tables = [claim_page.covariances(evidence, claim), claim_page.models(evidence, claim)] if estimated else []
        placed = {name: Placed(file, evidence.frame(name)) for name, file in data.items()}
        linked = [with_links(t, placed, "../") for t in tables if t is not None]
        htmls = [(t.name, fragment(render(t, "html", self.templates))) for t in linked]
        words = {"errors": covariance_label(evidence.study.vcov[0]).long, "interval": percent(0.95)}
        caption = Environment(autoescape=False).from_string(curve.caption)
        return {
            "headline": claim_page.headline(evidence, row) if estimated else None,
            "checks": self._checks(claim),
            "tables": [
                {"anchor": n, "html": html, "frame": _FRAME_OF[n], "file": data[_FRAME_OF[n]]} for n, html in htmls
            ],
            "sections": sections,
            "explorer": not evidence.frame("multiverse").empty,
            "curve": {"alt": curve.alt, "caption": caption.render(claim={"label": evidence.examined[claim]}, **words)},
        }

    def _checks(self, claim: str) -> list[dict[str, Any]]:
        """The checks of a claim, each with where its row lies."""
        (placed,) = placed_whole(self.evidence, "checks").values()
        keys = zip(placed.frame["claim"], placed.frame["check"], strict=True)
        at = {key: row for row, key in enumerate(keys, start=2)}
        return [
            {**check, "link": row_link("", [at[claim, check["name"]]], f"../{placed.file}")}
            for check in claim_page.checks(self.evidence, claim)
        ]

    def _described(self, about: Described, files: dict[str, bytes]) -> dict[str, Any]:
        """What the page of a claim has that the study describes."""
        evidence, exhibit = of_one(self.evidence, about.id), _exhibit("described")
        made = made_of(exhibit, evidence, about)
        drawn = draw.canvas(1.0, simulated=evidence.simulated) if made is None else made
        files[figure_file(exhibit, about.id)] = picture(drawn)
        data = {name: data_file(name, about.id, evidence.simulated) for name in ("series", "findings")}
        for name, file in data.items():
            files[file] = as_csv(evidence.frame(name), evidence.simulated)
        return {"file": figure_file(exhibit, about.id), "alt": exhibit.alt, "caption": about.design, "data": data}


def _contents(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Anchors and names of what a claim's page has."""
    parts = [
        ("design", "Design", True),
        ("needs", "What data would settle it", values["needs"]),
        ("checks", "Checks", values["checks"]),
        *((table["anchor"], _TABLES[table["anchor"]], True) for table in values["tables"]),
        ("explorer", "Every specification", values["explorer"]),
        *((section["anchor"], section["heading"], True) for section in values["sections"]),
        ("described", "What the record shows", values["described"]),
    ]
    return [(anchor, said) for anchor, said, there in parts if there]


def _exhibit(name: str) -> Exhibit:
    return registry()["robustness", "figure", name]


def _examined_files(evidence: Evidence, claim: str) -> list[str]:
    own = [data_file(name, claim, evidence.simulated) for name in _frames_of_tables(evidence, claim)]
    return [f"data/{claim}.js", f"data/{claim}.draws.js", curve_file(claim), *own, *claim_files(evidence, claim)]


def _frames_of_tables(evidence: Evidence, claim: str) -> list[str]:
    """Frames of the tables of a claim's headline and, of the study's own, of its models."""
    return ["headline", *(["estimates"] if claim in evidence.study.claims else [])]


def _described_files(evidence: Evidence, claim: str) -> list[str]:
    data = [data_file(name, claim, evidence.simulated) for name in ("series", "findings")]
    return [figure_file(_exhibit("described"), claim), *data]
