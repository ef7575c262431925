"""Exhibits: what a study shows, each declared once, by the function that makes it from the frames that it names."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from detente.base.errors import ConfigError
from detente.report.evidence import Evidence, Traits
from detente.study.config import Claim, Described

Kind = Literal["table", "figure"]
Page = Literal["paper", "robustness", "site"]
Per = Literal["study", "claim", "described"]
# The exhibit of a single claim that is drawn by a step of its own.
CURVE = "curve"
FORMATS: Mapping[Kind, tuple[str, ...]] = {"table": ("html", "tex", "typ", "csv"), "figure": ("svg", "pdf", "png")}
"""Formats of each kind of exhibit, the one that the page shows first."""
Maker = TypeVar("Maker", bound=Callable[..., Any])


@dataclass(frozen=True)
class Exhibit:
    """One table or figure.

    `name` is a file-safe id, unique among the exhibits of its kind and page. `caption` says what it shows: a figure's
    is printed below it, and may hold numbers of `numbers.json` as a template does; its first sentence, or `title` where
    that cannot be a heading in plain words, stands in Snakemake's report and in the list of a replication package.
    `alt` is the alternative text of a figure, for those who cannot see it, with numbers as in the caption.

    It is made from the frames that it `needs`, names of `detente.report.FRAMES`, and of those that it has `beside` them
    where the paper has an appendix on robustness, and can read no others; a study has it if `applies` says so of its
    traits. `page` shows it at `place` (a `[[place …]]` of the template), by `order` among
    those of the same place. `per`: there is one for the study, or for each of its own claims, or for each claim that it
    describes, if there is anything to draw.
    `formats` are the endings of its files; none if the page alone holds it.

    `make` is a function of `Evidence`, and of a claim if there is one for each: it returns a `Table` or a figure, or
    None where a claim has nothing to draw.
    """

    kind: Kind
    name: str
    caption: str
    needs: tuple[str, ...]
    make: Callable[..., Any] = field(repr=False)
    applies: Callable[[Traits], bool] = lambda _: True
    page: Page = "paper"
    place: str = ""
    order: int = 0
    title: str = ""
    alt: str = ""
    per: Per = "study"
    formats: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def frames(self, traits: Traits) -> tuple[str, ...]:
        """Names of the frames that it is made from in a study with these traits."""
        return (*self.needs, *(self.beside if traits.appendix else ()))

    @property
    def module(self) -> str:
        """The module that declares it."""
        return self.make.__module__

    @property
    def label(self) -> str:
        """Its title, or the first sentence of its caption without the full stop."""
        return self.title or self.caption.partition(". ")[0].rstrip(".")

    def files(self, study: str, claim: str = "") -> tuple[str, ...]:
        """Paths of its files below the folder of the project, one a format; those of a `claim` where it has its own."""
        folder = "robustness" if self.page == "robustness" else f"{self.kind}s"
        name = f"{self.name}_{claim}" if claim else self.name
        return tuple(f"reports/{study}/{folder}/{name}.{ending}" for ending in self.formats)


_DECLARED: dict[tuple[Page, Kind, str], Exhibit] = {}


def exhibit(
    *, kind: Kind, name: str, needs: tuple[str, ...], caption: str = "", stored: bool = True, **more: Any
) -> Callable[[Maker], Maker]:
    """Declare the decorated function to make an exhibit; the arguments are the attributes of `Exhibit`.

    `caption` is the first line of the function's docstring if it is not given; `stored`: whether the exhibit is written
    to files of its own, one a format of its kind.
    """

    def declare(make: Maker) -> Maker:
        said, formats = caption or (make.__doc__ or "").partition("\n")[0], FORMATS[kind] if stored else ()
        made = Exhibit(kind, name, said, needs, make, formats=formats, **more)
        key = (made.page, kind, name)
        if key in _DECLARED and _DECLARED[key].module != made.module:
            taken = f"{_DECLARED[key].module} has a {kind} {name!r} already"
            raise ConfigError(f"{made.module}: {taken}; choose another name")
        _DECLARED[key] = made
        return make

    return declare


@cache
def registry() -> Mapping[tuple[Page, Kind, str], Exhibit]:
    """Every exhibit by page, kind and name: those of the modules in `report/tables` and `report/figures`."""
    for package in ("detente.report.tables", "detente.report.figures"):
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
            importlib.import_module(f"{package}.{module.name}")
    return MappingProxyType(dict(sorted(_DECLARED.items())))


def exhibits_of(traits: Traits, page: Page = "paper", *, per: Per = "study") -> tuple[Exhibit, ...]:
    """Return the exhibits that a study with these traits has on a page: those of the study, or of single claims."""
    return tuple(e for e in registry().values() if e.page == page and e.per == per and e.applies(traits))


def of_single_claims(traits: Traits) -> tuple[Exhibit, ...]:
    """Exhibits of the page of robustness that each claim has for itself, but for its curve, which has its own step."""
    single: tuple[Per, ...] = ("claim", "described")
    return tuple(e for per in single for e in exhibits_of(traits, "robustness", per=per) if e.name != CURVE)


def made_of(exhibit: Exhibit, evidence: Evidence, claim: Claim | Described | None = None) -> Any:
    """Return the table or figure, or None where a claim has nothing to draw; it sees its own frames alone."""
    seen = evidence.only(exhibit.frames(evidence.traits))
    return exhibit.make(seen) if claim is None else exhibit.make(seen, claim)


def made_for(evidence: Evidence, kind: Kind, page: Page = "paper") -> Iterator[tuple[Exhibit, Any]]:
    """Make every exhibit of a kind that the study has on a page, apart from those of single claims."""
    exhibits = [e for e in exhibits_of(evidence.traits, page) if e.kind == kind and e.formats]
    ready = read_for(exhibits, evidence)
    for exhibit in exhibits:
        yield exhibit, made_of(exhibit, ready)


def read_for(exhibits: Iterable[Exhibit], evidence: Evidence) -> Evidence:
    """Read every frame that these exhibits need, so that one that breaks its schema is refused before work starts."""
    return evidence.only(dict.fromkeys(name for exhibit in exhibits for name in exhibit.frames(evidence.traits)))
