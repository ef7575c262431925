"""Published findings on claims beside their models on a panel: what is estimated on which rows, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from detente.base.errors import ConfigError
from detente.base.files import write_frame
from detente.cli import main
from detente.replicate import KEY, PUBLISHED, findings, panel_file, read_publications, variables_asked
from detente.study import offered
from detente.study.config import load_project

ROOT = Path(__file__).resolve().parents[2]
TABLE = """
title: A table
citation: Somebody, A. (2001), A study
data: {d: {file: a.csv, bytes: 1, sha256: SHA, address: null}}
models:
  one:
    read_in: p. 7
    infeasible: its data are lost
    printed:
      allies: {estimate: "-.341", std_error: ".175"}
      trade: {std_error: ".2"}
      treaties: {estimate: "0.1"}
claims:
  defence_pact:
    - model: one
      term: allies
      panel:
        outcome: onset_gml
        term: pact
        terms: [{pact: "lag(defence_pact, 1)"}, {near: contiguous}]
        sample: relevant
        years: [1951, 1954]
        estimator: logit
        departs: [no trade]
    - {model: one, term: treaties, infeasible: it is of months}
"""
PINNED = panel_file(Path("panel.parquet"), 1, "a" * 64)


def table(folder: Path, old: str = "", new: str = "") -> Path:
    path = folder / "made.yaml"
    path.write_text(TABLE.replace("SHA", "a" * 64).replace(old, new), encoding="utf-8")
    return path


def panel() -> pd.DataFrame:
    """All pairs of twenty-four states in nine years, of which one is before the window."""
    rng = np.random.default_rng(18)
    keys = [(a, b, y) for a in range(2, 26) for b in range(a + 1, 26) for y in range(1949, 1958)]
    made = pd.DataFrame(keys, columns=["ccode1", "ccode2", "year"])
    made["in_window"] = made["year"] > 1949
    for name, chance in {"defence_pact": 0.4, "contiguous": 0.5, "relevant": 0.8}.items():
        made[name] = (rng.uniform(size=len(made)) < chance).astype(float)
    made["onset_gml"] = (rng.uniform(size=len(made)) < 0.15 + 0.3 * made["contiguous"]).astype(float)
    made.loc[::37, "onset_gml"] = np.nan
    return made


def found(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    rows = findings(read_publications([path]), ["defence_pact"], frame, PINNED)
    return PUBLISHED.validated(PUBLISHED.frame(rows))


def test_the_model_is_estimated_on_the_rows_that_are_asked_for(tmp_path: Path) -> None:
    """The oracle is statsmodels' logit on rows that are chosen by hand."""
    frame = panel()
    first, second = found(table(tmp_path), frame).to_dict("records")
    by_hand = frame.assign(pact=frame.groupby(["ccode1", "ccode2"])["defence_pact"].shift(1))
    rows = by_hand[by_hand["year"].between(1951, 1954) & (by_hand["relevant"] == 1)].dropna()
    other = sm.Logit(rows["onset_gml"], sm.add_constant(rows[["pact", "contiguous"]])).fit(disp=0)
    assert first["estimate"] == pytest.approx(other.params["pact"], rel=1e-8)
    pairs = rows["ccode1"] * 100 + rows["ccode2"]
    clustered = sm.Logit(rows["onset_gml"], sm.add_constant(rows[["pact", "contiguous"]])).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": pairs, "use_correction": False}
    )
    groups = pairs.nunique()
    assert first["std_error"] == pytest.approx(clustered.bse["pact"] * np.sqrt(groups / (groups - 1)), rel=1e-6)
    assert (first["nobs"], first["events"]) == (len(rows), rows["onset_gml"].sum())
    assert (first["first"], first["last"]) == (1951, 1954)
    assert (first["printed_estimate"], first["printed_std_error"]) == ("-.341", ".175")
    assert first["printed_p"] == pytest.approx(0.0513, abs=5e-5)
    assert first["departs"] == "no trade" and first["failure"] == ""
    assert second["failure"] == "it is of months" and np.isnan(second["estimate"])


def test_the_dyadic_error_is_that_of_a_sum_over_pairs_that_share_a_state(tmp_path: Path) -> None:
    frame = panel()
    first = found(table(tmp_path), frame).iloc[0]
    rows = frame.assign(pact=frame.groupby(["ccode1", "ccode2"])["defence_pact"].shift(1))
    rows = rows[rows["year"].between(1951, 1954) & (rows["relevant"] == 1)].dropna()
    x = sm.add_constant(rows[["pact", "contiguous"]]).to_numpy()
    logit = sm.Logit(rows["onset_gml"].to_numpy(), x).fit(disp=0)
    scores = x * (rows["onset_gml"].to_numpy() - logit.predict(x))[:, None]
    a, b = rows["ccode1"].to_numpy(), rows["ccode2"].to_numpy()
    shared = (a[:, None] == a) | (a[:, None] == b) | (b[:, None] == a) | (b[:, None] == b)
    bread = np.linalg.inv(-logit.model.hessian(logit.params))
    matrix = bread @ scores.T @ shared @ scores @ bread
    assert first["dyadic_std_error"] == pytest.approx(np.sqrt(matrix[1, 1]), rel=1e-6)


def test_a_variable_that_the_panel_lacks_is_the_reason(tmp_path: Path) -> None:
    first = found(table(tmp_path), panel().drop(columns="contiguous")).iloc[0]
    assert "the panel of this study has no variable 'contiguous'" in first["failure"]
    assert np.isnan(first["estimate"]) and first["spec_id"] == ""


@pytest.mark.fault("published tables")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("model: one\n      term: allies\n      panel", "model: two\n      term: allies\n      panel",
         "claims › defence_pact › 0 › model: 'two' is no model of this table"),
        ("term: allies\n      panel", "term: ally\n      panel", "the model prints no 'ally'; .*nearest: 'allies'"),
        ("term: allies\n      panel", "term: trade\n      panel", "of 'trade' no `estimate` is printed"),
        ("term: pact\n", "term: pacts\n", "'pacts' is none of its terms: pact, near"),
        ("[1951, 1954]", "[1954, 1951]", "not from 1954 to 1951"),
        ("estimator: logit", "estimator: logits", "estimator 'logits' is not known"),
        ("sample: relevant", "sample: relevant =", "sample"),
        (", infeasible: it is of months", "", "give `panel`, the model's nearest equivalent, or `infeasible`"),
        ("departs: [no trade]", "departs: []", "departs"),
        ("term: treaties", "term: allies", "'allies' of 'one' is there already"),
    ],
)  # fmt: skip
def test_links_that_say_nothing_are_errors_of_the_file(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = table(tmp_path, old, new)
    assert path.read_text(encoding="utf-8") != TABLE.replace("SHA", "a" * 64)
    with pytest.raises(ConfigError, match=said):
        read_publications([path])


@pytest.mark.fault("published tables")
def test_a_claim_that_there_is_not_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_frame(panel(), tmp_path / "panel.parquet")
    call = ["published", "--root", str(ROOT), "--study", "paper", "--panel", str(tmp_path / "panel.parquet")]
    call += ["--out", str(tmp_path / "out.parquet"), "--tables"]
    assert main([*call, str(table(tmp_path))]) == 0
    assert len(PUBLISHED.read(tmp_path / "out.parquet")) == 2
    assert main([*call, str(table(tmp_path, "  defence_pact:", "  defence_pacts:"))]) == 1
    assert "'defence_pacts' is no claim of this project" in capsys.readouterr().err


def test_shipped_tables_speak_to_claims_and_variables_that_there_are() -> None:
    publications = read_publications(sorted((ROOT / "config/replications").glob("*.yaml")))
    project = load_project(ROOT)
    linked = {claim for publication in publications for claim in publication.claims}
    assert linked and linked <= {claim.id for claim in project.claims.every}
    known = {*offered(project)["dyad-year"], *KEY}
    assert variables_asked(publications, linked) <= known
