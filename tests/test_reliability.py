"""The page on reliability promises no more faults than the tests inject."""

from __future__ import annotations

from pathlib import Path

from support.faults import KINDS, counts

RENEWED = ".venv/bin/python -m pytest -q --collect-only --faults=docs/reliability.md"


def test_the_page_promises_no_more_faults_than_are_injected(root: Path, injected: str) -> None:
    page = (root / "docs/reliability.md").read_text("utf-8")
    promised, there = counts(page), counts(injected)
    assert list(promised) == list(there) == [*KINDS, "all"], f"kinds of faults: renew the page: {RENEWED}"
    broken = [kind for kind in there if not kept(promised[kind], there[kind])]
    fewer = [f"{kind}: {promised[kind]} promised, {there[kind]} there" for kind in broken]
    assert not fewer, f"tests of faults are gone; if that is meant, renew the page: {RENEWED}\n" + "\n".join(fewer)
    for kind, said in KINDS.items():
        assert f"| {kind} | {said} |" in page, f"the page says something else of {kind}: renew it: {RENEWED}"


def kept(promised: tuple[int, int], there: tuple[int, int]) -> bool:
    """Whether faults and tests are at least as many as promised."""
    return all(said <= found for said, found in zip(promised, there, strict=True))
