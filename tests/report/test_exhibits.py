"""Exhibits: one object a table, the same bytes twice, no number in the text but those of numbers.json."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from detente.base.errors import ConfigError, EstimationError
from detente.base.wording import lower_first
from detente.data.panel import catalogue
from detente.report import FORMATS, exhibits_of, formats
from detente.report.figures import image
from detente.report.figures.partners import matrix, ordered
from detente.report.labels import VERDICTS, listed, term_label
from detente.report.models import cells
from detente.report.paper import References, Shown, compose, html, numbers, pdf, recovery, typst_source
from detente.report.paper.markup import Sections, to_html, to_typst
from detente.report.paper.paper import Manuscript
from detente.report.site import provenance_words
from detente.report.tables import Column, Row, Table, render
from detente.report.tables.coverage import coverage
from detente.report.tables.notes import merged
from detente.report.tables.recovery import COVERAGE
from detente.report.tables.table import tex

from support import exhibit_fixtures as made
from support.builders import joined
from support.exhibited import built, composed, made_all, prose
from support.pages import PROVENANCE, TEMPLATES, WORKS, assert_clean

TABLES = ("checksums", "descriptives", "effects", "main", "sample_flow", "samples", "starts_and_ends")
FIGURES = ("coefficients", "partners", "raw_risk", "starts_and_ends", "timeline")


@pytest.fixture(scope="module", params=["paper", "demo"])
def study(request):
    return made.evidence(request.param)


@pytest.fixture(scope="module")
def tables(study):
    return made_all(study, "table")


@pytest.fixture(scope="module")
def figures(study):
    return made_all(study, "figure")


@pytest.fixture(scope="module")
def values(study):
    return numbers(study)


@pytest.fixture(scope="module")
def manuscript(study, tables, figures, values):
    references = References(WORKS, values["sources"])
    return Manuscript(
        title=values["study"]["title"],
        simulated=study.simulated,
        version="0.1.0",
        blocks=composed(study, references),
        references=references,
        tables_html={name: render(t, "html", TEMPLATES) for name, t in tables.items()},
        tables_typ={name: render(t, "typ", TEMPLATES) for name, t in tables.items()},
        figures={name: image(figure, "svg").decode() for name, figure in figures.items()},
    )


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (formats.decimal(-1234.567), "−1,234.57"),
        (formats.decimal(-0.001), "0.00"),
        (formats.decimal(math.nan), "–"),
        (formats.count(497568), "497,568"),
        (formats.per_thousand(-0.00312), "−3.12"),
        (formats.percent(0.374), "37%"),
        (formats.percent(math.nan), "–"),
        (formats.p_value(0.0004), "<0.001"),
        (formats.p_value(0.0312), "0.031"),
        (formats.coefficient(-0.0000061), "−6.1×10⁻⁶"),
        (formats.coefficient(0.0), "0.000"),
        (formats.coefficient(-0.25449), "−0.254"),
        (formats.ratio(12345.0), "1.2×10⁴"),
        (formats.multiple(0.938), "×0.94"),
        (formats.multiple(41.2), "×41"),
        (formats.multiple(0.0), "×0"),
        (formats.spelled(4), "four"),
        (formats.spelled(40), "40"),
        (formats.megabytes(1_234_567), "1.2 MB"),
        (formats.megabytes(8_504), "8.5 kB"),
    ],
)
def test_numbers_are_printed_one_way(shown, expected):
    assert shown == expected


def test_words_are_joined_as_a_sentence_does():
    assert [listed([]), listed(["a"]), listed(["a", "b", "c"])] == ["", "a", "a, b and c"]
    assert [lower_first("UN mission"), lower_first("All dyads")] == ["UN mission", "all dyads"]


def test_terms_carry_the_labels_of_claims_yaml():
    claims = made.evidence().project.claims
    terms = ["rivalry_lag2", "peace_years_3", "contiguous", "intercept", "new_thing_lag1"]
    assert [term_label(t, claims) for t in terms] == [
        "Strategic rivalry (t−2)",
        "Peace years³",
        "Contiguous",
        "Intercept",
        "New thing (t−1)",
    ]


def test_notes_that_differ_in_counts_alone_are_printed_once():
    assert merged(["t with 183 df", "t with 189 df", "clustered by 1861 dyads"]) == [
        "t with 183–189 df",
        "clustered by 1,861 dyads",
    ]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("kind", FORMATS["table"])
def test_every_table_renders_and_says_what_world_it_is_from(study, tables, name, kind):
    first = render(tables[name], kind, TEMPLATES)
    assert first == render(tables[name], kind, TEMPLATES)
    assert ("SIMULATED WORLD" in first) == study.simulated


@pytest.mark.parametrize("name", TABLES)
def test_latex_tables_have_rules_and_equal_rows(tables, name):
    table = tables[name]
    text = render(table, "tex", TEMPLATES)
    width = len(table.columns) + 1
    assert [text.count(rule) for rule in ("\\toprule", "\\midrule", "\\bottomrule")] == [1, 1, 1]
    assert text.count("\\begin{") == text.count("\\end{")
    specification = re.search(r"\\begin\{tabular\}\{@\{\}([lcr]+)@\{\}\}", text)
    assert specification and len(specification[1]) == width
    body = text[text.index("\\toprule") : text.index("\\bottomrule")]
    rows = [line for line in body.splitlines() if line.endswith(r"\\")]
    assert [latex_cells(row) for row in rows] == [width] * len(rows)
    assert len(rows) == len(table.rows) + 1 + bool(table.groups)
    assert not re.search(r"[−×±–“”²³⁻]", text), "a sign that LaTeX needs a package for"


def latex_cells(row: str) -> int:
    """Columns that a LaTeX row fills, spans counted in full."""
    spans = [int(n) for n in re.findall(r"\\multicolumn\{(\d+)\}", row)]
    return len(re.findall(r"(?<!\\)&", row)) + 1 + sum(spans) - len(spans)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_tables_compile_with_booktabs_alone(tables, tmp_path):
    text = "\n".join(render(table, "tex", TEMPLATES) for table in tables.values())
    preamble = "\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n"
    source = f"{preamble}{text}\n\\end{{document}}\n"
    (tmp_path / "t.tex").write_text(source, encoding="utf-8")
    call = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    assert subprocess.run(call, cwd=tmp_path, capture_output=True, check=False).returncode == 0


NASTY = Table(
    "nasty",
    "R&D <b> 5% #1",
    "x_1",
    (Column("a&b", "g_1"), Column('say "so"', "g_1")),
    (Row("50% of $x_{i}$", ("−1.50", "~^\\")), Row("<i>section</i>"), Row("[#strong]", ("*", "`@ref`"))),
    ("note & <note>",),
)


def test_escaping_leaves_no_markup_of_the_data():
    page = render(NASTY, "html", TEMPLATES)
    assert "<b>" not in page and "&lt;b&gt;" in page and "R&amp;D" in page
    latex = render(NASTY, "tex", TEMPLATES)
    assert r"R\&D $<$b$>$ 5\% \#1" in latex
    assert r"50\% of \$x\_\{i\}\$ & $-$1.50 & \textasciitilde{}\textasciicircum{}\textbackslash{}" in latex
    typ = render(NASTY, "typ", TEMPLATES)
    assert r'#"say \"so\"";' in typ and '#"~^\\\\";' in typ and '#"[#strong]";' in typ
    rows = list(csv.reader(io.StringIO(render(NASTY, "csv", TEMPLATES))))
    assert rows[0] == ["section", "x_1", "g_1: a&b", 'g_1: say "so"']
    assert rows[1] == ["", "50% of $x_{i}$", "-1.50", "~^\\"]
    assert rows[2][0] == "<i>section</i>"
    assert tex("±2 ≤ 3×10⁻⁶") == "$\\pm$2 $\\leq$ 3$\\times$10$^{-}$$^{6}$"


def test_tables_are_built_the_same_twice(study, tables):
    assert made_all(study, "table") == tables


@pytest.mark.fault("contracts")
def test_a_table_refuses_a_row_of_the_wrong_width():
    with pytest.raises(ValueError, match="row 'r': 1 cells for 2 columns"):
        Table("t", "t", "", (Column("a"), Column("b")), (Row("r", ("1",)),))


def test_main_table_holds_both_errors_and_says_what_failed(tables):
    table = tables["main"]
    assert [c.group for c in table.columns[:3]] == ["Joint exercise", "Joint exercise", "Defence pact"]
    treatment = next(i for i, row in enumerate(table.rows) if row.label == "Treatment")
    assert table.rows[treatment].cells[1] == "−5.639"
    assert table.rows[treatment + 1].cells[1] == "(1.880)"
    assert table.rows[treatment + 2].cells[1] == "[1.165]"
    notes = " ".join(table.notes)
    assert "dyadic-robust over 190 states, no small-sample factor, t with 189 df" in notes
    assert "clustered by 1,861 dyads, factor G/(G−1), t with 1,860 df" in notes
    assert "clipped at zero in 2 of 8 models" in notes
    assert "*" not in "".join(cell for row in table.rows for cell in row.cells)
    everywhere = tables["samples"]
    assert any("n.e. (Separation)" in row.cells for row in everywhere.rows)
    assert "predicts peace perfectly" in " ".join(everywhere.notes)


def test_a_model_with_neither_estimate_nor_failure_is_an_error():
    evidence = made.evidence()
    lost = evidence.with_frames(failures=evidence.failures.iloc[:0])
    with pytest.raises(EstimationError, match=r"'un_mission\.logit\.contiguous' has neither"):
        cells(lost)


NO_VARIANCE = "the dyadic covariance leaves no variance: its double sum is negative in this sample"


def cells_of(table, label, below=0):
    """Printed cells of the row so many rows below the one called `label`."""
    return table.rows[next(i for i, row in enumerate(table.rows) if row.label == label) + below].cells


@pytest.mark.slow
def test_a_model_that_loses_its_headline_covariance_counts_as_not_estimable(study):
    lost = made.without_covariance(study, "dyadic", NO_VARIANCE)
    found = {(m.claim, m.sample, m.estimator): m for m in cells(lost)}["exercise", "relevant", "lpm"]
    assert (found.estimated, found.failure, found.message) == (False, "IndefiniteCovariance", NO_VARIANCE)
    main = built("main", lost)
    assert [cells_of(main, "Treatment", below)[1] for below in range(3)] == ["n.e.", "", ""]
    assert cells_of(built("effects", lost), "LPM")[0] == "n.e."
    said = f"n.e., not estimable: Joint exercise, politically relevant dyads, LPM: {NO_VARIANCE}."
    assert said in main.notes and said in built("samples", lost).notes
    assert any("n.e. (IndefiniteCovariance)" in row.cells for row in built("samples", lost).rows)
    assert numbers(lost)["grid"]["failed"]["value"] == 2
    text = prose(lost)
    assert f"could not be estimated (IndefiniteCovariance: {NO_VARIANCE})." in text
    assert_clean(text)
    assert all(figure.axes for figure in made_all(lost, "figure").values())


@pytest.mark.fault("contracts")
def test_of_several_failures_the_one_of_the_headline_covariance_is_told():
    lost = made.without_covariance(made.evidence(), "dyadic", "the risk with every row treated is negative")
    lost = made.without_covariance(lost, "dyadic", NO_VARIANCE)
    found = next(m for m in cells(lost) if (m.claim, m.sample, m.estimator) == ("exercise", "relevant", "lpm"))
    assert found.message == NO_VARIANCE


def test_a_model_that_loses_the_covariance_beside_keeps_its_headline():
    lost = made.without_covariance(made.evidence(), "dyad", "the dyad covariance leaves no variance")
    found = next(m for m in cells(lost) if (m.claim, m.sample, m.estimator) == ("exercise", "relevant", "lpm"))
    assert found.estimated and math.isnan(found.beside_std_error)
    assert [cells_of(built("main", lost), "Treatment", below)[1] for below in range(3)] == ["−5.639", "(1.880)", ""]


def test_a_control_without_a_standard_error_is_printed_as_not_estimable():
    lost = made.without_covariance(made.evidence(), "dyadic", NO_VARIANCE, term="major_power_lag2")
    found = next(m for m in cells(lost) if (m.claim, m.sample, m.estimator) == ("exercise", "relevant", "lpm"))
    assert found.estimated and not found.failure
    main = built("main", lost)
    label = "Major power in the dyad (t−2)"
    assert cells_of(main, label)[:2] == ("0.550", "n.e.") and cells_of(main, label, 1)[1] == ""
    assert main.notes[-1] == f"n.e.: {label} (Joint exercise, LPM): {NO_VARIANCE}."
    assert "n.e." not in "".join(cells_of(main, "Contiguous")), "a control that effects absorb is blank"
    assert not any("Major power" in note for note in built("samples", lost).notes)


def test_a_term_that_no_model_could_estimate_still_has_its_row():
    lost = made.evidence()
    frame = lost.estimates
    lost = lost.with_frames(estimates=frame[frame["term"] != "major_power_lag2"])
    lost = made.without_covariance(lost, "dyadic", NO_VARIANCE, term="major_power_lag2")
    assert cells_of(built("main", lost), "Major power in the dyad (t−2)") == ("", "n.e.", *[""] * 6)


def test_a_model_that_learns_from_few_dyads_carries_a_warning(study, tables):
    assert cells_of(tables["main"], "Dyads that switch")[4:6] == ("17", "17")
    assert cells_of(tables["main"], "States in dyads that switch")[5] == "19"
    assert "263.13" in tables["effects"].rows[8].cells and tables["effects"].rows[6].label == "UN mission"
    for name in ("effects", "main", "samples"):
        (warning,) = [note for note in tables[name].notes if note.startswith("Fewer than 30 dyads switch")]
        assert warning.endswith(": UN mission, LPM (17).")
    text = prose(study)
    assert "The effect is identified from 17 dyads of 19 states" in text
    assert "The mean risk of treated observations is 263.13, and of all" in text
    assert text.count("**These are fewer than 30:**") == 1
    assert "A mission with more than two parties is coded for each pair of them" in text
    assert ("ONUCA" in text) != study.simulated


def test_notes_say_what_clipping_adds_to_an_error(tables):
    assert "in 2 of 8 models, which adds at most 5.0% to the standard error of an effect" in " ".join(
        tables["main"].notes
    )


def test_an_estimate_beyond_the_panel_is_written_at_its_edge(study):
    wide = made.with_cell(study, 0.9, 0.4, "raises")
    panel = built("coefficients", wide, "figure").axes[1]
    written = [t for t in panel.texts if t.get_text() == "900.00 [116.00, 1,684.00]"]
    assert len(written) == 1
    assert panel.get_xlim()[1] < 900
    assert not [t for t in built("coefficients", study, "figure").axes[1].texts if t.get_text()[-1:].isdigit()]


def test_the_mean_exercise_weighs_exercises_not_years():
    evidence = made.evidence()
    frame = evidence.frames["timeline"].copy()
    few, many = frame["year"] == 1980, frame["year"] == 1981
    frame = frame[few | many].assign(exercises=1, mean_participants=10.0)
    frame.loc[many, ["exercises", "mean_participants"]] = [9, 2.0]
    told = numbers(evidence.with_frames(timeline=frame))["timeline"]
    assert told["participants"]["text"] == "2.8"


def test_the_report_says_how_to_build_it_again():
    assert "run `make paper QUICK=1` in a copy of the repository." in prose(made.evidence()), "the appendix is left out"
    whole, own = made.evidence(), made.evidence()
    whole = replace(whole, study=whole.study.model_copy(update={"appendix": False}))
    assert "run `make paper` in a copy of the repository." in prose(whole)
    assert "This paper has no appendix on robustness." in prose(whole)
    files = {**own.project.files, "mine": own.project.files[own.study.name]}
    study = own.study.model_copy(update={"name": "mine"})
    own = replace(own, study=study, project=replace(own.project, files=files))
    command = ".venv/bin/snakemake mine --cores all --config quick=1"
    assert f"run `{command}` in a copy of the repository, with `--configfile`" in prose(own)


def test_the_paper_promises_nothing_that_is_not_so(study):
    text = "\n".join([prose(study), *(note for table in made_all(study, "table").values() for note in table.notes)])
    promises = (
        "make verify",
        "robustness run",
        "nineteen",
        "before estimation",
        "in advance",
        "was seen",
        "dyad at peace",
    )
    assert [promise for promise in promises if promise in text] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_marked_sized_and_the_same_twice(study, figures, name):
    words = [text.get_text() for text in figures[name].texts]
    assert ("SIMULATED WORLD" in words) == study.simulated
    assert figures[name].get_size_inches()[0] == 6.5
    kinds = ("svg", "pdf", "png") if name == "timeline" else ("svg",)
    again = built(name, study, "figure")
    for kind in kinds:
        data = image(figures[name], kind)
        assert data == image(again, kind)
        assert b"Date" not in data and str(made.ROOT).encode() not in data


@pytest.mark.slow
def test_figures_survive_missing_models_zero_risks_and_few_states():
    evidence = made.evidence()
    raw = evidence.frames["raw_risk"].copy()
    raw.loc[(raw["claim"] == "un_mission") & (raw["treated"] == 1), ["risk", "conf_low", "ratio"]] = 0.0
    few = evidence.frames["partners"].head(1)
    lost = evidence.failures.iloc[:0]
    for estimate in evidence.estimates.drop_duplicates("spec_id").to_dict("records"):
        row = {k: estimate[k] for k in ("claim", "sample", "estimator")} | {"error": "Separation", "message": "m"}
        lost = pd.concat([lost, pd.DataFrame([row])], ignore_index=True)
    nothing = evidence.with_frames(
        estimates=evidence.estimates.iloc[:0],
        failures=pd.concat([evidence.failures, lost], ignore_index=True),
        raw_risk=raw,
        partners=few,
    )
    for name in ("coefficients", "raw_risk", "partners"):
        assert built(name, nothing, "figure").axes
    assert "no estimate for a joint military exercise" in prose(nothing)
    assert all(table.rows for table in made_all(nothing, "table").values())


def test_partners_matrix_is_symmetric_and_ordering_keeps_it_so():
    counts = matrix(made.describe()["partners"], 25)
    again = ordered(counts)
    assert counts.shape == (25, 25)
    assert counts.equals(counts.T) and again.equals(again.T)
    assert sorted(again.index) == sorted(counts.index)


def test_numbers_are_json_and_each_has_value_and_text():
    values = numbers(made.evidence("demo"))
    json.dumps(values, allow_nan=False)
    effect = values["claims"][0]["preferred"]["effect"]
    assert effect["text"] == "−5.64" and effect["value"] == pytest.approx(-0.30 * 904 / 48_097)
    assert values["headline"]["dyad_years"] == {"value": 48_097.0, "text": "48,097"}
    assert values["grid"]["models"]["value"] == 24 and values["grid"]["failed"]["value"] == 1
    assert values["grid"]["inflation_median"]["text"] == "1.61"
    assert sum(values["grid"][v]["value"] for v in VERDICTS) == 23


def test_recovery_sets_planted_beside_estimated():
    frame = recovery(made.evidence("demo"))
    assert list(frame.columns) == ["claim", "planted", "estimate", "std_error", "covered", "sign", "verdict", "right"]
    first = frame.iloc[0]
    (note,) = built("recovery", made.evidence("demo")).notes
    assert (
        "they contained the effect in 93% of cases (94% among all dyads), intervals clustered by dyad in 94% (95%)"
        in note
    )
    assert first["claim"] == "exercise" and first["planted"] == -0.002
    assert bool(first["covered"]) == (abs(first["estimate"] - first["planted"]) < 1.97 * first["std_error"])


def test_coverage_stands_by_covariance_in_each_sample():
    table = coverage(made.evidence("demo"))
    assert [(c.group, c.label) for c in table.columns[:3]] == [
        ("All dyads", "Interval coverage (%)"),
        ("All dyads", "SE ÷ spread"),
        ("All dyads", "Length"),
    ]
    own, strong, shared = (row.label for row in table.rows if not row.cells)
    assert own == "Joint exercise, state shocks of this world (standard deviation 10.00)"
    assert "as large as its risks bear (40.00)" in strong and "states give all of their dyads" in shared
    first = {row.label: row.cells for row in table.rows[1:12]}
    assert first["Dyadic-robust"] == ("95.0 (0.9)", "0.95", "19.30") * 2
    assert first["True spread (no analyst knows it)"][0] == "100.0 (0.9)"
    assert table.rows[-1].cells[3:] == ("–", "–", "–")
    assert "1,000 draws" in table.notes[0] and "−30.00 onsets" in table.notes[0] and "1,764 dyads" in table.notes[0]
    assert "In all 10 dyadic-robust ones do not" in table.notes[1]
    assert table.notes[2] == "Not estimable: NoVariation: the treatment does not vary."
    assert table.simulated


def test_coverage_is_that_of_the_monte_carlo():
    text = (made.ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    shares = [
        float(share) / 100
        for kind in ("dyadic-robust", "clustered by dyad")
        for share in re.search(rf"^\| {kind} \| ([\d.]+) % .*\| ([\d.]+) % ", text, re.MULTILINE).groups()
    ]
    said = [COVERAGE[name] for name in ("dyadic_relevant", "dyadic_all", "dyad_relevant", "dyad_all")]
    assert said == pytest.approx(shares)
    assert f"the tables are of {COVERAGE['worlds']}:" in text and f"({COVERAGE['states']} states," in text


def test_the_variables_that_the_paper_offers_are_in_the_panel():
    offered = re.findall(r"`(\w+_\w+)`", TEMPLATES["paper.md.j2"])
    assert offered and set(offered) <= set(catalogue(joined()))


def test_the_template_holds_no_digit_of_its_own():
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", TEMPLATES["paper.md.j2"], flags=re.DOTALL)
    assert re.findall(r"[^\n]*\d[^\n]*", text) == []


def without_digits(value):
    if isinstance(value, str):
        return re.sub(r"\d", "x", value)
    if isinstance(value, dict):
        return {k: without_digits(v) for k, v in value.items()}
    return [without_digits(v) for v in value] if isinstance(value, list) else value


def test_every_digit_of_the_prose_comes_from_numbers_json(study, values):
    values = without_digits(values)
    works = {key: {**work, "year": "yyyy"} for key, work in WORKS.items()}
    blocks = compose(
        TEMPLATES["paper.md.j2"],
        values,
        without_digits(provenance_words(PROVENANCE)),
        References(works, values["sources"]),
        [Shown(e) for e in exhibits_of(study.traits)],
    )
    text = "\n".join([b.text + b.caption + b.alt for b in blocks])
    text = re.sub(r"\[(Table|Figure)\u00a0\d+\]", "", re.sub(r"\]\(#[^)]*\)", "]", text))
    assert re.findall(r"[^.]*\d[^.]*", text) == []


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("sign", [-1, 0, 1])
def test_the_paragraph_of_a_claim_is_grammatical_for_every_verdict(verdict, sign):
    evidence = made.with_cell(made.evidence(), sign * 0.004, 0.001, verdict)
    text = prose(evidence)
    assert (
        "**Joint exercise.** Before any adjustment, the risk of onset under a joint military exercise is 4.10" in text
    )
    sentence = {-1: "4.00 fewer onsets per 1,000", 0: "neither fewer nor more onsets", 1: "4.00 more onsets per 1,000"}
    assert sentence[sign] in text
    closing = {
        "lowers": "In the headline model the claim is supported.",
        "raises": "In the headline model the sign is the opposite of what the claim says.",
        "negligible": "The claim is not supported",
        "inconclusive": "The data neither support nor refute the claim.",
    }
    assert closing[verdict] in text
    assert_clean(text)


def test_prose_says_what_could_not_be_estimated(study):
    gone = study.estimates[(study.estimates["claim"] != "exercise") | (study.estimates["sample"] != "relevant")]
    failures = pd.DataFrame(
        [("exercise", "relevant", e, "Separation", f"{e}: a_b *c* <d>") for e in ("logit", "lpm")],
        columns=study.failures.columns,
    )
    text = prose(study.with_frames(estimates=gone, failures=pd.concat([study.failures, failures])))
    assert r"The pooled logit could not be estimated (Separation: logit: a_b \*c\* \<d\>)." in text
    assert "Without an estimate from the headline model, the claim has no verdict." in text
    assert_clean(text)


def test_the_page_loads_nothing(study, manuscript):
    page = html(manuscript, TEMPLATES)
    tags = Tags(page)
    assert {tag for tag, _ in tags.seen}.isdisjoint({"script", "link", "iframe", "object", "embed", "base"})
    loads = [v for _, attributes in tags.seen for k, v in attributes if k in ("src", "srcset", "data", "poster")]
    assert len(loads) == 5 and all(v.startswith("data:image/svg+xml;base64,") for v in loads)
    assert all(v.startswith("#") for _, attributes in tags.seen for k, v in attributes if k == "href")
    assert "url(" not in page and "@import" not in page
    ids = [v for _, attributes in tags.seen for k, v in attributes if k == "id"]
    assert len(ids) == len(set(ids))
    targets = {v[1:] for _, attributes in tags.seen for k, v in attributes if k == "href"}
    assert targets <= set(ids)
    assert all(dict(attributes).get("alt") for tag, attributes in tags.seen if tag == "img")
    assert ('<div class="banner" role="note">SIMULATED WORLD' in page) == study.simulated
    assert page == html(manuscript, TEMPLATES)


class Tags(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.seen = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, attributes))


def test_the_pdf_is_the_same_twice_and_accessible(study, manuscript):
    source = typst_source(manuscript, TEMPLATES)
    assert ("SIMULATED WORLD: every number" in source.partition("footer:")[0]) == study.simulated
    made_once = pdf(source)
    assert made_once == pdf(source)
    assert made_once.startswith(b"%PDF") and b"pdfuaid" in made_once


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_every_page_of_a_simulated_paper_says_so(study, manuscript, tmp_path):
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf(typst_source(manuscript, TEMPLATES)))
    text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True).stdout.decode()
    pages = text.split("\f")[:-1]
    assert 6 <= len(pages) <= 20
    assert all(("SIMULATED WORLD" in page) == study.simulated for page in pages)


def test_markdown_means_the_same_in_both_prints():
    text = '## A *b*\n\nSay "so" to [x](#y), `c_d` and **e** #1.\n\n- one\n- two\n'
    sections = Sections([])
    page, typ = to_html(text, sections), to_typst(text, Sections([]))
    assert sections.seen == [("section-a-b", "1. A b")]
    assert '<a href="#y">x</a>, <code>c_d</code> and <strong>e</strong> #1.' in page
    assert "“so”" in page and "“so”" in typ
    assert '#link(<y>)[#"x";];' in typ and '#raw("c_d");' in typ and '#list([#"one";],[#"two";],)' in typ


@pytest.mark.fault("contracts")
def test_the_template_is_told_what_is_wrong_with_it():
    values, references = numbers(made.evidence()), References(WORKS, [])
    wrong = {
        '{{ exhibit("table", "mian") }}\n\n[[table main]]': r"there is no table 'mian'; .*nearest: 'main'",
        '{{ cite("aronow2016") }}': r"'aronow2016' is not in references.yaml; .*nearest: 'aronow2015'",
    }
    for template, message in wrong.items():
        with pytest.raises(ConfigError, match=message):
            compose(template, values, {}, references)
    with pytest.raises(ConfigError, match="'blockquote' has no print; legal values: bullet_list, code_inline"):
        to_html("> no", Sections([]))


@pytest.mark.slow
def test_command_line_makes_everything_from_files(tmp_path, monkeypatch):
    from detente.cli import main

    monkeypatch.chdir(tmp_path)
    evidence = made.evidence("demo")
    made.write_frames(Path("frames"), evidence)
    study = ["--root", str(made.ROOT), "--study", "demo", "--processed", "frames"]
    out = Path("out")
    assert main(["tables", *study, "--out", "out/tables"]) == 0
    assert main(["figures", *study, "--out", "out/figures"]) == 0
    assert main(["numbers", *study, "--out", "out/numbers.json"]) == 0
    assert main(["recovery", *study, "--out", "out/recovery.csv"]) == 0
    prints = ["--provenance", "frames/provenance.json", "--pdf", "out/paper.pdf", "--html", "out/index.html"]
    assert main(["publish", *study, "--shown", "out", *prints]) == 0
    tables = (*(t for t in TABLES if t != "checksums"), "coverage", "recovery")
    assert {p.name for p in (out / "tables").iterdir()} == {f"{t}.{k}" for t in tables for k in FORMATS["table"]}
    assert {p.name for p in (out / "figures").iterdir()} == {f"{f}.{k}" for f in FIGURES for k in FORMATS["figure"]}
    assert pd.read_csv(out / "recovery.csv")["covered"].tolist() == [True, True, True, True]
    assert str(tmp_path) not in (out / "index.html").read_text(encoding="utf-8")


def test_a_simulated_world_needs_its_truth_and_an_observed_one_looks_at_none(tmp_path, capsys):
    from detente.cli import main

    evidence = made.evidence()
    made.write_frames(tmp_path, evidence)
    (tmp_path / "truth.json").unlink()
    call = ["numbers", "--root", str(made.ROOT), "--processed", str(tmp_path), "--out", str(tmp_path / "n.json")]
    assert main([*call, "--study", "demo"]) == 1
    assert "truth.json: there is no such file; build the study first" in capsys.readouterr().err
    assert main([*call, "--study", "paper"]) == 0


@pytest.mark.fault("contracts")
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda f: f.drop(columns="onsets"), "timeline.parquet: time line has no column 'onsets'; "),
        (lambda f: f.assign(sample=1.0), "timeline.parquet: column 'sample' of time line is float64, not str"),
        (lambda f: f.astype({"year": "float64"}), "timeline.parquet: column 'year' of time line is float64, not int64"),
    ],
)
def test_a_frame_that_breaks_its_schema_is_refused_before_anything_is_drawn(tmp_path, capsys, change, fault):
    from detente.cli import main

    made.write_frames(tmp_path, made.evidence())
    path = tmp_path / "describe" / "timeline.parquet"
    change(pd.read_parquet(path)).to_parquet(path)
    call = ["figures", "--root", str(made.ROOT), "--study", "paper", "--processed", str(tmp_path)]
    assert main([*call, "--out", str(tmp_path / "figures")]) == 1
    assert fault in capsys.readouterr().err
    assert not (tmp_path / "figures").exists()
