"""The site of a study: pages whole by themselves, nothing from outside, numbers of the frames to the last bit."""

from __future__ import annotations

import base64
import io
import posixpath
import re
import shutil
import subprocess
import zlib

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from detente.report.explorer import site_files
from detente.report.explorer.draws import ABSENT, coded
from detente.report.explorer.home import answer
from detente.report.explorer.packed import Packing
from detente.report.explorer.slim import path, slim, slim_page, with_palette
from detente.report.figures import canvas as draw
from detente.study.multiverse import joint_test

from support import explored
from support.pages import REPORT

node = pytest.mark.skipif(explored.NODE is None, reason="there is no node, in which the scripts are run")
CLAIM = "exercise"


def frame(claim: str = CLAIM) -> pd.DataFrame:
    return explored.evidence().of_claim("multiverse", claim)


def test_the_files_are_those_that_the_workflow_was_told_of() -> None:
    assert sorted(explored.site()) == sorted(site_files(explored.evidence()))


@pytest.mark.slow
def test_the_files_are_the_same_twice() -> None:
    assert explored.built(explored.evidence()) == explored.site()


def test_specifications_and_the_first_page_keep_to_their_weight() -> None:
    """The observed paper with 16,338 specifications weighs 10.4 MB, 3.4 of them its page and 2.7 its PDF.

    Specifications take 52 bytes each there; numbers made up here have no two alike and take the most there can be.
    """
    files, rows = explored.site(), explored.evidence().frame("multiverse")["claim"].value_counts()
    assert rows.min() > 100
    for claim, specifications in rows.items():
        assert len(files[f"data/{claim}.js"]) <= 80 * specifications, claim
    home = files["index.html"].decode("utf-8")
    loaded = {link for link in re.findall(r'(?:src|stylesheet" href)="([^"]*)"', home) if not link.startswith("data:")}
    assert {"site.css", "page.js", "figures/claims.svg"} <= loaded
    assert len(home) + sum(len(files[name]) for name in loaded) <= 500_000


def test_every_link_leads_to_a_file_or_a_place_of_the_site_and_none_outside() -> None:
    files = explored.site()
    for name, page in explored.pages(files).items():
        for link in explored.loaded(page):
            if link == "data:,":
                continue
            path, _, anchor = link.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
            assert target in files, (name, link)
            # What stands in an address after a name is a choice on the page.
            if anchor and "=" not in anchor:
                assert f'id="{anchor}"' in files[target].decode("utf-8"), (name, link)


def test_pages_hold_no_script_or_style_of_their_own_and_allow_none_from_elsewhere() -> None:
    for name, page in explored.pages(explored.site()).items():
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
        assert policy, name
        assert policy[1].startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;")
        assert "unsafe" not in policy[1]
        assert not re.search(r"<style|<script>|<script [^>]*>[^<]|\sstyle=|\son\w+=", page), name


def test_a_simulated_world_is_named_on_every_page_and_in_every_file_of_data() -> None:
    files = explored.site()
    for name, page in explored.pages(files).items():
        assert re.search("SIMULATED WORLD: every number (here|of this study) is made up", page), name
        assert "(SIMULATED WORLD)</title>" in page, name
    data = [name for name in files if name.endswith((".csv", ".parquet"))]
    assert data
    # Published tables are of the observed record.
    assert [name for name in data if "SIMULATED_WORLD" not in name] == ["data/replication.parquet"]
    ledger = pd.read_csv(io.BytesIO(files["data/ledger.SIMULATED_WORLD.csv"]))
    assert set(ledger["world"]) == {"SIMULATED WORLD"}


def test_every_claim_of_the_ledger_has_a_row_and_a_page_without_any_script() -> None:
    files, ledger = explored.site(), explored.evidence().frame("ledger")
    listed = files["claims.html"].decode("utf-8")
    for row in ledger.itertuples():
        assert f'<a href="claims/{row.claim}.html">' in listed
        page = files[f"claims/{row.claim}.html"].decode("utf-8")
        assert f"<h1>{row.label}</h1>" in page.replace("&#39;", "'")
    rules = files[f"claims/{CLAIM}.html"].decode("utf-8").partition('class="checks"')[2].partition("</table>")[0]
    assert "are negligible themselves" in rules
    assert not re.search(r"\]\(|\*\w", rules), "marks of the page that rules are written for"
    assert "<noscript>" in files[f"claims/{CLAIM}.html"].decode("utf-8")


def test_the_page_of_data_has_every_source_with_citation_and_terms_and_the_codebook() -> None:
    evidence, page = explored.evidence(), explored.site()["data.html"].decode("utf-8")
    for slug in evidence.project.sources_of(evidence.study):
        record = evidence.project.sources[slug]
        entry = page.partition(f'id="source-{slug}"')[2].partition("</section>")[0]
        text = re.sub(r"&#?\w+;", "'", entry)
        assert re.sub(r"[&\"'<>]", "'", record.citation)[:60] in text
        assert "Terms: " in entry
    assert '<tr id="variable-onset_gml">' in page
    assert "variable-log_trade_cow" not in page, "a variable of a source that the paper does not join"
    assert "Joint exercise, Politically relevant dyads" in page


def test_data_have_all_digits_of_their_frames() -> None:
    evidence, files = explored.evidence(), explored.site()
    shown = pd.read_csv(io.BytesIO(files[f"data/designs.{CLAIM}.SIMULATED_WORLD.csv"]))
    pd.testing.assert_series_equal(shown["estimate"], evidence.of_claim("designs", CLAIM)["estimate"], rtol=0, atol=0)


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (["lowers"], "By its headline, the claim lowers the risk of an onset."),
        (["inconclusive"] * 3, "By their headlines, all three claims are inconclusive."),
        (
            ["lowers", "raises", "inconclusive", "inconclusive"],
            "By their headlines, of four claims one lowers the risk of an onset, one raises the risk of an onset and "
            "two are inconclusive.",
        ),
    ],
)
def test_the_answer_counts_what_the_ledger_says(verdicts: list[str], said: str) -> None:
    ledger = pd.DataFrame({"estimate": 0.1, "verdict": verdicts, "strength": "fragile"})
    sentences = answer(explored.evidence().with_frames(ledger=ledger))
    assert sentences[0] == said
    conclusive = sum(verdict != "inconclusive" for verdict in verdicts)
    begins = {0: "As none is conclusive", 1: "The one that is conclusive does not pass"}
    assert sentences[1].startswith(
        begins.get(conclusive, f"Of the {['', '', 'two'][conclusive]} that are conclusive, none pass")
    )


def test_columns_are_packed_in_little_room_and_refused_where_codes_would_not_do() -> None:
    packing = Packing()
    assert packing.column(pd.Series(["x", "x"]), "words") == {
        "kind": "words", "levels": ["x"], "width": 0, "data": [0, 0]
    }  # fmt: skip
    assert packing.column(pd.Series(["a.0f01", "a.ff02"]), "hex") == {"kind": "hex", "width": 2, "data": [0, 4]}
    assert b"".join(packing.parts) == bytes.fromhex("0fff0102"), "first bytes, then second ones"
    with pytest.raises(OverflowError, match="does not fit into four bytes"):
        packing.column(pd.Series([2.0**31], name="nobs"), "whole")


def test_compressed_columns_and_pictures_do_not_depend_on_the_build_of_python(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = draw.canvas(1.0, simulated=True)
    picture, columns = draw.image(figure, "png"), Packing()
    columns.column(pd.Series(np.linspace(0, 1, 500)), "real")

    def refuse(*_: object, **__: object) -> bytes:
        raise AssertionError("the compressor of the interpreter")

    for name in ("compress", "compressobj"):
        monkeypatch.setattr(zlib, name, refuse)
    assert len(with_palette(picture)) > 100
    opened = zlib.decompress(base64.b64decode(columns.text({"rows": 500})), -15)
    assert opened[4:14] == b'{"rows":50' and opened.endswith(columns.parts[-1])


def test_a_figure_in_less_room_keeps_what_is_drawn() -> None:
    svg = (
        '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><metadata>x</metadata>'
        '<g id="axes_1">\n <path id="m1" d="M 1.23456 2\nL 3 4.98765\n" style="stroke: #333333"/>'
        '<use xlink:href="#m1" x="9.87654"/></g></svg>'
    )
    assert slim(svg) == (
        '<svg xmlns="http://www.w3.org/2000/svg"><path d="M1.23 2l1.77 2.99" style="stroke:#333333" id="i0"/>'
        '<use x="9.88" href="#i0"/></svg>\n'
    )


def test_figures_within_the_paper_take_less_room_and_nothing_else_of_it_changes() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><metadata>x</metadata>\n<path d="M 1.23456 2 L 3 4.98765"/></svg>'
    page = '<p>&lt;svg&gt;</p><img src="data:image/svg+xml;base64,{}" alt="a"><img src="data:image/png;base64,AA==">'
    long, short = (base64.b64encode(said.encode("utf-8")).decode("ascii") for said in (svg, slim(svg)))
    assert slim_page(page.format(long).encode("utf-8")) == page.format(short).encode("utf-8")
    assert len(short) < len(long)


def test_paths_in_relative_steps_lead_where_they_led() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(-500, 500, (40, 2))
    made = path(f"M {x[0, 0]} {x[0, 1]} L " + " L ".join(f"{a} {b}" for a, b in x[1:]) + " z")
    steps = np.array([float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", made)]).reshape(-1, 2)
    assert made.startswith("M") and made.endswith("z") and "l" in made
    # The sum of all steps, so that no error adds up.
    np.testing.assert_allclose(steps.cumsum(axis=0), x, atol=0.0051, rtol=0)
    assert path("M 0 0 A 1 1 0 0 0 2 2") == "M 0 0 A 1 1 0 0 0 2 2"
    assert path("M 1 1 Q 2 2 3 1 L 3 0 z M 5 5 L 6 5") == "M1 1q1 1 2 0v-1zm4 4h1"


def test_a_picture_keeps_its_size_and_looks_the_same_in_256_colours() -> None:
    figure = draw.canvas(1.0, simulated=True)
    figure.subplots().imshow(np.linspace(0, 1, 400).reshape(20, 20))
    whole = draw.image(figure, "png")
    small = with_palette(whole)
    assert small == with_palette(whole) and len(small) < len(whole)
    before, after = (imread(io.BytesIO(content), format="png")[..., :3] for content in (whole, small))
    assert before.shape == after.shape
    assert np.abs(before - after).max() < 0.04


@node
def test_scripts_have_the_numbers_of_the_frame_to_the_last_bit() -> None:
    expected = frame()
    found = explored.in_node(CLAIM, "return {ids: table.ids, numbers: Object.fromEntries(Object.entries(table.numbers)"
                             ".map(([name, values]) => [name, Array.from(values)]))};")  # fmt: skip
    assert found["ids"] == list(expected["spec_id"])
    assert {"conf_low", "conf_high", "smallest_effect", "statistic", "mde_share"} < set(found["numbers"])
    for name, values in found["numbers"].items():
        np.testing.assert_array_equal(np.array(values, dtype=float), expected[name].to_numpy(dtype=float), name)


@node
def test_no_question_mixes_estimands_and_equivalent_ones_are_the_frames() -> None:
    program = (
        "return Multiverse.questions(table).map(q => ({key: q.key, rows: Array.from(q.rows, r => table.ids[r])}));"
    )
    found = explored.in_node(CLAIM, program)
    expected = frame().set_index("spec_id")
    by_key = {q["key"]: expected.loc[q["rows"]] for q in found}
    first = by_key.pop("equivalent")
    headline = first[first["vcov"] == explored.evidence().headline_options["vcov"]]
    assert set(headline.index) == set(expected.index[expected["equivalent"]])
    assert set(by_key.pop("uncertain")["estimand"]) == {"headline"}
    assert {key: set(rows["estimand"]) for key, rows in by_key.items()} == {key: {key} for key in by_key}


@node
def test_a_selection_is_summarised_as_the_frame_would_be() -> None:
    program = """
      const rows = Multiverse.filtered(table, Multiverse.questions(table)[0].rows, {source: ["cow"], vcov: ["dyadic"]});
      return {ids: Array.from(rows, r => table.ids[r]), summary: Multiverse.summary(table, rows)};
    """
    found, whole = explored.in_node(CLAIM, program), frame()
    mine = whole[whole["equivalent"] & (whole["source"] == "cow")]
    there = mine[mine["error"] == ""].sort_values("estimate_of_mean")
    assert len(there) > 5
    assert found["ids"] == [*there["spec_id"], *mine.loc[mine["error"] != "", "spec_id"].sort_values()]
    summary = found["summary"]
    assert (summary["count"], summary["failed"]) == (len(there), len(mine) - len(there))
    assert summary["negative"] == (there["estimate"] < 0).sum()
    assert (summary["below"], summary["above"]) == ((there["conf_high"] < 0).sum(), (there["conf_low"] > 0).sum())
    assert summary["median"] == pytest.approx(there["estimate_of_mean"].median(), rel=1e-12)
    assert summary["powered"] == there["powered"].sum()


@node
def test_the_joint_p_of_all_and_of_any_selection_is_that_of_the_joint_test() -> None:
    program = """
      const rows = Array.from(Multiverse.questions(table)[0].rows).filter(r => Multiverse.fitted(table, r));
      const under = Multiverse.filtered(table, Uint32Array.from(rows), {vcov: ["dyadic"]});
      const kept = [under, ...table.source.decisions.flatMap(d => d.options.map(
        o => Multiverse.filtered(table, under, {[d.name]: [o.name]})))].filter(s => s.length);
      return kept.map(s => ({ids: Array.from(s, r => table.ids[r]), found: Joint.test(drawn, s)}));
    """
    frame = explored.evidence().of_claim("joint_draws", CLAIM)
    draws = frame.pivot_table(index="draw", columns="spec_id", values="statistic", dropna=False)
    observed = frame.drop_duplicates("spec_id").set_index("spec_id")["observed"]
    exact = 0
    for selection in explored.in_node(CLAIM, program):
        found, mine = selection["found"], [name for name in selection["ids"] if name in observed.index]
        expected = joint_test(observed[mine].to_numpy(), draws[mine].to_numpy()).set_index("statistic").loc["median_t"]
        assert (found["specifications"], found["draws"]) == (expected["specifications"], expected["draws"])
        assert found["undefined"] == expected["undefined"] >= 3
        assert found["low"] <= expected["p_value"] <= found["high"] <= found["low"] + 3 / 497
        exact += found["low"] == found["high"]
    assert exact > 10
    assert explored.in_node(CLAIM, "return Joint.test(drawn, [-1]);") is None


def test_draws_that_do_not_fit_are_kept_to_fewer_digits_and_refused_beyond_those() -> None:
    per, whole = coded(np.array([[40.004, np.nan]]))
    assert (per, list(whole[0])) == (100, [4000, ABSENT])
    with pytest.raises(OverflowError, match="drawn t of 40,000 does not fit"):
        coded(np.array([[-4e4]]))


@node
def test_what_is_downloaded_is_the_rows_of_the_frame() -> None:
    text = explored.in_node(CLAIM, "return Multiverse.csv(table, table.order);")
    found = pd.read_csv(io.StringIO(text), keep_default_na=False, na_values={"estimate": [""]})
    expected = frame().set_index("spec_id").loc[found["spec_id"]].reset_index()
    assert len(found) == len(frame())
    for name in ("specification", "claim", "source", "controls", "estimand", "error", "message", "verdict"):
        assert list(found[name]) == list(expected[name]), name
    np.testing.assert_array_equal(found["estimate"], expected["estimate"])
    assert set(found["world"]) == {"SIMULATED WORLD"}


@node
def test_parquet_that_a_page_writes_is_read_as_the_same_table() -> None:
    program = """
      const parts = Parquet.written(Multiverse.columns(table, table.order));
      return Buffer.concat(parts.map(part => Buffer.from(part))).toString('base64');
    """
    found = pd.read_parquet(io.BytesIO(base64.b64decode(explored.in_node(CLAIM, program))))
    expected = frame().set_index("spec_id").loc[found["spec_id"]].reset_index()
    assert len(found) == len(frame())
    for name in ("specification", "source", "message", "verdict"):
        assert list(found[name]) == list(expected[name]), name
    for name in ("estimate", "conf_low", "nobs", "statistic"):
        np.testing.assert_array_equal(found[name], expected[name].astype("float64"), name)
    assert set(found["world"]) == {"SIMULATED WORLD"}


@node
def test_every_script_is_valid_and_types_hold_where_the_compiler_is_at_hand() -> None:
    for script in sorted((REPORT / "site").glob("*.js")):
        assert explored.NODE
        checked = subprocess.run([explored.NODE, "--check", str(script)], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
    if (compiler := shutil.which("tsc")) is None:
        pytest.skip("there is no tsc (npm install --global typescript), which checks the types of the scripts")
    project = str(REPORT / "site" / "tsconfig.json")
    typed = subprocess.run([compiler, "--project", project], capture_output=True, text=True, check=False)
    assert typed.returncode == 0, typed.stdout
