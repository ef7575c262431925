"""A study whose unit is the state-year: read, refused where it cannot be, and estimated as a panel of states is."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from detente.base.errors import ConfigError, UnknownVariable, UnsupportedCovariance
from detente.cli import main
from detente.plan import Plan
from detente.study import load
from detente.study.design import build_design, specification
from detente.study.estimation import estimate

from support.builders import REPOSITORY
from support.workflows import copy_project, snakemake

PAGE = (REPOSITORY / "docs" / "own-study.md").read_text("utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SOURCES = "sources: [cow-state-system, cow-contiguity-3.2, gml-mid, mid-5.0, mme]"
# With the fewest sources, and one estimator.
(STUDY,) = (b.replace("unit:", f"estimators: [lpm]\n{SOURCES}\nunit:") for b in BLOCKS if "state-year" in b)


def written(folder: Path, text: str = STUDY) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def panel_of_states(seed: int = 0) -> pd.DataFrame:
    rng, states, years = np.random.default_rng(seed), range(1, 31), range(1989, 2006)
    frame = pd.DataFrame([(s, y) for s in states for y in years], columns=["ccode", "year"])
    onset, count = rng.random(len(frame)) < 0.2, rng.integers(0, 3, len(frame))
    return frame.assign(
        major=0.0,
        in_window=frame["year"] >= 1990,
        onset_gml=onset.astype(float),
        exercised=(count > 0).astype(float),
        peace_years=rng.integers(0, 20, len(frame)).astype(float),
    )


def test_a_study_of_states_is_read_from_its_file_alone(tmp_path: Path) -> None:
    project = load(REPOSITORY, written(tmp_path))
    study = project.study("trainers")
    claim = project.claims.claims["exercising"]
    assert project.unit_of(study) == claim.unit == "state-year"
    assert claim.design.startswith("State-years; exercised in the year before")
    assert not study.appendix
    assert specification(project, study, claim).absorbed == ("state", "year")


def test_its_estimate_and_errors_are_those_of_a_regression_with_dummies_clustered_by_state(tmp_path: Path) -> None:
    project = load(REPOSITORY, written(tmp_path))
    spec = specification(project, project.study("trainers"), project.claims.claims["exercising"])
    panel = panel_of_states()
    design = build_design(panel, spec)
    made = estimate(design, spec).rows
    rows = panel.iloc[design.rows]
    dummies = pd.get_dummies(rows[["ccode", "year"]].astype("category"), drop_first=True, dtype=float)
    x = sm.add_constant(np.column_stack([design.x, dummies]))
    fitted = sm.OLS(design.y, x).fit(cov_type="cluster", cov_kwds={"groups": rows["ccode"].to_numpy()})
    own = made[(made["quantity"] == "coefficient") & (made["vcov"] == "state") & made["is_treatment"]].iloc[0]
    assert own["estimate"] == pytest.approx(fitted.params[1], rel=1e-9)
    # statsmodels counts dummies as parameters in its factor; G/(G−1) alone is ours.
    n, k, g = len(design.y), x.shape[1], rows["ccode"].nunique()
    factor = (n - 1) / (n - k)
    assert own["std_error"] == pytest.approx(fitted.bse[1] / np.sqrt(factor), rel=1e-9)
    assert own["df"] == g - 1
    assert design.attrition[0] == ("state-years of the sample in the window", len(rows))


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (("vcov: [state, year]", "vcov: [state, dyadic]"), UnsupportedCovariance, "'dyadic' needs rows with two sides"),
        (("vcov: [state, year]", "vcov: [dyad]"), UnsupportedCovariance, "needs rows with two sides"),
        (("samples: [all, ", "samples: [all, relevant, "), UnknownVariable, "has no 'politically_relevant'"),
        (("claims:\n", "claims:\n  - exercise\n"), ConfigError, "but exercise compare undirected dyads; take them out"),
        (("onset_gml", "initiation_gml"), UnknownVariable, "'initiation_gml' is not a variable of the panel"),
    ],
)  # fmt: skip
def test_what_states_cannot_have_is_refused(
    tmp_path: Path, change: tuple[str, str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        load(REPOSITORY, written(tmp_path, STUDY.replace(*change)))
    assert said in str(caught.value)
    assert "mine.yaml:" in str(caught.value)


@pytest.mark.fault("configuration")
def test_its_robustness_is_refused_before_anything_is_built(tmp_path: Path) -> None:
    plan = Plan(REPOSITORY, written(tmp_path), ConfigError)
    with pytest.raises(ConfigError, match=r"mine.yaml:6 › unit: robustness examines claims about dyads"):
        plan.robustness.plans["trainers"].outlines  # noqa: B018


@pytest.mark.fault("configuration")
@pytest.mark.parametrize("page", ["robustness", "site"])
def test_a_run_of_what_it_has_not_ends_in_one_line(
    tmp_path: Path, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(written(tmp_path)), page]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "a study of state-years has a paper alone" in said


@pytest.mark.slow
@pytest.mark.record
def test_its_paper_speaks_of_states(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    built = snakemake(project, "trainers", "--configfile", str(written(tmp_path)))
    assert built.returncode == 0, built.stderr[-3000:]
    page = (project / "reports/trainers/index.html").read_text("utf-8")
    text = re.sub(r"<[^>]*>", " ", page)
    assert "The unit is the state-year" in text
    assert "onsets per 1,000 state-years" in text
    assert "Fewer than 30 dyads" not in text and "dyad effects" not in text
    # What is left of dyads: the outcomes' own definitions, a source's title, and a covariance that others may have.
    left = {m[0] for m in re.finditer(r"\b\w* ?dyads?\b[^.;]{0,20}", text) if "any dyad of the state" not in m[0]}
    assert len(left) <= 2, left
