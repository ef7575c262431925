"""How to cite what a panel is made from: the entries, the verb, and what a written panel says of itself."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import ConfigError
from detente.base.files import read_note
from detente.cli import main
from detente.data.pins import load_sources
from detente.data.record.references import REFERENCES, Reference, cited, load_references, own_reference, parsed

ROOT = Path(__file__).resolve().parents[2]
SOURCES = load_sources(ROOT)
ENTRIES = load_references(ROOT)
BOOK = "@book{key1999,\n  author = {A and B},\n  title = {T},\n  publisher = {P},\n  year = {1999},\n}\n"


def keys(text: str) -> list[str]:
    """Keys of the entries in a BibTeX text."""
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    return list(parsed(body, "printed"))


# The file


@pytest.mark.parametrize("slug", SOURCES)
def test_every_source_is_cited_by_entries_that_exist(slug: str) -> None:
    assert [e.key for e in cited(SOURCES[slug].references, ENTRIES)] == list(SOURCES[slug].references)


def test_no_entry_is_without_use() -> None:
    assert set(ENTRIES) == {key for record in SOURCES.values() for key in record.references}


def test_the_file_comes_back_from_its_entries_as_it_stands() -> None:
    text = (ROOT / REFERENCES).read_text("utf-8")
    comment = text[: text.index("@")]
    assert comment + "\n\n".join(entry.bibtex() for entry in ENTRIES.values()) + "\n" == text
    assert list(ENTRIES) == sorted(ENTRIES)


def test_the_file_is_plain_ascii_so_that_every_bibtex_reads_it() -> None:
    assert (ROOT / REFERENCES).read_text("utf-8").isascii()


def test_tables_that_an_r_package_processed_cite_it_too() -> None:
    processed = [s for s, r in SOURCES.items() if "peacesciencer" in r.citation]
    assert len(processed) > 10
    assert all("miller2022peacesciencer" in SOURCES[s].references for s in processed)


# The citation gives these by the name of their data alone, or without the year.
UNNAMED = {"tfdd2018register"}
UNDATED = {"coppedge2026vdem", "voeten2025votes"}


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_has_the_author_and_the_year_of_a_citation(key: str) -> None:
    entry = ENTRIES[key]
    plain = re.sub(r"[{}\\\"']", "", entry.fields["author"].replace(r"\"u", "ue")).split(",")[0].split(" and ")[0]
    citations = [r.citation.replace("'", "") for r in SOURCES.values() if key in r.references]
    if key not in UNNAMED:
        assert any(plain in citation for citation in citations)
    if key not in UNDATED and "year" in entry.fields:
        assert any(entry.fields["year"] in citation for citation in citations)


# The parser


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOOK + BOOK, "x.bib:7: 'key1999' is given twice"),
        (BOOK.replace("  year = {1999},\n", ""), "x.bib:5: 'key1999' lacks year"),
        (BOOK.replace("  author = {A and B},\n", ""), "x.bib:5: 'key1999' lacks author or editor"),
        (BOOK.replace("@book", "@bok"), "x.bib:6: 'key1999' is of no known kind, 'bok'; legal values: article, book"),
        (BOOK.replace("title", "titel"), "x.bib:6: 'key1999' lacks title"),
        (BOOK.replace("  year", "  yaer = {1},\n  year"), "'yaer'; legal values: address, author,"),
        (BOOK.replace("{T}", "{T {S}"), "x.bib:3: the braces of 'title' do not match"),
        (BOOK.replace("{P}", "{P & Q}"), "x.bib:4: LaTeX does not print '&' as it stands; write \\&"),
        (BOOK.replace("{T},", "{T}"), "x.bib:3: '  title = {T}' cannot be read: an entry is `@kind{key,`"),
        (BOOK[:-2], "x.bib: 'key1999' is not closed"),
        ("an entry\n", "x.bib:1: 'an entry' cannot be read"),
    ],
)
def test_a_fault_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(text, "x.bib")
    assert message in str(caught.value)


def test_a_key_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no entry 'gibler2016mids'.*nearest: 'gibler2016mid'"):
        cited(["gibler2016mids"], ENTRIES)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config/references\.bib: cannot be read"):
        load_references(tmp_path)


def test_signs_of_latex_in_a_citation_of_ones_own_are_escaped() -> None:
    entry = own_reference("mine", "R&D", "50 % of {all} at http://x.org/a_b~c\\d")
    assert entry == Reference(
        "misc",
        "mine",
        {"title": r"{R\&D}", "note": r"50 \% of \{all\} at http://x.org/a\_b\textasciitilde{}c\textbackslash{}d"},
    )


# The verb


def test_cite_prints_just_what_the_panel_uses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cite", "--root", str(ROOT), "--add", "gml,atop,nmc"]) == 0
    everything = capsys.readouterr().out
    assert keys(everything) == [
        "leeds2002atop",
        "miller2022peacesciencer",
        "cow2017states",
        "gibler2016mid",
        "singer1972capability",
        "singer1987capabilities",
    ]
    assert (
        "% atop: Alliance Treaty Obligations and Provisions, dyad-years, version 5.1 -> leeds2002atop, " in everything
    )
    kept = ["--variables", "onset_gml", "defence_pact"]
    assert main(["cite", "--root", str(ROOT), "--add", "gml,atop,nmc", *kept]) == 0
    assert keys(capsys.readouterr().out) == [k for k in keys(everything) if not k.startswith("singer")]


def test_cite_tells_versions_of_one_article_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cite", "--root", str(ROOT), "--add", "gml", "gml-mid-2.1.1"]) == 0
    text = capsys.readouterr().out
    assert text.count("@article{gibler2016mid,") == 1
    assert "version 2.2.1 -> gibler2016mid, miller2022peacesciencer\n" in text
    assert "version 2.1.1 -> gibler2016mid\n" in text


def test_a_directed_panel_cites_sources_that_have_a_direction(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["cite", "--root", str(ROOT), "--add", "nmc", "--variables", "capability_share"]
    assert main([*words, "--directed"]) == 0
    assert "singer1987capabilities" in keys(capsys.readouterr().out)
    assert main(words) == 1
    assert "UnknownVariable: the panel has no variable 'capability_share'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--add", "atopp"], "ConfigError: 'atopp' is no source; legal values: "),
        (["--panel", "panel.dta"], "'panel.dta' cannot say what it is made from, only parquet can; name its sources: "),
        (["--panel", "nowhere.parquet"], "ConfigError: --panel: there is no nowhere.parquet"),
        (["--panel", "panel.parquet", "--directed"], "--panel: the file says itself what it holds"),
        (["--add", "nmc", "--unit", "state-year", "--directed"], "a state-year has no direction"),
    ],
)
def test_what_cannot_be_cited_is_told(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cite", "--root", str(ROOT), *words]) == 1
    assert message in capsys.readouterr().err


def test_a_table_that_is_no_panel_of_ours_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    assert main(["cite", "--root", str(ROOT), "--panel", str(tmp_path / "other.parquet")]) == 1
    assert "'other.parquet' does not say what it is made from" in capsys.readouterr().err


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """User data: a table of summits and what it holds."""
    (tmp_path / "summits.csv").write_text("one,other,year,met\n2,20,1990,1\n2,200,1991,1\n", "utf-8")
    text = """
    name: summits
    title: Summits @ home
    citation: 'Doe, Jane. 2020. "Summits & Peace." Journal of Meetings 1(2): 3-4.'
    file: summits.csv
    key: dyad-year
    columns: {ccode1: one, ccode2: other, year: year}
    years: [1980, 2000]
    variables:
      summit: {column: met, label: Summit, absent: zero}
    """
    (tmp_path / "summits.yaml").write_text(text, "utf-8")
    return tmp_path / "summits.yaml"


def test_data_of_ones_own_are_cited_as_their_file_says(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cite", "--root", str(ROOT), "--add", "atop", str(own), "--variables", "summit"]) == 0
    text = capsys.readouterr().out
    assert keys(text) == ["cow2017states", "summits"]
    assert r'  note = {Doe, Jane. 2020. "Summits \& Peace." Journal of Meetings 1(2): 3-4.},' in text
    # BibTeX would begin an entry at an @ in the comment.
    assert "% summits: Summits (at) home, version as read -> summits\n" in text


@pytest.mark.record
def test_a_written_panel_says_what_it_is_made_from(
    mirror: Path, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config").symlink_to(ROOT / "config")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DETENTE_MIRROR", str(mirror))
    kept = ["--variables", "defence_pact", "capability_ratio", "summit"]
    words = ["panel", "--years", "1985-1990", "--add", "atop", "nmc", "gml", str(own), *kept]
    assert main([*words, "--out", "one.parquet", "--cite", "refs.bib"]) == 0
    assert main([*words, "--out", "two.parquet"]) == 0
    assert Path("one.parquet").read_bytes() == Path("two.parquet").read_bytes()
    note = read_note(Path("one.parquet"))
    assert (note["unit"], note["years"]) == ("dyad-year", [1985, 1990])
    assert note["variables"]["capability_ratio"] == ["nmc"]
    assert list(note["sources"]) == ["atop", "cow-state-system", "nmc", "summits"]
    capsys.readouterr()
    assert main(["cite", "--panel", "one.parquet"]) == 0
    beside = Path("refs.bib").read_text("utf-8")
    assert capsys.readouterr().out == beside
    assert main(["cite", "--add", "atop", "nmc", "gml", str(own), *kept, "--out", "same.bib"]) == 0
    assert Path("same.bib").read_text("utf-8") == beside
