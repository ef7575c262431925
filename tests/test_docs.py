"""The pages' examples run as they stand, and print what the pages say they print."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name

import pytest

import detente
from detente.cli.command import commands, parsed

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "dyadic-inference.md"
DESIGNS = ROOT / "docs" / "designs.md"
KADS = ROOT / "docs" / "kads.md"
# A block of Python, and the block of text below it, if there is one, that it prints.
EXAMPLE = re.compile(r"^```python\n(?P<code>.*?)^```$(?:\n+^```text\n(?P<said>.*?)^```$)?", re.DOTALL | re.MULTILINE)


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "data/raw/README.md", *sorted(ROOT.glob("docs/*.md"))]
CALL = re.compile(r"\s*(?:\$ )?(?:(?:\.venv/bin/)?python -m )?detente (?P<words>.*)")


def fenced(text: str) -> Iterator[tuple[str, str]]:
    """Language and content of every fenced block of a page."""
    inside: tuple[str, list[str]] | None = None
    for line in text.splitlines():
        if inside is None:
            inside = (line.strip()[3:], []) if line.lstrip().startswith("```") else None
        elif line.strip() == "```":
            yield inside[0], "\n".join(inside[1])
            inside = None
        else:
            inside[1].append(line)
    assert inside is None, "a block does not end"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_that_pages_show_are_legal_calls(page: Path) -> None:
    """Whole in blocks; within sentences, where arguments may be left out, by their name and options."""
    text = page.read_text(encoding="utf-8")
    blocks = [content for language, content in fenced(text) if language in ("", "bash", "sh")]
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        if call := CALL.match(line):
            name, *rest = shlex.split(call["words"], comments=True)
            assert name in commands(), line
            parsed(name, rest)
    for said in re.findall(r"`([^`\n]+)`", text):
        if (call := CALL.fullmatch(said)) and call["words"] != "<command>":
            name, *rest = call["words"].split()
            name = f"{name}_{rest[0]}" if rest and f"{name}_{rest[0]}" in commands() else name
            assert name in commands(), said
            with contextlib.redirect_stdout(io.StringIO()) as help_, pytest.raises(SystemExit):
                parsed(name, ["--help"])
            for word in rest:
                assert not word.startswith("--") or re.search(rf"{word}\b", help_.getvalue()), said


def examples(path: Path) -> list[tuple[str, str]]:
    """Every block of Python of a page, and what it prints."""
    found = [(m["code"], m["said"] or "") for m in EXAMPLE.finditer(path.read_text(encoding="utf-8"))]
    assert len(found) == path.read_text(encoding="utf-8").count("```python")
    return found


def printed(code: str, namespace: dict[str, object]) -> str:
    """What a block prints, run in the namespace of those before it."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(code, "example", "exec"), namespace)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


@pytest.mark.parametrize("page", [PAGE, DESIGNS, KADS], ids=lambda page: page.stem)
def test_the_pages_print_what_they_say(page: Path) -> None:
    namespace: dict[str, object] = {}
    for code, said in examples(page):
        assert printed(code, namespace) == said, code


def test_the_page_says_nothing_that_its_numbers_do_not() -> None:
    """The sentences below the tables, which no block prints."""
    table = next(said for _, said in examples(PAGE) if "10 countries" in said)
    held = {row.split()[0]: [int(n) for n in row.split()[1:]] for row in table.splitlines()[1:]}
    assert held["dyad"] == sorted(held["dyad"], reverse=True), "clusters by dyad get worse as data grow"
    assert held["dyadic"][0] < 90, "dyadic-robust intervals fall short with ten"
    assert held["dyadic"][-1] >= 93, "and hold with forty"
    assert all(held["dyadic"][i] > held["exporter+importer"][i] for i in (1, 2)), "two-way clusters miss some"
    summary = next(said for _, said in examples(PAGE) if "jackknife over" in said)
    assert "negative eigenvalues clipped at zero" in summary
    assert "No standard error" in summary


def intervals() -> dict[str, list[tuple[float, float]]]:
    """Intervals that the page on designs prints, by the words before them."""
    found: dict[str, list[tuple[float, float]]] = {}
    for _, said in examples(DESIGNS):
        for words, low, high in re.findall(r"^(.+?) +-?[\d.]+  \[ ?(-?[\d.]+), +(-?[\d.]+)\]", said, re.MULTILINE):
            found.setdefault(words, []).append((float(low), float(high)))
    return found


def test_the_page_on_designs_says_nothing_that_its_numbers_do_not() -> None:
    """Right designs hold the truth that the sentences give, wrong ones do not."""
    right = {
        "two_way, event study": [1.5],
        "right": [1.5, 1.0],
        "anticipation, base a year earlier": [1.5],
        "Sun and Abraham": [2.75],
        "Wooldridge": [2.75],
        "the same, washed out": [1.0],
        "signing": [1.0],
        "lapsing": [-1.0],
        "effects last, three years without": [1.0],
        "synthdid": [1.0],
        "imputation, one factor": [1.0],
        "visits as confounder": [1.4],
        "hostility held fixed": [-1.0],
    }
    wrong = {"trends differ": [1.5, 2.75], "anticipation": [1.5, 1.5], "did": [1.0], "visits left out": [1.4]}
    wrong |= {"effects last, history of 1": [1.0], "visits held fixed, too": [1.4], "hostility left out": [-1.0]}
    found = intervals()
    for truths, holds in ((right, True), (wrong, False)):
        for words, values in truths.items():
            assert len(found[words]) == len(values)
            for (low, high), truth in zip(found[words], values, strict=True):
                assert (low <= truth <= high) == holds, words
    honest = next(said for code, said in examples(DESIGNS) if "honest_intervals(drifting" in code).splitlines()
    bound, low, high = map(float, honest[1].split())
    assert bound == 0
    assert low <= 1.5 <= high, "a trend that goes on is taken out"
    assert found["two_way, static"][0][1] < 0, "the sign of two-way fixed effects is wrong"
    for words, held in (("effects last two years more", [False, True]), ("staggered", [True])):
        truth = 1.0 if words.startswith("effects") else 2.5
        assert [low <= truth <= high for low, high in found[words]] == held


def test_every_design_of_the_page_is_there_and_has_a_row_in_both_tables() -> None:
    rows = re.findall(r"^\| (?:\[)?`(\w+)`", DESIGNS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == 2 * len(set(rows))
    assert set(rows) <= set(detente.stats.causal.__all__)


def headings(page: Path) -> set[str]:
    """Anchors of a page's headings."""
    found = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", [PAGE, DESIGNS, KADS], ids=lambda page: page.stem)
def test_links_of_the_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        file, _, anchor = target.partition("#")
        other = page.parent / file if file else page
        assert other.is_file(), target
        assert not anchor or anchor in headings(other), target


@pytest.mark.parametrize("page", [PAGE, DESIGNS, KADS], ids=lambda page: page.stem)
def test_every_work_that_a_page_cites_is_in_its_references(page: Path) -> None:
    text, references = page.read_text(encoding="utf-8").split("## References")
    for authors, year in re.findall(r"([A-Z]\w+)(?:, \w+)*(?: and \w+)? (\d{4})\b", text):
        if int(year) > 1950 and authors[0].isupper() and authors not in ("In",):
            entries = [line for line in re.split(r"^- ", references, flags=re.M) if authors in line and year in line]
            assert entries, f"{authors} {year}"


def test_the_picture_is_small_and_says_what_it_shows() -> None:
    picture = ROOT / "docs" / "images" / "dyads.svg"
    assert picture.stat().st_size < 20_000
    assert "<title>" in picture.read_text(encoding="utf-8")


@pytest.mark.record
def test_the_page_on_panels_runs_with_the_raw_files(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DETENTE_MIRROR", str(mirror))
    namespace: dict[str, object] = {}
    for code, said in examples(ROOT / "docs" / "panel.md"):
        assert printed(code, namespace) == said


def test_what_the_changelog_says_to_write_now_is_there() -> None:
    renamed = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("### Renamed")[2].partition("\n### ")[0]
    now = [line.split(" | ", 1)[1] for line in renamed.splitlines() if " | " in line]
    names = sorted({name for cell in now for name in re.findall(r"\bdetente(?:\.\w+)+", cell)})
    assert "detente.stats.confounding" in names
    for name in names:
        resolve_name(name)


def test_every_module_that_a_page_names_is_there() -> None:
    package = Path(inspect.getfile(detente)).parent
    parts = "|".join(path.name for path in package.iterdir() if path.is_dir() and path.name[0] != "_")
    for page in (*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        for module in re.findall(rf"(?<![\w/])(?:{parts})/[\w/]+\.py\b", page.read_text(encoding="utf-8")):
            assert (package / module).is_file(), f"{page.name} names {module}"
