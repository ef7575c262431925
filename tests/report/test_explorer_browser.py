"""The site in a browser, opened from its folder: every page, every switch, with and without scripts, at any size."""

from __future__ import annotations

import base64
import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any

import pandas as pd
import pytest

from detente.report.formats import p_value
from detente.study.multiverse import joint_test

from support import explored
from support.browser import CHROMIUM, PATIENCE, Browser, browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="there is no Chromium (apt-get install chromium), which opens the site"
    ),
]
CLAIM = "exercise"
PAGE = f"claims/{CLAIM}.html"
SHOWN = "Array.from(Explorers.mounted[0].all, row => Explorers.mounted[0].table.ids[row])"
# axe-core, where a file of it is named: the rules of WCAG 2.2 that a program can check.
AXE = Path(os.environ.get("DETENTE_AXE", "/nowhere/axe.min.js"))
# What can be checked without it.
BARRIERS = Path(explored.__file__).with_name("barriers.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return explored.written(tmp_path_factory.mktemp("site"), explored.site())


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def address(folder: Path, name: str) -> str:
    return f"{folder.as_uri()}/{name}"


def kinds() -> list[str]:
    """A page of each kind: those of the study, and those of a claim that is examined and of one that is not tested."""
    tested = f"claims/{explored.evidence().frame('ledger').query('estimate.isna()')['claim'].iloc[0]}.html"
    return [*(name for name in explored.pages(explored.site()) if "/" not in name), PAGE, tested]


def frame() -> pd.DataFrame:
    return explored.evidence().of_claim("multiverse", CLAIM).set_index("spec_id")


def test_every_page_opens_without_a_complaint_or_a_request_outside_of_the_folder(folder: Path, page: Browser) -> None:
    page.complaints.clear()
    page.requests.clear()
    page.look(1280, 900)
    for name in explored.pages(explored.site()):
        page.open(address(folder, name))
        assert page.run("document.querySelectorAll('h1').length") == 1, name
        # A picture that waits for the reader to scroll is missing in print.
        assert page.run("[...document.images].every(i => i.complete && i.naturalWidth > 0)"), name
    assert page.complaints == []
    asked = [url for url in page.requests if not url.startswith(("about:", "data:"))]
    assert asked
    assert [url for url in asked if not url.startswith(folder.as_uri())] == []


def test_switches_change_rows_summary_and_address_and_the_address_brings_them_back(folder: Path, page: Browser) -> None:
    page.look(1280, 900)
    page.open(address(folder, PAGE))
    whole = page.run(f"{SHOWN}.length")
    page.run("document.querySelector('[data-decision=source] li:nth-child(2) .only').click()")
    mine = page.run(SHOWN)
    expected = frame()
    alike = expected[expected["equivalent"] & (expected["source"] == "cow")]
    assert sorted(mine) == sorted(alike.index)
    assert 0 < len(mine) < whole
    assert page.run("location.hash") == "#d.source=cow"
    shown = page.run("document.querySelector('.tiles dd b').textContent")
    assert shown == f"{(alike['error'] == '').sum():,}"
    link = page.run("location.href")
    page.open(address(folder, "index.html"))
    page.open(link)
    assert page.run(SHOWN) == mine
    page.run("[...document.querySelectorAll('.bar button')].find(b => b.textContent === 'All options').click()")
    assert page.run(f"{SHOWN}.length") == whole
    assert page.run("location.hash") == ""


def test_the_joint_p_of_a_selection_is_that_of_the_joint_test_and_elsewhere_the_page_says_why_there_is_none(
    folder: Path, page: Browser
) -> None:
    tile = "[...document.querySelectorAll('.tiles div')].pop().innerText.split('\\n')"
    page.look(1280, 900)
    page.open(address(folder, PAGE))
    assert page.run(tile)[1] == p_value(explored.evidence().of_claim("ledger", CLAIM)["p_joint"].iloc[0])
    page.run("document.querySelector('[data-decision=source] li:nth-child(2) .only').click()")
    assert page.run(f"new Promise(r => {{const t = setInterval(() => {{if ({tile}[1] !== '…') {{clearInterval(t); "
                    "r(true)}}, 50)})")  # fmt: skip
    drawn = explored.evidence().of_claim("joint_draws", CLAIM)
    mine = [name for name in page.run(SHOWN) if name in set(drawn["spec_id"])]
    draws = drawn.pivot_table(index="draw", columns="spec_id", values="statistic", dropna=False)[mine]
    observed = drawn.drop_duplicates("spec_id").set_index("spec_id")["observed"][mine]
    p = joint_test(observed.to_numpy(), draws.to_numpy()).set_index("statistic").loc["median_t", "p_value"]
    low, _, high = page.run(tile)[1].partition(" to ")
    assert float(low) - 0.0005 <= p <= float(high or low) + 0.0005
    assert f"of {len(mine)}" in page.run(tile)[2]
    page.open(address(folder, f"{PAGE}#q=uncertain"))
    assert page.run(tile)[1:] == ["–", "only of specifications equivalent to the headline"]


def test_published_numbers_are_filtered_by_status_and_table(folder: Path, page: Browser) -> None:
    rows = "[...document.querySelectorAll('.numbers tbody tr')].filter(r => !r.hidden).map(r => r.cells[2].textContent)"
    page.open(address(folder, "replication.html"))
    assert page.run(rows) == ["major", "contig", ""]
    page.run("(() => {const f = document.getElementById('status'); f.value = 'different'; "
             "f.dispatchEvent(new Event('input', {bubbles: true}))})()")  # fmt: skip
    assert page.run(rows) == ["contig"]
    page.open(address(folder, "replication.html#table=two"))
    assert page.run(rows) == [""]


def test_lineage_is_walked_by_keyboard_from_an_exhibit_to_the_raw_files_and_listed_without_a_script(
    folder: Path, page: Browser
) -> None:
    here = "document.activeElement.dataset.rule"
    page.look(1280, 900)
    page.open(address(folder, "provenance.html#paper-table-main"))
    assert page.run("document.getElementById('exhibit').value") == "paper-table-main"
    assert page.run("document.querySelectorAll('.graph a').length") == 4
    page.run("document.querySelector('.graph a[data-rule=tables]').focus()")
    for rule in ("examine", "panel", "acquire"):
        page.key("ArrowDown")
        assert page.run(here) == rule
    page.key("ArrowUp")
    assert page.run(here) == "panel"
    page.run("document.activeElement.dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    assert page.run("document.querySelector('#stage-panel details').open")
    page.look(1280, 900, scripts=False)
    try:
        page.open(address(folder, "provenance.html"))
        html = page.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        nested = "#paper-table-main details > ul a[href='#stage-tables'] ~ ul a[href='#stage-examine'] ~ ul a"
        links = page.call("DOM.querySelectorAll", nodeId=html, selector=nested)["nodeIds"]
        hrefs = [page.call("DOM.getAttributes", nodeId=link)["attributes"][1] for link in links]
        assert hrefs == ["#stage-panel", "#stage-acquire"]
    finally:
        page.look(1280, 900)


def test_numbers_of_the_text_lead_to_the_frame_that_they_are_read_from(folder: Path, page: Browser) -> None:
    page.open(address(folder, PAGE))
    hrefs = page.run("[...document.querySelectorAll('a.number')].map(a => a.getAttribute('href'))")
    assert len(hrefs) > 8 and set(hrefs) == {"../provenance.html#frame-ledger"}
    page.run("document.querySelector('a.number').click()")
    page.wait("Page.loadEventFired")
    assert page.run("document.querySelector('#frame-ledger').innerText").startswith("ledger")


def test_an_address_that_names_what_does_not_exist_shows_all(folder: Path, page: Browser) -> None:
    page.open(address(folder, f"{PAGE}#q=nothing&vcov=none&d.source=&spec=%E0%A4%A&unit=x"))
    assert page.run("Explorers.mounted[0].state.question") == "equivalent"
    assert page.run("Explorers.mounted[0].state.covariance") == explored.evidence().headline_options["vcov"]
    assert "No specification" not in page.run("document.querySelector('.detail').textContent")


def test_the_keyboard_walks_the_curve_and_says_what_it_finds(folder: Path, page: Browser) -> None:
    page.open(address(folder, PAGE))
    page.run("document.querySelector('.curve').focus()")
    page.key("Home")
    first = page.run("document.querySelector('.curve').getAttribute('aria-valuetext')")
    page.key("ArrowRight")
    second = page.run("document.querySelector('.curve').getAttribute('aria-valuetext')")
    assert first.startswith("1 of ") and second.startswith("2 of ")
    chosen = page.run("Explorers.mounted[0].state.spec")
    assert page.run("document.querySelector('.command code').textContent") == f"detente refit {chosen} --study demo"
    row = frame().loc[chosen]
    said = page.run("document.querySelector('.detail').innerText")
    assert f"{row['df']:,.1f} df" in said
    assert f"{row['nobs']:,}" in said
    page.key("End")
    assert page.run("Explorers.mounted[0].curve.at") == page.run("Explorers.mounted[0].rows.length - 1")


def test_what_is_shown_is_downloaded_under_a_name_that_says_what_world_it_is_of(
    folder: Path, page: Browser, tmp_path: Path
) -> None:
    page.open(address(folder, f"{PAGE}#d.source=cow"))
    page.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.run("[...document.querySelectorAll('.bar button')].find(b => b.textContent === 'Download CSV').click()")
    path = tmp_path / f"multiverse_demo_{CLAIM}_SIMULATED_WORLD.csv"
    for _ in range(int(PATIENCE * 5)):
        if path.is_file():
            break
        sleep(0.2)
    found = pd.read_csv(
        io.StringIO(path.read_text(encoding="utf-8")), keep_default_na=False, na_values={"estimate": [""]}
    )
    expected = frame().loc[found["spec_id"]]
    assert sorted(found["spec_id"]) == sorted(page.run(SHOWN))
    assert list(found["estimate"].dropna()) == list(expected["estimate"].dropna())


def test_the_ledger_is_searched_filtered_and_sorted_and_its_address_shared(folder: Path, page: Browser) -> None:
    rows = "[...document.querySelectorAll('.ledger tbody tr')].filter(r => !r.hidden).map(r => r.cells[1].textContent)"
    page.open(address(folder, "claims.html"))
    every = page.run(rows)
    page.run("(() => {const f = document.getElementById('verdict'); f.value = 'lowers'; "
             "f.dispatchEvent(new Event('input', {bubbles: true}))})()")  # fmt: skip
    ledger = explored.evidence().frame("ledger")
    assert page.run(rows) == list(ledger.loc[ledger["verdict"] == "lowers", "label"])
    assert page.run("document.querySelector('[role=status]').textContent").endswith(f"of {len(every)} shown")
    link = page.run("location.href")
    assert link.endswith("#verdict=lowers")
    page.open(address(folder, "index.html"))
    page.open(link)
    assert len(page.run(rows)) < len(every)
    page.open(address(folder, "claims.html"))
    page.run("document.querySelectorAll('.ledger thead button')[1].click()")
    assert page.run(rows) == sorted(every, key=str.casefold)
    page.run("document.querySelectorAll('.ledger thead button')[1].click()")
    assert page.run(rows) == sorted(every, key=str.casefold, reverse=True)
    page.run("(() => {const f = document.getElementById('search'); f.value = 'exercise'; "
             "f.dispatchEvent(new Event('input', {bubbles: true}))})()")  # fmt: skip
    assert 0 < len(page.run(rows)) < len(every)


def test_two_claims_stand_side_by_side_on_one_scale_and_the_address_keeps_both(folder: Path, page: Browser) -> None:
    ready = "new Promise(r => {const t = setInterval(() => {if (document.querySelectorAll('.tiles').length === 2) {"
    ready += "clearInterval(t); r(true)}}, 50)})"
    page.open(address(folder, "compare.html#two=un_mission&two.unit=risk&one.unit=risk"))
    assert page.run(ready)
    titles = page.run("[...document.querySelectorAll('[data-side] select')].map(s => s.value)")
    assert titles[0] == CLAIM and "un_mission" in titles
    labels = page.run("[...document.querySelectorAll('.curve')].map(c => c.getAttribute('aria-label'))")
    assert [label.split(",")[0] for label in labels] == [
        f"Specifications of {explored.evidence().examined[claim]}" for claim in (CLAIM, "un_mission")
    ]
    assert page.run("document.querySelectorAll('[id]').length === new Set([...document.querySelectorAll('[id]')]"
                    ".map(e => e.id)).size")  # fmt: skip


def test_without_scripts_the_ledger_is_whole_and_the_printed_curve_stands_in_the_explorers_place(
    folder: Path, page: Browser
) -> None:
    page.look(1280, 900, scripts=False)
    try:
        page.open(address(folder, "claims.html"))
        html = page.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        listed = page.call("DOM.querySelectorAll", nodeId=html, selector=".ledger tbody tr")["nodeIds"]
        assert len(listed) == len(explored.evidence().frame("ledger"))
        page.open(address(folder, PAGE))
        html = page.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        curve = page.call("DOM.querySelector", nodeId=html, selector=".fallback img")["nodeId"]
        assert page.call("DOM.getBoxModel", nodeId=curve)["model"]["width"] > 0
    finally:
        page.look(1280, 900)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 3840])
def test_no_page_is_wider_than_its_window_or_has_a_barrier(folder: Path, page: Browser, width: int, dark: bool) -> None:
    page.look(width, 900, dark=dark)
    barriers: dict[str, Any] = {}
    for name in kinds():
        page.open(address(folder, name))
        assert page.run("document.documentElement.scrollWidth <= innerWidth"), name
        if found := page.run(BARRIERS):
            barriers[name] = found[:5]
    assert barriers == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_no_violation_where_it_is_at_hand(folder: Path, page: Browser, width: int, dark: bool) -> None:
    if not AXE.is_file():
        pytest.skip("DETENTE_AXE names no axe.min.js (npm install axe-core), which checks the pages' accessibility")
    page.look(width, 900, dark=dark)
    program, folded = AXE.read_text(encoding="utf-8"), "[...document.querySelectorAll('details')]"
    for name in kinds():
        page.open(address(folder, name))
        page.run(f"{folded}.forEach(d => {{d.open = true}}); {program}; undefined")
        found = page.run("axe.run().then(r => r.violations.map(v => `${v.id}: ${v.nodes[0].html.slice(0, 120)}`))")
        assert found == [], name


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="there is no pdftotext, which reads what is printed")
def test_every_printed_sheet_says_that_the_world_is_simulated(folder: Path, page: Browser, tmp_path: Path) -> None:
    page.look(1280, 900)
    page.open(address(folder, "data.html"))
    printed = tmp_path / "data.pdf"
    printed.write_bytes(base64.b64decode(page.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"]))
    said = subprocess.run(
        ["pdftotext", "-layout", str(printed), "-"], capture_output=True, text=True, check=True
    ).stdout
    sheets = said.removesuffix("\f").split("\f")
    assert len(sheets) > 3
    assert [sheet.lstrip().startswith("SIMULATED WORLD") for sheet in sheets] == [True] * len(sheets)
    # Heads of columns stand above the rows of each sheet that the codebook runs over.
    codebook = [sheet for sheet in sheets if "1816–2022" in sheet and "COW State" not in sheet]
    assert len(codebook) > 1 and all("What it is" in sheet for sheet in codebook)
