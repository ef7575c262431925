"""Exhibits that rules write, as their declarations say: files, the frames they are made from, the code they run."""

from detente.plan import code
from detente.report import Exhibit, Kind, Page, Traits, exhibits_of

COUNTS = ("sample_flow", "descriptives", "timeline", "partners", "raw_risk")
LEDGER_FRAMES = ("ledger", "checks", "families", "score")


def shown(traits: Traits, kind: Kind, page: Page = "paper") -> list[Exhibit]:
    """Exhibits of a kind that a study with these traits has on a page, in files of their own."""
    return [exhibit for exhibit in exhibits_of(traits, page) if exhibit.kind == kind and exhibit.formats]


def files(exhibits: list[Exhibit], study: str) -> list[str]:
    """Their files, in every format."""
    return [file for exhibit in exhibits for file in exhibit.files(study)]


def making(name: str, exhibits: list[Exhibit]) -> list[str]:
    """A command that makes exhibits, with the modules that declare them."""
    return code.command(name, *sorted({exhibit.module for exhibit in exhibits}))


def page_code(name: str, traits: Traits, page: Page) -> list[str]:
    """A command that makes a page, with the modules of every exhibit there, which hold its captions."""
    exhibits = [e for per_claim in (False, True) for e in exhibits_of(traits, page, per_claim=per_claim)]
    return making(name, exhibits)
