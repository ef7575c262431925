"""Exhibits of the page of robustness, each made of one claim alone: its figure or table, caption, and data."""

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined

from detente.base.files import parquet
from detente.base.numerics import LEVEL
from detente.report.evidence import Evidence
from detente.report.exhibit import Exhibit, Kind, made_of, registry
from detente.report.explorer.row_links import Placed, with_links
from detente.report.explorer.slim import slim
from detente.report.figures import canvas as draw
from detente.report.formats import percent
from detente.report.frames import frame_files
from detente.report.labels import covariance_label
from detente.report.tables.influence import left_out
from detente.report.tables.table import SIMULATED, Table, fragment, render

MARK = SIMULATED.replace(" ", "_")
"""In names of files that are downloaded from a simulated world."""
LARGE = ("contours", "draws", "estimates")
"""Frames of thousands of numbers a claim, which are given as Parquet, a fifth of the size."""


@dataclass(frozen=True)
class Section:
    """A part of a claim's page: the exhibits that it shows, where the study has them, in order."""

    anchor: str
    heading: str
    exhibits: tuple[tuple[Kind, str], ...]


SECTIONS = (
    Section("decisions", "Which decision moves the estimate", (("figure", "decisions"),)),
    Section("power", "What it could have found", (("figure", "power"), ("table", "power"))),
    Section("designs", "Other designs, year by year", (("figure", "designs"), ("table", "designs"))),
    Section("confounders", "Confounders", (("figure", "sensitivity"), ("table", "confounders"))),
    Section("placebos", "Placebos and leads", (("table", "placebos"),)),
    Section("randomisation", "Treatments re-randomised", (("figure", "randomisation"), ("table", "randomisation"))),
    Section("calibration", "Placebo networks", (("table", "calibrated"), ("table", "sizes"))),
    Section("influence", "What the estimate rests on", (("figure", "influence"), ("table", "influence"))),
    Section("published", "What published studies found", (("table", "published"),)),
    Section("kads", "Events of several states", (("table", "kads"),)),
    Section("deciding", "What data would settle it", (("table", "deciding"),)),
)


def sections_of(evidence: Evidence) -> list[tuple[Section, list[Exhibit]]]:
    """Return the sections that the pages of a study's claims have, with their exhibits."""
    known = {(e.kind, e.name): e for (page, _, _), e in registry().items() if page in ("robustness", "site")}
    found = ((s, [known[key] for key in s.exhibits if known[key].applies(evidence.traits)]) for s in SECTIONS)
    return [(section, exhibits) for section, exhibits in found if exhibits]


def exhibits_shown(evidence: Evidence) -> list[Exhibit]:
    """Return every exhibit of those sections."""
    return [exhibit for _, exhibits in sections_of(evidence) for exhibit in exhibits]


def of_one(evidence: Evidence, claim: str) -> Evidence:
    """Return the study with the rows of one claim in every frame that has rows of claims."""
    mine = {name: evidence.of_claim(name, claim) for name, frame in evidence.frames.items() if "claim" in frame}
    return evidence.with_frames(**mine)


@dataclass(frozen=True)
class Plate:
    """An exhibit on a page: its heading, caption and alternative text; HTML of a table, or the file of a figure.

    `data` are the files of its frames, by what they are called; `trace` is the frame of its claim whose origin can be
    printed. `empty`: there is nothing to show of this claim.
    """

    name: str
    kind: Kind
    title: str
    caption: str
    alt: str
    html: str
    file: str
    data: Mapping[str, str]
    empty: bool
    trace: str = ""


def plates(
    evidence: Evidence, claim: str, placed: Mapping[str, Placed], templates: Mapping[str, str], files: dict[str, bytes]
) -> Iterator[Plate]:
    """Yield the exhibits of a claim, `evidence` being of it alone, and put their figures and data among `files`.

    `placed` are files of data of the whole study. A figure with nothing to draw is a file as well, as the workflow
    knows one of each claim.
    """
    about = evidence.project.claims.claims[claim]
    for exhibit in exhibits_shown(evidence):
        made = made_of(exhibit, evidence, about if exhibit.per == "claim" else None)
        file = figure_file(exhibit, claim) if exhibit.kind == "figure" else ""
        data = {name: data_file(name, claim, evidence.simulated) for name in exhibit.needs if name != "ledger"}
        files |= {place: written(evidence, name) for name, place in data.items()}
        mine = {**placed, **{name: Placed(place, evidence.frame(name)) for name, place in data.items()}}
        if isinstance(made, Table):
            made = with_links(made, mine, "../")
        html, empty = rendered(made, file, templates, files, simulated=evidence.simulated)
        title, caption, alt = (_words(evidence, claim, text) for text in (exhibit.label, exhibit.caption, exhibit.alt))
        trace = traced_file(evidence, exhibit.needs[-1], claim)
        yield Plate(exhibit.name, exhibit.kind, title, caption, alt, html, file, data, empty, trace)


def rendered(
    made: Any, file: str, templates: Mapping[str, str], files: dict[str, bytes], *, simulated: bool
) -> tuple[str, bool]:
    """Return the HTML of a table, or put a figure among `files`; and whether there is nothing to show."""
    if isinstance(made, Table):
        return fragment(render(made, "html", templates)), not any(row.cells for row in made.rows)
    files[file] = picture(draw.canvas(1.0, simulated=simulated) if made is None else made)
    return "", made is None or not made.axes


def traced_file(evidence: Evidence, name: str, claim: str) -> str:
    """Return where a frame lies in the project, that of a claim where each has its own."""
    study = evidence.study.name
    files = frame_files([name], f"data/processed/{study}", f"reports/{study}", [claim], [claim], [claim])
    return files[0]


def claim_files(evidence: Evidence, claim: str) -> list[str]:
    """Return the names of all files that `plates` makes of a claim."""
    exhibits = exhibits_shown(evidence)
    figures = [figure_file(exhibit, claim) for exhibit in exhibits if exhibit.kind == "figure"]
    frames = dict.fromkeys(name for exhibit in exhibits for name in exhibit.needs if name != "ledger")
    return [*figures, *(data_file(name, claim, evidence.simulated) for name in frames)]


def picture(figure: draw.Figure) -> bytes:
    """Return a figure as SVG for a page."""
    return slim(draw.image(figure, "svg").decode("utf-8")).encode("utf-8")


def figure_file(exhibit: Exhibit, claim: str) -> str:
    """Return where a figure of a claim lies in the site."""
    return f"figures/{exhibit.name}.{claim}.svg"


def whole_file(frame: str, simulated: bool) -> str:
    """Return where the rows of all claims lie in the site."""
    return f"data/{frame}{f'.{MARK}' if simulated else ''}.csv"


def placed_whole(evidence: Evidence, *names: str) -> dict[str, Placed]:
    """Return the files of the rows of all claims, by the names of frames."""
    return {name: Placed(whole_file(name, evidence.simulated), evidence.frame(name)) for name in names}


def curve_file(claim: str) -> str:
    """Return where the specification curve of a claim lies: a picture, as SVG of thousands of points is large."""
    return f"figures/curve.{claim}.png"


def data_file(frame: str, claim: str, simulated: bool) -> str:
    """Return where rows of a claim lie in the site; the name says so where the world is simulated."""
    ending = "parquet" if frame in LARGE else "csv"
    return f"data/{frame}.{claim}{f'.{MARK}' if simulated else ''}.{ending}"


def written(evidence: Evidence, name: str) -> bytes:
    """Return a frame of one claim as its file has it."""
    return (as_parquet if name in LARGE else as_csv)(evidence.frame(name), evidence.simulated)


def as_parquet(frame: pd.DataFrame, simulated: bool) -> bytes:
    """Return a frame as Parquet, marked if the world is simulated; the same frame gives the same bytes."""
    return parquet(frame.assign(world=SIMULATED) if simulated else frame)


def as_csv(frame: pd.DataFrame, simulated: bool) -> bytes:
    """Return a frame as CSV with all digits of its numbers, marked if the world is simulated."""
    marked = frame.assign(world=SIMULATED) if simulated else frame
    buffer = io.StringIO(newline="")
    marked.to_csv(buffer, index=False, lineterminator="\n")
    return buffer.getvalue().encode("utf-8")


def _words(evidence: Evidence, claim: str, text: str) -> str:
    """A caption with what it says of the claim."""
    values = {
        "claim": {"label": evidence.examined[claim], "parts": left_out(evidence.frame("influence"))},
        "interval": percent(LEVEL),
        "errors": covariance_label(evidence.study.vcov[0]).long,
    }
    return Environment(undefined=StrictUndefined, autoescape=False).from_string(text).render(values)


def frames_needed(evidence: Evidence, more: Iterable[str] = ()) -> list[str]:
    """Return the frames that the pages of claims are made from, each once."""
    named = (name for exhibit in exhibits_shown(evidence) for name in exhibit.needs)
    return list(dict.fromkeys([*more, *named]))
