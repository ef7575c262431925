"""The page of all sources is what config, modules and raw files say; so are the codebook and the list of sources.

To make the page again: python -m detente datapage --out docs/data.md --chart docs/images/coverage.svg
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from detente.base.units import UNITS
from detente.cli import main
from detente.cli.sources import profiles, spans
from detente.data.panel import STATES, catalogue
from detente.data.pins import THEMES, load_sources, load_unused
from detente.data.record import find_holes, hole_lines, tidied
from detente.data.sources import REGISTRY, attrition
from detente.report.figures import image
from detente.report.site import coverage_chart, data_page
from detente.report.site.data_page import anchor

ROOT = Path(__file__).resolve().parents[2]
SOURCES = load_sources(ROOT)
PAGE = ROOT / "docs/data.md"
CHART = ROOT / "docs/images/coverage.svg"


def section(slug: str, text: str) -> str:
    """What the page says of one source."""
    return re.split(r"^##", text.split(f"\n### {slug}\n", 1)[1], maxsplit=1, flags=re.M)[0]


# The page


@pytest.mark.parametrize("slug", SOURCES)
def test_every_source_is_on_the_page_with_its_variables(slug: str) -> None:
    record, said = SOURCES[slug], section(slug, PAGE.read_text("utf-8"))
    assert f"**{record.title}**" in said
    assert (f"**{record.title}**, coded by hand" in said) == (record.kind == "hand-coded")
    assert f"; {record.rows:,} rows by {REGISTRY[slug].key};" in said
    assert all(f"`{key}`" in said for key in record.references)
    for variable in REGISTRY[slug].variables:
        absent = "0" if variable.kind == "event" else "missing"
        label = f"{variable.label}; without direction: {variable.folded}" if variable.folded else variable.label
        assert f"| `{variable.name}` | {label} | {variable.unit} | {absent} |" in said
    if len(record.files) <= 6:
        assert all(f.sha256[:12] in said for f in record.files)


def test_every_source_has_a_theme_and_counts_its_rows() -> None:
    assert {record.theme for record in SOURCES.values()} == set(THEMES)
    assert all(record.rows for record in SOURCES.values())


def test_links_inside_the_page_lead_somewhere() -> None:
    text = PAGE.read_text("utf-8")
    anchors = [anchor(heading) for heading in re.findall(r"^##+ (.+)$", text, flags=re.M)]
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(anchors)
    for path in re.findall(r"\]\(((?:\.\./|images/)[^)]+)\)", text):
        assert (PAGE.parent / path).is_file(), path


@pytest.mark.slow
@pytest.mark.record
def test_the_committed_page_is_what_the_raw_files_make(mirror: Path, tmp_path: Path) -> None:
    found = tidied(list(REGISTRY.values()), SOURCES, tmp_path, [mirror], progress=False)
    missing = hole_lines(find_holes(found.frames, REGISTRY, STATES), found.frames[STATES])
    text = data_page(profiles(SOURCES, found.attrition, missing), "images/coverage.svg", load_unused(ROOT))
    assert text.encode("utf-8") == PAGE.read_bytes(), "make it again: the command stands at the top of this file"


def attrition_of(*entries: tuple[str, str, int]) -> str:
    """The attrition log on the page, of one source."""
    slug = "dcad"
    rows = attrition(slug, [(action, reason, "record 7", number) for action, reason, number in entries])
    everything = profiles({slug: SOURCES[slug]}, {slug: rows}, {slug: ["not coded: all states 1990"]})
    text = data_page(everything, "chart.svg")
    assert "record 7" not in text
    assert "\n- Missing: not coded: all states 1990.\n" in text
    return "\n".join(line for line in text.splitlines() if re.match(r"\| (dropped|recoded|kept) ", line))


def test_reasons_come_with_the_most_rows_first_and_add_up() -> None:
    said = attrition_of(("dropped", "few", 1), ("dropped", "many", 1500), ("dropped", "few", 2))
    assert said == "| dropped | many | 1,500 |\n| dropped | few | 3 |"


def test_reasons_that_differ_by_a_code_alone_are_one() -> None:
    said = attrition_of(*(("recoded", f"code {n} is COW's {n + 1}", 5) for n in (300, 310, 320)))
    assert said == "| recoded | code … is COW's … | 15 |"
    assert attrition_of(("recoded", "code 300 is gone", 5)) == "| recoded | code 300 is gone | 5 |"


def test_reasons_that_differ_by_a_name_alone_are_one() -> None:
    said = attrition_of(*(("kept", f"found {n}: no distance", 1) for n in ("Ohio", "Texas", "Maine")))
    assert said == "| kept | …: no distance | 3 |"


def test_a_long_list_of_reasons_is_cut_and_what_is_cut_is_counted() -> None:
    said = attrition_of(*(("dropped", f"{word} reason", 20 - i) for i, word in enumerate("abcdefghijkl"))).splitlines()
    assert len(said) == 9
    assert said[0] == "| dropped | a reason | 20 |"
    assert said[-1] == f"| dropped | 4 further reasons | {12 + 11 + 10 + 9} |"
    # One more than fits is shown: a line that says so would take its place.
    assert "further" not in attrition_of(*(("dropped", f"{word} reason", 5) for word in "abcdefghi"))


# The chart


def test_the_committed_chart_is_what_the_years_of_the_sources_make() -> None:
    assert image(coverage_chart(spans(SOURCES)), "svg") == CHART.read_bytes()


def test_the_chart_has_a_bar_a_source_in_its_years() -> None:
    frame = spans(SOURCES)
    assert sorted(frame["source"].str.removesuffix(" (by hand)")) == sorted(SOURCES)
    by_hand = {f"{slug} (by hand)" for slug, record in SOURCES.items() if record.kind == "hand-coded"}
    assert set(frame.loc[frame["source"].str.endswith(" (by hand)"), "source"]) == by_hand
    axes = coverage_chart(frame).axes[0]
    bars = {
        label.get_text(): (patch.get_x() + 0.5, patch.get_x() + patch.get_width() - 0.5)
        for label, patch in zip(axes.get_yticklabels(), axes.patches[1:], strict=True)
    }
    assert bars["mme"] == (1980, 2010)
    # Years before 1816 are cut, and told beside the bar.
    assert bars["atop"] == (1816, 2018)
    assert "1815–2018" in [text.get_text() for text in axes.texts]


# The codebook


def codebook(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["codebook", "--root", str(ROOT), *words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("unit", UNITS)
def test_the_codebook_lists_every_variable_once(unit: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--unit", unit.removeprefix("directed-"), *(["--directed"] if unit.startswith("directed") else [])]
    table = pd.read_csv(io.StringIO(codebook(capsys, *words, "--format", "csv")))
    assert list(table["variable"]) == list(catalogue(list(REGISTRY.values()), unit))  # type: ignore[arg-type]
    assert table[["label", "unit", "role", "source", "absent_means", "first_year", "last_year"]].notna().all(axis=None)
    assert (table["first_year"] <= table["last_year"]).all()


def test_years_of_what_is_made_from_several_sources_are_those_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    text = codebook(capsys, "--add", "mme", "distance-capitals", "--format", "csv")
    table = pd.read_csv(io.StringIO(text)).set_index("variable")
    assert table.loc["exercise_site_km", ["made_from", "first_year", "last_year"]].tolist() == [
        "mme distance-capitals",
        1980,
        2010,
    ]


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_the_codebook_fits_its_terminal(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    text = codebook(capsys, "--directed")
    assert max(map(len, text.splitlines())) <= width
    names = list(catalogue(list(REGISTRY.values()), "directed-dyad-year"))
    assert all(re.search(rf"^  {name}\b", text, flags=re.M) for name in names)
    assert f"\n{len(names)} variables. Absent: " in text


def test_a_wide_terminal_has_a_table_and_a_narrow_one_paragraphs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert re.search(
        r"^  defence_pact +Defence pact that binds either state +0/1 +treatment +1815–2018  0$",
        codebook(capsys, "--add", "atop"),
        re.M,
    )
    monkeypatch.setenv("COLUMNS", "60")
    narrow = "  defence_pact: Defence pact that binds either state\n      0/1; treatment; 1815–2018; absent: 0\n"
    assert narrow in codebook(capsys, "--add", "atop")


def test_the_codebook_in_markdown_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    lines = codebook(capsys, "--add", "nmc", "--unit", "state-year", "--format", "markdown").splitlines()
    assert {line.count(" | ") for line in lines} == {10}
    assert any(line.startswith("| cinc | Composite index of national capability | ") for line in lines)


def test_the_codebook_names_the_nearest_variable(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codebook", "--root", str(ROOT), "--add", "atop", "--variables", "defense_pact"]) == 1
    assert "nearest: 'defence_pact'" in capsys.readouterr().err


# The list of sources


def test_the_list_of_sources_counts_rows_and_knows_short_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", "--root", str(ROOT), "--only", "gml,nmc"]) == 0
    text = capsys.readouterr().out
    assert "gml-mid: Gibler–Miller–Little Militarized Interstate Disputes, version 2.2.1\n" in text
    assert "  1816–2010; 4,642 rows by dyad-year; 1 file\n" in text
    assert main(["sources", "--root", str(ROOT), "--format", "csv"]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out)).set_index("source")
    assert table["rows"].to_dict() == {slug: record.rows for slug, record in SOURCES.items()}
    assert table.loc["gml-mid", "references"] == "gibler2016mid miller2022peacesciencer"


def test_a_source_of_one_file_on_the_page_shows_its_short_name() -> None:
    everything = profiles({"dcad": SOURCES["dcad"]}, {"dcad": attrition("dcad")}, {})
    said = data_page([replace(everything[0], short="agreements")], "chart.svg")
    assert "Short name: `agreements`." in said
    assert "Short name" not in data_page(everything, "chart.svg")


def test_a_reader_that_has_enough_ends_the_list_quietly() -> None:
    words = [sys.executable, "-m", "detente", "sources", "--root", str(ROOT), "--format", "csv"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as listing:
        assert listing.stdout is not None and listing.stderr is not None
        listing.stdout.readline()
        listing.stdout.close()
        assert listing.stderr.read() == b""
    assert listing.returncode == 0
