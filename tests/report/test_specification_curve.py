"""What the figures and tables of a multiverse show is what its frame says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex

from detente.report.figures import image
from detente.report.figures.canvas import BLUE, GREY, VERMILION
from detente.report.figures.curve import MOST_INTERVALS, colours_of, specification_curve
from detente.report.tables.multiverse import multiverse_samples, multiverse_shares

from support import exhibit_fixtures as fixtures

HEADLINE = fixtures.of_frames().headline_options


def made(count: int = 8) -> pd.DataFrame:
    """A curve of estimates from −0.4 to 0.3 of base risk."""
    share = np.linspace(-0.4, 0.3, count)
    frame = pd.DataFrame(
        {
            "spec_id": [f"c.{i}" for i in range(count)],
            "estimate_of_mean": share,
            "mean_risk": 0.05,
            "smallest_effect": 0.01,
        }
    )
    half = np.where(np.arange(count) % 2 == 0, 0.1, 0.5) * 0.05
    return frame.assign(**HEADLINE).assign(
        source=np.where(np.arange(count) < count // 2, "claimed", "cow"),
        duration=np.where(np.arange(count) % 2 == 0, "cubic", "log"),
        estimate=share * 0.05,
        conf_low=share * 0.05 - half,
        conf_high=share * 0.05 + half,
    )


def drawn(frame: pd.DataFrame, headline: str | None = "c.2", simulated: bool = False):
    return specification_curve(
        fixtures.of_frames(simulated), frame.sample(frac=1.0, random_state=1), "A claim", headline
    )


def points(axis: Axes) -> np.ndarray:
    """Places (n, 2) of the points of an axis, from left to right; those of each colour are drawn together."""
    places = np.concatenate([c.get_offsets() for c in axis.collections if isinstance(c, PathCollection)])
    return places[np.argsort(places[:, 0])]


def test_estimates_are_sorted_and_the_headline_is_marked() -> None:
    above = drawn(made()).axes[0]
    np.testing.assert_allclose(points(above), np.column_stack([range(8), made()["estimate_of_mean"]]))
    assert [t.get_text() for t in above.texts] == ["headline"]
    marker = next(line for line in above.lines if line.get_marker() == "D")
    assert (marker.get_xdata()[0], marker.get_ydata()[0]) == (2, pytest.approx(-0.2))


def test_colour_says_what_the_interval_excludes() -> None:
    colours = colours_of(made())
    assert list(colours) == [BLUE, GREY, BLUE, GREY, GREY, GREY, VERMILION, GREY]


def test_every_option_has_a_tick_where_it_was_chosen_and_a_decided_node_is_left_out() -> None:
    panel = drawn(made()).axes[1]
    assert [t.get_text() for t in panel.get_yticklabels()] == ["claimed", "cow", "cubic", "log"]
    marks = np.concatenate([c.get_offsets() for c in panel.collections])
    places = [sorted(marks[marks[:, 1] == height, 0]) for height in panel.get_yticks()]
    assert places == [[0, 1, 2, 3], [4, 5, 6, 7], [0, 2, 4, 6], [1, 3, 5, 7]]


def test_of_thousands_of_specifications_few_intervals_are_drawn_and_all_estimates() -> None:
    above = drawn(made(2000), headline=None).axes[0]
    intervals = next(c for c in above.collections if isinstance(c, LineCollection))
    assert len(intervals.get_segments()) <= MOST_INTERVALS
    assert len(points(above)) == 2000


def test_points_keep_their_colours() -> None:
    above, frame = drawn(made(), headline=None).axes[0], made()
    shades = {
        round(float(x)): to_hex(c.get_facecolor()[0])
        for c in above.collections
        if isinstance(c, PathCollection)
        for x in c.get_offsets()[:, 0]
    }
    assert [shades[place].upper() for place in range(8)] == [str(shade).upper() for shade in colours_of(frame)]


def test_a_simulated_world_is_marked_and_the_same_curve_has_the_same_bytes() -> None:
    figure = drawn(made(), simulated=True)
    assert [t.get_text() for t in figure.texts if "SIMULATED" in t.get_text()]
    assert image(figure, "svg") == image(drawn(made(), simulated=True), "svg")


def multiverse() -> pd.DataFrame:
    """Four specifications of one claim: two equivalent, one of another sample, one that failed."""
    rows = HEADLINE | {
        "claim": "exercise",
        "sample": ["claimed", "claimed", "all", "rivals"],
        "duration": ["cubic", "log", "cubic", "cubic"],
        "vcov": "dyadic",
        "equivalent": [True, True, False, False],
        "estimate": [-0.01, 0.002, -0.001, np.nan],
        "estimate_of_mean": [-0.5, 0.1, -0.25, np.nan],
        "mean_risk": [0.02, 0.02, 0.004, np.nan],
        "conf_low": [-0.016, -0.008, -0.003, np.nan],
        "conf_high": [-0.004, 0.012, 0.001, np.nan],
        "powered": [True, False, False, False],
        "error": ["", "", "", "NoVariation"],
    }
    return pd.DataFrame(rows)


def test_the_headline_in_every_sample_is_the_headline_with_another_sample() -> None:
    table = multiverse_samples(fixtures.of_frames(multiverse=multiverse()))
    assert [c.label for c in table.columns] == ["All dyads", "Politically relevant dyads", "Strategic rivals"]
    row = table.rows[0]
    assert row.label == "Joint exercise"
    assert row.cells == ("−25% [−75, 25]", "−50% [−80, −20]*", "–")


def test_shares_count_equivalent_specifications_and_all() -> None:
    table = multiverse_shares(fixtures.of_frames(True, multiverse=multiverse()))
    assert table.rows[0].label == "Joint exercise"
    assert table.rows[0].cells == ("2", "50%", "50%", "50%", "50%", "4", "50%", "25%", "25%", "25%")
    assert table.simulated
