"""The paper's appendix on robustness: where it is, it is numbered on; where it is not, the text says so."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd

from detente.plan import Plan
from detente.report import exhibits_of
from detente.report.paper import References, Shown, compose, numbers
from detente.report.paper.markup import Sections, to_html, to_typst
from detente.report.paper.robustness_numbers import robustness_numbers
from detente.report.site import provenance_words
from detente.testing import check_exhibit

from support import exhibit_fixtures as made
from support.exhibited import built
from support.own_studies import robustness
from support.pages import PROVENANCE, TEMPLATES, WORKS, assert_clean
from support.workflows import ROOT

LEFT_OUT = "This build of the paper leaves out the appendix on robustness."
NOTHING_ELSE = "Only one lag, one outcome and one coding of each treatment are tested here."


def paper_text(appendix: bool) -> str:
    """The text of the paper, built with its appendix or without."""
    study = made.evidence()
    values = numbers(study) | {"appendix": appendix}
    shown = [Shown(e) for e in exhibits_of(study.traits)]
    blocks = compose(
        TEMPLATES["paper.md.j2"], values, provenance_words(PROVENANCE), References(WORKS, values["sources"]), shown
    )
    return "\n\n".join(block.text for block in blocks)


def test_the_text_says_whether_there_is_an_appendix() -> None:
    without, with_it = paper_text(False), paper_text(True)
    assert LEFT_OUT in without and NOTHING_ELSE in without and "The appendix asks" not in without
    assert LEFT_OUT not in with_it and NOTHING_ELSE not in with_it and "The appendix asks of each claim" in with_it
    assert_clean(with_it)


def test_sections_of_an_appendix_have_letters_and_anchors_of_their_own() -> None:
    sections = Sections([])
    page = to_html(
        "## Abstract\n\n## Power\n\n## References\n\n## Appendix\n\n## Power\n\n### Pact\n\n## Limits\n", sections
    )
    titles = ["Abstract", "1. Power", "References", "Appendix", "A. Power", "B. Limits"]
    assert [title for _, title in sections.seen] == titles
    assert [anchor for anchor, _ in sections.seen][-2:] == ["appendix-power", "appendix-limits"]
    assert '<h3 id="appendix-power-pact">Pact</h3>' in page
    source = to_typst("## Power\n\n### Pact\n", Sections([]))
    assert "#heading(level: 1)" in source and "#heading(level: 2)" in source


def test_exhibits_of_an_appendix_are_numbered_on() -> None:
    study = robustness(made.evidence("demo"))
    values = robustness_numbers(study) | {"page": False}
    shown = [Shown(e) for e in exhibits_of(study.traits, "robustness")]
    own = exhibits_of(study.traits, "robustness", per="claim")
    shown += [Shown(e, claim["id"]) for e in own for claim in values["claims"]]
    blocks = compose(TEMPLATES["robustness.md.j2"], values, {}, References(WORKS, []), shown, {"table": 8, "figure": 4})
    for kind, first in (("table", 9), ("figure", 5)):
        found = [block.number for block in blocks if block.kind == kind]
        assert found == list(range(first, first + len(found))) and found
    text = "\n".join(block.text for block in blocks)
    assert text.startswith("***\n\n## Appendix") and "This page" not in text and "## References" not in text
    assert re.search(r"\[Table\u00a0\d+\]", text)


def test_a_quick_build_needs_nothing_of_robustness_and_the_paper_its_own_claims_alone() -> None:
    whole, quick = Plan(ROOT, None, ValueError), Plan(ROOT, None, ValueError, {"quick": 1})
    needs = whole.robustness_of["paper"].of_appendix()
    claims = {m[1] for f in needs if (m := re.search(r"examined/(\w+)/", f))}
    assert claims == set(whole.studies["paper"].study.claims)
    assert whole.robustness_of["paper"].appendix_option() == "--appendix"
    assert set(whole.studies["paper"].slugs) < set(whole.robustness_of["paper"].paper_sources)
    for plan in (quick.robustness_of["paper"], whole.robustness_of["demo"]):
        assert plan.of_appendix() == plan.appendix_code() == [] and plan.appendix_option() == ""
        assert plan.paper_sources == list(plan.project.sources_of(plan.study))


def calibration() -> pd.DataFrame:
    """Placebo networks of two of the paper's claims, one without a lower bound."""
    ends = {"exercise": (-0.0123, 0.0011, 0.034), "defence_pact": (-np.inf, 0.03, 0.2)}
    each = [{"claim": c, "conf_low": low, "conf_high": high, "p_value": p} for c, (low, high, p) in ends.items()]
    return pd.DataFrame(each).assign(draws=2000)


def test_beside_each_headline_stands_its_interval_by_placebo_networks() -> None:
    study = replace(made.evidence().with_frames(calibration=calibration()), appendix=True)
    table = built("effects", study)
    below = {i: table.rows[i - 1].label for i, row in enumerate(table.rows) if row.label == "by placebo networks"}
    assert list(below.values()) == ["LPM", "LPM"]
    first, second = (table.rows[i].cells for i in below)
    assert first == ("", "−12.30", "1.10", "", "0.034", *[""] * 9)
    assert second[1:5] == ("no bound", "30.00", "", "0.200")
    assert any("that of 2,000 networks of the treatment" in note for note in table.notes)
    check_exhibit(next(e for e in exhibits_of(study.traits) if e.name == "effects" and e.kind == "table"), study)


def test_a_table_without_placebo_networks_says_that_robustness_was_left_out() -> None:
    quick = built("effects", made.evidence())
    assert "by placebo networks" not in [row.label for row in quick.rows]
    assert any(note.endswith("unless robustness is left out, as in this build.") for note in quick.notes)
    assert not any("placebo" in note for note in built("effects", made.evidence("demo")).notes)


def test_the_table_of_effects_depends_on_placebo_networks_only_where_they_are_made() -> None:
    whole, quick = Plan(ROOT, None, ValueError), Plan(ROOT, None, ValueError, {"quick": 1})
    found = whole.studies["paper"].table_frames()
    assert {f"data/processed/paper/robustness/examined/{c}/calibration.parquet" for c in made.PLANTED} <= set(found)
    for plan in (quick.studies["paper"], whole.studies["demo"]):
        assert plan.table_frames() and not any("robustness" in path for path in plan.table_frames())
