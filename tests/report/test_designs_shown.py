"""Claims beside other designs: table, sentences and figure are true of the frames that they are made from."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from detente.report.figures import canvas as draw
from detente.report.figures import designs as chart
from detente.report.formats import MISSING
from detente.report.paper.robustness_numbers import robustness_numbers
from detente.report.tables import Table
from detente.report.tables.designs import designs as table_of
from detente.study.robustness import DESIGNS

from support import exhibit_fixtures as made
from support.compared import design_effects, designs
from support.own_studies import robustness

EXERCISE = made.project().claims.claims["exercise"]


def shown(frame: pd.DataFrame | None = None) -> Table:
    study = robustness(made.evidence("demo"))
    return table_of(study if frame is None else study.with_frames(designs=frame))


def test_each_claim_has_its_headline_and_a_row_for_every_design() -> None:
    table = shown()
    labels = [row.label for row in table.rows]
    assert labels[:2] == ["Joint exercise", "Headline"]
    assert labels[2:10] == [design.label for design in DESIGNS.values()] and len(labels) == 4 * 10
    rows = {row.label: row.cells for row in table.rows[1:10]}
    assert rows["Headline"][:2] == ("−4.00", "−8.00 to −1.00")
    assert rows["Two-way fixed effects"] == (
        "−2.00",
        "−4.50 to 0.40",
        "9.0",
        "0.080",
        "",
        "",
        "1,200",
        "90",
        "7% (−0.011)",
    )
    assert rows["Matching on history, starts"][4:] == ("0.250", "0.340", "1,200", "90", "")
    assert rows["First switches"][:4] == ("−2.00", "no variance", MISSING, MISSING)
    assert rows["Cohorts not yet treated"] == (MISSING, *[""] * 8)


def test_designs_that_do_not_exist_have_their_reason_once_for_all_claims_that_share_it() -> None:
    (reason,) = (note for note in shown().notes if note.startswith(MISSING))
    assert reason == (
        "–, Joint exercise; Defence pact; UN mission; Defence agreement, not event study by two-way fixed effects nor "
        "cohorts not yet treated: the treatment ends 4 times in 3 units; this design is for treatments that stay."
    )


def test_a_claim_without_any_design_stands_in_the_notes_alone() -> None:
    numbers = ["estimate", "std_error", "p_value", "conf_low", "conf_high"]
    lost = designs("exercise").assign(**dict.fromkeys(numbers, math.nan), failure="'x_lag1' has values: advice")
    table = shown(pd.concat([lost, designs("un_mission")], ignore_index=True))
    assert [row.label for row in table.rows if not row.cells] == ["UN mission"]
    assert "–, Joint exercise, no design: the treatment has values." in table.notes


def test_sentences_count_designs_sides_intervals_and_placebos() -> None:
    numbers = robustness_numbers(robustness(made.evidence("demo")))
    found = next(claim["designs"] for claim in numbers["claims"] if claim["id"] == "exercise")
    counts = {name: number["value"] for name, number in found.items() if isinstance(number, dict)}
    # Of six with an estimate five are of the effect, and the ends agree by their opposite sign.
    assert counts == {
        "asked": 8, "estimated": 6, "effects": 5, "same": 5, "apart": 1, "tested": 4, "rejected": 1, "remaining": 1,
    }  # fmt: skip
    assert not found["remains"]


def drawn(effects: pd.DataFrame) -> Figure:
    study = robustness(made.evidence("demo")).with_frames(design_effects=effects)
    figure = chart.designs(study, EXERCISE)
    assert figure is not None
    return figure


def test_a_figure_has_a_panel_for_each_design_with_effects_by_year_on_one_scale() -> None:
    figure = drawn(design_effects())
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["Matching", "Imputation", "Matching"]
    assert len({axis.get_ylim() for axis in figure.axes}) == 1
    since = [axis.get_xlabel().replace("\n", " ") for axis in figure.axes]
    assert since == [f"Years since the first {word} the treatment" for word in ("with", "with", "without")]
    dashed = [line.get_ydata()[0] for axis in figure.axes for line in axis.lines if line.get_linestyle() == "--"]
    assert dashed == [-4.0, -4.0, 4.0]


def test_an_effect_without_error_is_a_cross_and_a_wide_interval_an_arrow() -> None:
    effects = design_effects()
    effects.loc[3, ["std_error", "conf_low", "conf_high", "band_low", "band_high"]] = math.nan
    effects.loc[4, "conf_high"] = 9.0
    marks = [(line.get_marker(), line.get_xdata()[0]) for line in drawn(effects).axes[0].lines]
    assert ("x", effects.loc[3, "horizon"]) in marks and ("^", effects.loc[4, "horizon"]) in marks
    assert not [x for marker, x in marks if marker in "<>v" and marker != "None"]


def test_a_claim_without_effects_by_year_has_no_figure_and_the_same_frames_the_same_bytes() -> None:
    study = robustness(made.evidence("demo"))
    single = design_effects().iloc[:1].assign(design="twfe")
    assert chart.designs(study.with_frames(design_effects=single), EXERCISE) is None
    assert draw.image(drawn(design_effects()), "svg") == draw.image(drawn(design_effects()), "svg")


@pytest.mark.parametrize(("low", "high", "marker", "at"), [(-9.0, 0.5, "v", -1.0), (-0.5, 9.0, "^", 1.0)])
def test_a_standing_interval_that_runs_beyond_the_panel_ends_in_an_arrow_there(
    low: float, high: float, marker: str, at: float
) -> None:
    figure = draw.canvas(2.0, simulated=False)
    axis = figure.subplots()
    axis.set_ylim(-1, 1)
    draw.intervals(axis, [draw.Interval(low, 0.0, high, 3.0, draw.BLUE)], orient="x")
    (arrow,) = (line for line in axis.lines if line.get_marker() == marker)
    assert np.array_equal([arrow.get_xdata()[0], arrow.get_ydata()[0]], [3.0, at])
