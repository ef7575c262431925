"""Starts and ends in the paper: table, figure and sentences are true of the frames that they are made from."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from detente.report.figures.starts_and_ends import starts_and_ends as drawn_of
from detente.report.formats import MISSING
from detente.report.paper import numbers
from detente.report.tables.starts_and_ends import starts_and_ends as table_of
from detente.study.robustness import DESIGNS

from support import exhibit_fixtures as made

CLAIMS = list(made.SHAPES)


def drawn(**changes: pd.DataFrame) -> Figure:
    return drawn_of(made.evidence().with_frames(**changes))


def changed(name: str, rows: pd.Series, **values: object) -> pd.DataFrame:
    frame = made.frames()[name].copy()
    for column, value in values.items():
        frame.loc[rows, column] = value
    return frame


def test_each_claim_has_its_headline_and_a_row_for_every_design_that_has_an_estimate() -> None:
    table = table_of(made.evidence())
    labels = [row.label for row in table.rows]
    per_claim = 2 + len(DESIGNS) - 2
    assert len(labels) == per_claim * len(CLAIMS) and labels[:2] == ["Joint exercise", "Headline (LPM)"]
    rows = {row.label: row.cells for row in table.rows[1:per_claim]}
    assert rows["Two-way fixed effects"] == ("−2.00", "1.00", "−4.50 to 0.40", "0.080", "", "", "", "7%")
    assert rows["Matching on history, starts"][4:] == ("0.250", "0.340", "1,200 / 90", "")
    assert rows["First switches"][:4] == ("−2.00", MISSING, "no variance", MISSING)
    assert "Cohorts not yet treated" not in rows
    (reason,) = (note for note in table.notes if note.startswith(MISSING))
    assert "not event study by two-way fixed effects nor cohorts not yet treated: the treatment ends" in reason


def test_the_figure_has_a_row_for_each_claim_and_a_column_for_each_design_on_one_scale() -> None:
    figure = drawn()
    assert len(figure.axes) == 3 * len(CLAIMS)
    top, bottom = figure.axes[:3], figure.axes[-3:]
    assert [axis.get_title(loc="left") for axis in top] == ["Matching", "Imputation", "Matching, ends"]
    since = [axis.get_xlabel().replace("\n", " ") for axis in bottom]
    assert since == [f"Years since first year {word} treatment" for word in ("with", "with", "without")]
    assert [axis.get_ylabel() for axis in figure.axes[::3]] == [c.label for c in made.evidence().claims]
    assert len({axis.get_ylim() for axis in figure.axes}) == 1 == len({axis.get_xlim() for axis in figure.axes})


def test_years_before_the_treatment_counts_are_empty_and_the_base_year_has_a_line() -> None:
    axis = drawn().axes[0]
    faces = {
        float(at): to_hex(line.get_markerfacecolor())
        for line in axis.lines
        if line.get_marker() == "o"
        for at in line.get_xdata()
    }
    assert {at for at, face in faces.items() if face == "#ffffff"} == {-3.0, -2.0, 0.0}
    assert {at for at, face in faces.items() if face != "#ffffff"} == {1.0, 2.0, 3.0, 4.0}
    assert upright(axis) == [-1]
    # An estimate at −1 is a placebo of a design without a base year.
    effects = made.frames()["own_design_effects"]
    held = effects.assign(horizon=effects["horizon"].replace(-2, -1))
    assert upright(drawn(own_design_effects=held).axes[0]) == []


def upright(axis: Axes) -> list[float]:
    """Where dashed or dotted lines stand."""
    return [float(line.get_xdata()[0]) for line in axis.lines if line.is_dashed() and np.ptp(line.get_xdata()) == 0]


def test_a_panel_says_what_fails_there() -> None:
    designs = made.frames()["own_designs"]
    few = changed("own_designs", (designs["claim"] == "un_mission") & (designs["design"] == "matching"), fewest=12)
    said = [" ".join(text.get_text() for text in axis.texts).strip() for axis in drawn(own_designs=few).axes]
    where = CLAIMS.index("un_mission")
    assert said[3 * where] == "few switches" and said[3 * where + 1] == "placebos differ" and said[3 * where + 2] == ""
    effects = made.frames()["own_design_effects"]
    without = effects[(effects["claim"] != "exercise") | (effects["design"] != "matching_ends")]
    assert "no estimate" in [text.get_text() for text in drawn(own_design_effects=without).axes[2].texts]


def test_an_interval_that_is_much_longer_than_others_is_cut_with_an_arrow() -> None:
    effects = made.frames()["own_design_effects"]
    far = changed("own_design_effects", effects.index == 0, conf_high=5.0)
    axis = drawn(own_design_effects=far).axes[0]
    assert axis.get_ylim()[1] < 50
    assert any(line.get_marker() == "^" for line in axis.lines)


def test_a_study_whose_claims_have_no_effects_by_year_says_so_in_the_figure() -> None:
    figure = drawn(own_design_effects=made.frames()["own_design_effects"].iloc[:0])
    assert not figure.axes and "no claim has effects by year" in [text.get_text() for text in figure.texts]


def test_the_text_names_the_designs_that_fail_and_counts_the_others() -> None:
    designs = made.frames()["own_designs"]
    ends = changed("own_designs", designs["design"] == "matching_ends", fewest=12, estimate=math.nan)
    few = changed("own_designs", designs["design"].isin(["matching", "carry_over"]), fewest=12)
    said = numbers(made.evidence().with_frames(own_designs=few))["claims"][0]["designs"]
    assert said["rejected_by"] == "imputation" and said["few"] == "matching and imputation (ends)"
    assert said["averages"].startswith("two-way −2.00; matching −2.00; imputation −2.00; first switches −2.00")
    assert said["asked"]["value"] == len(DESIGNS) and said["estimated"]["value"] == len(DESIGNS) - 2
    assert numbers(made.evidence().with_frames(own_designs=ends))["claims"][0]["designs"]["few"] == ""


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_dashed_line_is_the_headlines_estimate_and_of_ends_its_opposite(claim: str) -> None:
    figure, study = drawn(), made.evidence()
    rows = study.estimates
    mine = rows[(rows["claim"] == claim) & (rows["sample"] == "relevant") & (rows["estimator"] == "lpm")]
    mine = mine[(mine["quantity"] == "average_marginal_effect") & (mine["vcov"] == "dyadic")]
    effect = 1000 * float(mine["estimate"].iloc[0])
    start, _, end = figure.axes[3 * CLAIMS.index(claim) :][:3]
    for axis, value in ((start, effect), (end, -effect)):
        level = [line.get_ydata()[0] for line in axis.lines if line.is_dashed() and np.ptp(line.get_ydata()) == 0]
        assert any(v == pytest.approx(value) for v in level)
