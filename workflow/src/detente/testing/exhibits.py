"""The contract of exhibits, for those of the project and for one of your own."""

import re
from collections import UserDict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from detente.report import FORMATS, FRAMES, Evidence, Exhibit, read_templates
from detente.report.tables import SIMULATED, Table, render
from detente.study.config import Claim

LONGEST_LABEL = 100


def check_exhibit(exhibit: Exhibit, evidence: Evidence, claim: Claim | None = None) -> None:
    """Check that an exhibit keeps what every page, rule and reader relies on.

    It is declared in full; it is made from the frames that it declares, all of them and no others, which it leaves as
    they are; it is the same when made twice; it says that a simulated world is one, and nothing of the kind of an
    observed one; and it can be written in every format of its kind.

    Exhibits are listed in `detente.report.EXHIBITS`; where there is one for each claim, name the `claim`. `evidence` is
    a study with the frames that the exhibit needs, those of a build for example:
    `Evidence(project, project.study("tiny"), Frames(Path("data/processed/tiny"), Path("reports/tiny")))`.

    Raises AssertionError with the name of the exhibit and what it breaks.

    Examples
    --------
    >>> for exhibit in detente.report.exhibits_of(evidence.traits):
    ...     check_exhibit(exhibit, evidence)
    """
    who = f"{exhibit.page} {exhibit.kind} {exhibit.name!r}"
    for fault in _undeclared(exhibit):
        raise AssertionError(f"{who}: {fault}")
    worlds = [
        replace(evidence, study=evidence.study.model_copy(update={"world": w})) for w in ("observed", "simulated")
    ]
    made = [_made(who, exhibit, world, claim) for world in worlds if exhibit.applies(world.traits)]
    assert made, f"{who}: applies to no study like {evidence.study.name!r}; give one that has it"
    if all(shown is None for shown in made):
        raise AssertionError(f"{who}: draws nothing for {claim.id if claim else None!r}; give a claim that it shows")


def _undeclared(exhibit: Exhibit) -> Iterator[str]:
    """What is missing from a declaration, or wrong in it."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", exhibit.name):
        yield "its name is no file-safe id of small letters, digits and underscores"
    if not exhibit.caption.endswith((".", "%}")):
        yield "its caption is no sentence"
    if "{" in exhibit.label or not 0 < len(exhibit.label) <= LONGEST_LABEL:
        yield f"the first sentence of its caption is no heading of up to {LONGEST_LABEL} letters; give a `title`"
    if exhibit.kind == "figure" and not exhibit.alt:
        yield "it has no alternative text"
    if not exhibit.place:
        yield "it has no place on a page"
    if unknown := sorted({*exhibit.needs, *exhibit.beside} - set(FRAMES)):
        yield f"it needs frames that there are not: {', '.join(unknown)}"
    if not set(exhibit.formats) <= set(FORMATS[exhibit.kind]):
        yield f"a {exhibit.kind} has no such formats as {', '.join(exhibit.formats)}"


class _Watched(UserDict[str, pd.DataFrame]):
    """Copies of frames, and the names of those that were read."""

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        super().__init__({name: frame.copy() for name, frame in frames.items()})
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> pd.DataFrame:
        self.read.add(name)
        return self.data[name]


def _made(who: str, exhibit: Exhibit, evidence: Evidence, claim: Claim | None) -> Any:
    """Make an exhibit twice and check both."""
    needed = exhibit.frames(evidence.traits)
    frames = {name: evidence.frame(name) for name in needed}
    watched = _Watched(frames)
    arguments = (replace(evidence, frames=watched), *([claim] if claim else []))
    made, again = exhibit.make(*arguments), exhibit.make(*arguments)
    if made is None:
        return None
    unread = sorted(set(needed) - watched.read)
    assert not unread, f"{who}: declares frames that it does not read: {', '.join(unread)}"
    changed = [name for name, frame in frames.items() if not frame.equals(watched.data[name])]
    assert not changed, f"{who}: changes the frames that it is made from: {', '.join(changed)}"
    (_check_table if exhibit.kind == "table" else _check_figure)(who, exhibit, evidence, made, again)
    return made


def _check_table(who: str, exhibit: Exhibit, evidence: Evidence, made: Any, again: Any) -> None:
    assert isinstance(made, Table), f"{who}: makes a {type(made).__name__}, not a Table"
    assert made.name == exhibit.name, f"{who}: calls its table {made.name!r}"
    assert made == again, f"{who}: is another when made twice"
    assert made.simulated == evidence.simulated, f"{who}: does not say whether the world is simulated"
    for ending in FORMATS["table"]:
        text = render(made, ending, read_templates())
        marked = SIMULATED in text
        assert marked == (evidence.simulated and bool(any(row.cells for row in made.rows) or ending != "csv")), (
            f"{who}: {ending} is marked wrongly"
        )


def _check_figure(who: str, exhibit: Exhibit, evidence: Evidence, made: Any, again: Any) -> None:
    from detente.report.figures import WIDTH, image

    width = made.get_size_inches()[0]
    assert width == WIDTH, f"{who}: is {width} inches wide, not {WIDTH}; draw on `canvas`"
    marked = SIMULATED in [text.get_text() for text in made.texts]
    assert marked == evidence.simulated, f"{who}: does not say whether the world is simulated"
    first = image(made, "svg")
    assert first == image(again, "svg"), f"{who}: is another when drawn twice"
    assert b"<dc:date>" not in first, f"{who}: holds the day on which it was drawn"
    for ending in exhibit.formats:
        assert image(made, ending), f"{who}: has no {ending}"
