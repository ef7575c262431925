"""Charts of robustness: they draw what frames say, name what stands out, mark simulated worlds, and repeat bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from scipy.stats import norm

from detente.report.figures import decisions as decisions_chart
from detente.report.figures import image
from detente.report.figures import influence as influence_chart
from detente.report.figures import pooled as pooled_chart
from detente.report.figures import power as power_chart
from detente.report.figures import sensitivity as sensitivity_chart
from detente.report.figures import separation as separation_plot
from detente.report.tables import SIMULATED
from detente.report.tables import prediction as prediction_table
from detente.study.multiverse import decisions
from detente.study.robustness import frames, power, prediction, sensitivity

from support import exhibit_fixtures as made

CLAIMS = {
    "exercise": "Joint exercise",
    "defence_pact": "Defence pact",
    "un_mission": "UN mission",
    "defence_agreement": "Defence agreement",
}
EXERCISE = made.project().claims.claims["exercise"]
MODELS = {"base": "Geography and peace years", "exercise": "Joint exercise", "all": "All instruments"}


def made_power(*, simulated: bool = True) -> Figure:
    """Curves of normal tests with detectable effects of 31 to 1,030 % of base risk."""
    rows = []
    for claim, detectable in zip(CLAIMS, (0.31, 0.38, 10.3, 0.9), strict=True):
        for share in sorted([0.0, 0.2, *(m * detectable for m in power.MULTIPLES)]):
            z = 2.8 * share / detectable
            chance = norm.sf(1.96 - z) + norm.sf(1.96 + z)
            rows.append((claim, -share, chance, detectable))
    frame = pd.DataFrame(rows, columns=["claim", "effect_share", "power", "mde_simulated_share"])
    given = {"power_curve": frame.drop(columns="mde_simulated_share"), "power": frame.drop_duplicates("claim")}
    return power_chart.power(made.of_frames(simulated, **given))


def made_treatment() -> sensitivity.Treatment:
    found = {"rivalry": (0.004, 0.006), "peace_years": (0.009, 0.002), "democracy": (0.001, 0.0004)}
    return sensitivity.Treatment("exercise", -0.0064, 0.0021, 198, 0.0017, 43_000, "dyadic", found)


def made_sensitivity(*, simulated: bool = True) -> Figure:
    treatment = made_treatment()
    given = {
        "contours": sensitivity.contours(treatment),
        "bounds": sensitivity.bounds(treatment),
        "sensitivity": sensitivity.sensitivity(treatment),
    }
    of_claim = {name: frame.assign(claim="exercise") for name, frame in given.items()}
    return sensitivity_chart.sensitivity(made.of_frames(simulated, **of_claim), EXERCISE)


def influential() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    parts = [("state", f"State {i}") for i in range(60)] + [("era", "1980–1990"), ("era", "1991–2010")]
    frame = pd.DataFrame(parts, columns=["kind", "left_out"])
    frame["estimate"] = -0.0064 + 0.0004 * rng.standard_normal(len(frame))
    frame.loc[[3, 61], "estimate"] = -0.0035
    frame["std_error"], frame["df"], frame["failure"] = 0.0021, 198.0, ""
    frame.loc[7, ["estimate", "std_error"]] = np.nan
    frame.loc[7, "failure"] = "NoVariation: none"
    frame["change_se"] = (frame["estimate"] + 0.0064) / 0.0021
    frame["flips"] = frame.index.isin([3, 7])
    frame["influential"] = frame["change_se"].abs() > 0.3
    return frame


def made_influence(*, simulated: bool = True) -> Figure:
    ledger = pd.DataFrame([{"claim": "exercise", "estimate": -0.0064, "conf_low": -0.0105, "conf_high": -0.0023}])
    given = made.of_frames(simulated, ledger=ledger, influence=influential().assign(claim="exercise"))
    return influence_chart.influence(given, EXERCISE)


def made_predictions() -> pd.DataFrame:
    rng, parts = np.random.default_rng(3), []
    risk = rng.beta(0.3, 12, 5000)
    outcome = (rng.random(5000) < risk).astype(float)
    for model, noise in zip(MODELS, (0.9, 0.6, 0.2), strict=True):
        odds = np.log(risk / (1 - risk)) + noise * rng.standard_normal(5000)
        columns = {"scheme": prediction.ROLLING, "model": model, "row": np.arange(5000), "outcome": outcome}
        parts.append(pd.DataFrame({**columns, "risk": 1 / (1 + np.exp(-odds))}))
    return pd.concat(parts, ignore_index=True)


def made_separation(*, simulated: bool = True) -> Figure:
    frame = prediction.separation(made_predictions())
    return separation_plot.separation(made.of_frames(simulated, separation=frame))


def made_multiverse() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        [
            (s, c, d)
            for s in ("all", "relevant", "contiguous")
            for c in ("none", "core", "full")
            for d in ("gml", "mid5")
        ],
        columns=["sample", "controls", "outcome_data"],
    )
    moved = frame["sample"].map({"all": 0.004, "relevant": -0.003, "contiguous": -0.009})
    frame["estimate"] = moved + 0.0008 * rng.standard_normal(len(frame))
    return frame


def made_decisions(*, simulated: bool = True) -> Figure:
    frame, nodes, rng = made_multiverse(), ("sample", "controls", "outcome_data"), np.random.default_rng(5)
    without = frame["estimate"].to_numpy() + 0.0003 * rng.standard_normal((60, len(frame)))
    shares = decisions.decompose(frame, nodes, without_state=without)
    given = {"decisions": shares, "options": decisions.options(frame, nodes)}
    of_claim = {name: frame.assign(claim="exercise") for name, frame in given.items()}
    return decisions_chart.decisions(made.of_frames(simulated, **of_claim), EXERCISE)


def made_pooled(*, simulated: bool = True) -> Figure:
    """Four claims; the interval of one runs beyond the axis."""
    family = {"family": "instruments", "mean": -0.1, "conf_low": -0.32, "conf_high": 0.12}
    numbers = ((-0.2, 0.1), (0.05, 0.2), (0.1, 0.9), (-0.3, 0.15))
    members = [
        {"claim": c, "family": "instruments", "estimate": b, "conf_low": b - 2 * e, "conf_high": b + 2 * e,
         "drawn": b / 3, "drawn_low": b / 3 - 0.2, "drawn_high": b / 3 + 0.2}
        for c, (b, e) in zip(CLAIMS, numbers, strict=True)
    ]  # fmt: skip
    ledger = pd.DataFrame(CLAIMS.items(), columns=["claim", "label"])
    frames = {"ledger": ledger, "pooled": pd.DataFrame([family]), "pooled_claims": pd.DataFrame(members)}
    return pooled_chart.pooled(made.of_frames(simulated, **frames))


CHARTS: dict[str, Callable[..., Figure]] = {
    "power": made_power,
    "sensitivity": made_sensitivity,
    "influence": made_influence,
    "separation": made_separation,
    "decisions": made_decisions,
    "pooled": made_pooled,
}


@cache
def drawn(name: str) -> Figure:
    """A chart of a simulated world, drawn once."""
    return CHARTS[name](simulated=True)


def words(figure: Figure) -> str:
    return "\n".join(t.get_text() for t in figure.findobj(Text))


@pytest.mark.parametrize("name", CHARTS)
def test_the_same_chart_has_the_same_bytes(name: str) -> None:
    assert image(drawn(name), "svg") == image(CHARTS[name](), "svg")


@pytest.mark.parametrize("name", CHARTS)
def test_only_a_simulated_world_is_marked(name: str) -> None:
    assert SIMULATED in words(drawn(name))
    assert SIMULATED not in words(CHARTS[name](simulated=False))


@pytest.mark.parametrize("name", CHARTS)
def test_words_on_one_axis_do_not_lie_on_one_another(name: str) -> None:
    figure = drawn(name)
    renderer = FigureCanvasAgg(figure).get_renderer()
    for axis in figure.axes:
        written = [t for t in axis.texts if isinstance(t, Annotation)]
        boxes = [t.get_tightbbox(renderer) for t in written]
        for i, one in enumerate(boxes):
            for other in boxes[:i]:
                wide = min(one.x1, other.x1) - max(one.x0, other.x0)
                tall = min(one.y1, other.y1) - max(one.y0, other.y0)
                assert not (wide > 3 and tall > 3), f"{name}: {written[i].get_text()!r} covers another"


def test_power_curves_name_claims_with_their_detectable_effect() -> None:
    said = words(drawn("power"))
    assert all(label in said for label in CLAIMS.values())
    assert "Joint exercise, 31%" in said
    assert "UN mission, 1,030%" in said


def test_a_forest_plot_has_two_intervals_a_claim_and_one_of_the_mean() -> None:
    axis = drawn("pooled").axes[0]
    assert [t.get_text() for t in axis.get_yticklabels()] == [*CLAIMS.values(), "Mean"]
    centres = {round(float(y), 2) for line in axis.get_lines() for y in line.get_ydata() if np.isfinite(y)}
    assert {0.84, 1.16, 3.84, 4.16, 5.0} <= centres
    # The one that is wider than the axis ends in arrows.
    assert {"<", ">"} <= {str(line.get_marker()) for line in axis.get_lines()}


def test_influence_shows_eight_of_a_kind_and_what_flips() -> None:
    said = words(drawn("influence"))
    assert "the 8 of 60 states that move it most" in said
    assert "State 3" in said
    assert "not estimable" in said
    assert said.count("other verdict") == 1


def test_the_prediction_table_has_a_row_a_model_and_prints_gains() -> None:
    rows = []
    for model in MODELS:
        for metric in prediction_table.METRICS:
            gain = (np.nan,) * 3 if model == "base" else (0.0123, -0.001, 0.02)
            rows.append((prediction.ROLLING, model, metric, 0.2, *gain, 5000, 90, 60, 400))
    frame = pd.DataFrame(rows, columns=list(frames.PREDICTION.columns))
    table = prediction_table.prediction(made.of_frames(True, prediction=frame))
    assert [row.label for row in table.rows][1:] == list(MODELS.values())
    assert table.rows[0].label == "Each year from all before it (5,000 dyad-years, 90 onsets)"
    assert table.rows[1].cells[-1] == "–"
    assert table.rows[2].cells[-1] == "0.012 (−0.001 to 0.020)"
    assert table.rows[2].cells[2] == "20.000"
    assert SIMULATED in table.heading


def test_charts_take_the_columns_that_computations_give() -> None:
    assert {"effect_share", "power"} <= set(frames.POWER_CURVE.columns)
    assert set(influential()) <= set(frames.INFLUENCE.columns)
    assert {"mde_simulated_share"} <= set(frames.POWER.columns)
