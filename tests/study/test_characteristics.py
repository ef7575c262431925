"""The verdict rule where the effect is known: none, a huge one, and the same words as a study's own ledger."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import fisher_exact

from detente.base.errors import ConfigError
from detente.report.tables.characteristics import AGREED, DESIGNS, MEASURED, TOGETHER, Measured, documented
from detente.simulate import simulate_world
from detente.study.multiverse import Held, curve, fitted
from detente.study.robustness.examining import Record, examine
from detente.study.verdicts import Findings, Together, checks, families_of, ledger, under_headline
from detente.study.verdicts.characteristics import DRAWS, PARTS, Setting, characteristics, found_in, shares
from detente.study.verdicts.checks import CHECKS

from support.recovered import DEMO, PROJECT, in_memory, panel_of

# Draws of each effect and design that the nightly test judges; the table's are more.
MANY = int(os.environ.get("DETENTE_CHARACTERISTICS_DRAWS", "20"))


@pytest.fixture(scope="module")
def record() -> Record:
    assert DEMO.simulation is not None
    tidy = in_memory(simulate_world(DEMO.simulation, DEMO.seed))
    return Record(panel_of(tidy), tidy["mme"], tidy["cow-state-system"])


@pytest.fixture(scope="module")
def often(record: Record) -> Setting:
    """Relevant dyads with twice as many onsets, which finds the smallest effect nearly always."""
    return Setting(PROJECT, DEMO, "exercise", record, onsets=2.0)


def test_outcomes_are_lowered_by_the_planted_share_of_treated_risk_and_nowhere_else(often: Setting) -> None:
    drawn = {k: often.drawn(k, 0).panel for k in (0.0, 3.0)}
    treated = np.isin(np.arange(len(often.record.panel)), often.places[often.design.treatment > 0])
    none, some = (drawn[k]["onset_gml"] for k in drawn)
    # 9,000 rows, risk of 0.28: the ratio of two coupled sums of some 700 errs by less than 0.05.
    assert some[treated].sum() / none[treated].sum() == pytest.approx(1 - 3 * 0.2, abs=0.05)
    pd.testing.assert_series_equal(some[~treated], none[~treated])
    missing = often.record.panel["onset_gml"].isna()
    assert none[missing].isna().all()
    assert set(none.dropna()) == {0.0, 1.0}
    # A second project misses one dispute in twenty and adds two in a thousand years.
    both = none.notna() & drawn[0.0]["onset_cow"].notna()
    assert drawn[0.0].loc[both & none.eq(1), "onset_cow"].mean() == pytest.approx(0.95, abs=0.02)
    assert drawn[0.0].loc[both & none.eq(0), "onset_cow"].mean() == pytest.approx(0.002, abs=0.002)


def test_no_effect_is_no_finding_and_a_huge_effect_is_robust(often: Setting) -> None:
    found = characteristics(often, range(1), (0.0, 4.0), tests=99).set_index("times")
    assert found.loc[0.0, "verdict"] in ("negligible", "inconclusive")
    assert tuple(found.loc[4.0, ["verdict", "strength"]]) == ("lowers", "robust")
    assert (found.loc[4.0, list(CHECKS)] == "pass").all()


@pytest.mark.slow
def test_words_are_those_that_a_study_gives_to_the_same_frames(often: Setting) -> None:
    record, seed = often.drawn(1.0, 0), DEMO.seed_of("characteristics 0")
    specs = {c.id: replace(often.spec, claim=c, controls=_controls(c.id)) for c in PROJECT.examined(DEMO)}
    examined = {name: examine(record, spec, seed, seed) for name, spec in specs.items()}
    variants = often.grid.variants
    whole = under_headline(PROJECT, fitted(Held({"dyad-year": record.panel}), variants, list(often.grid.nodes)))
    equivalent = [v.specification for v in variants if v.equivalent]
    panels = Held({"dyad-year": record.panel})
    joint, _ = Together(equivalent, panels, record, curve.curve(panels, equivalent)).tests(999, seed)
    family = families_of(PROJECT, examined)
    study = Findings("dyadic", examined["exercise"], whole, joint, family[family["member"] == "exercise"])
    lean = found_in(often, record, 0, tests=999)
    both = [_words(found) for found in (study, lean)]
    assert both[0] == both[1]
    assert len(both[0]) == len(CHECKS) + 2


def _controls(claim: str) -> tuple[object, ...]:
    return tuple(PROJECT.claims.controls[name] for name in PROJECT.claims.claims[claim].controls)


def _words(found: Findings) -> list[tuple[str, str, float]]:
    """Both words, and each check with its outcome and number."""
    row = ledger(PROJECT.claims, "relevant", {"exercise": found}, {}).set_index("claim").loc["exercise"]
    made = checks(PROJECT.claims, {"exercise": found})
    results = [(r.check, r.outcome, round(r.value, 9)) for r in made.itertuples() if r.check != "power"]
    # Power is simulated in the two with other numbers of draws.
    power = [(r.check, r.outcome, 0.0) for r in made.itertuples() if r.check == "power"]
    return [("verdict", row["verdict"], 0.0), ("strength", row["strength"], 0.0), *power, *results]


def test_shares_are_of_all_draws_and_those_of_checks_of_findings_alone() -> None:
    blank = dict.fromkeys(CHECKS, "")
    passed = dict.fromkeys(CHECKS, "pass")
    words = [
        ("lowers", "robust", passed),
        ("lowers", "fragile", passed | {"power": "fail"}),
        ("inconclusive", "untested", blank),
        ("negligible", "fragile", blank | {"power": "fail"}),
    ]
    rows = [{"times": 1.0, "draw": i, "verdict": v, "strength": s, **c} for i, (v, s, c) in enumerate(words)]
    found = shares(pd.DataFrame(rows)).set_index("what")
    expected = {
        "lowers": 0.5,
        "lowers · robust": 0.25,
        "lowers · fragile": 0.25,
        "negligible · fragile": 0.25,
        "raises": 0.0,
    }
    assert found.loc[list(expected), "share"].to_dict() == expected
    assert found.loc["power", ["draws", "share"]].tolist() == [2, 0.5]
    assert found.loc["influence", "share"] == 1.0
    assert found.loc["lowers", "share_error"] == pytest.approx(np.sqrt(0.25 / 4))


def test_an_observed_study_has_no_known_effect(record: Record) -> None:
    with pytest.raises(ConfigError, match="'paper' is set in the observed world, whose effects are not known"):
        _ = Setting(PROJECT, PROJECT.study("paper"), "exercise", record).hazard


def test_every_part_named_is_read_by_a_check_and_tests_have_enough_draws_to_reject() -> None:
    assert set(PARTS) < set(CHECKS)
    assert 1 / (1 + DRAWS) <= 0.05 / 10


def counted(judged: pd.DataFrame, onsets: float) -> list[Measured]:
    """Rows of the table, of judged draws of one design."""
    rows = []
    for times, mine in judged.groupby("times"):
        words = mine.groupby(["verdict", "strength"]).size()
        found = mine[mine["verdict"].isin(["lowers", "raises"])]
        robust = {v: int(words.get((v, "robust"), 0)) for v in ("lowers", "raises", "negligible")}
        told = {v: int((mine["verdict"] == v).sum()) for v in robust}
        passed = tuple(int((found[check.name] == "pass").sum()) for check in TOGETHER)
        powered = int((found["power_at_smallest"] >= 0.8).sum())
        both = {
            "robust": robust["lowers"],
            "raises_robust": robust["raises"],
            "negligible_robust": robust["negligible"],
        }
        rows.append(Measured(onsets, int(times), len(mine), **told, **both, powered=powered, passed=passed))
    return rows


@pytest.mark.nightly
@pytest.mark.parametrize("onsets", DESIGNS)
def test_the_table_is_what_draws_give(onsets: float, record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    judged = characteristics(Setting(PROJECT, DEMO, "exercise", record, onsets), range(MANY))
    found = counted(judged, onsets)
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(f"    {row!r}," for row in found) + "\n")
    for made, kept in zip(found, [m for m in MEASURED if m.onsets == onsets], strict=True):
        assert made.times == kept.times
        for name in ("lowers", "robust", "raises", "raises_robust", "negligible", "negligible_robust"):
            alike(getattr(made, name), made.draws, getattr(kept, name), kept.draws)
        for one, other in zip(made.passed, kept.passed, strict=True):
            alike(one, made.found, other, kept.found)

    for own in (m for m in AGREED if m.onsets == onsets):
        mine = judged[judged["times"] == own.times]
        both = (("lowers", "raises"), own.found, own.passed), (("negligible",), own.negligible, own.negligible_passed)
        for verdicts, draws, passed in both:
            outcome = mine.loc[mine["verdict"].isin(verdicts), "designs_agree"]
            alike(int((outcome == "pass").sum()), len(outcome), passed, draws)


def alike(one: int, of_one: int, other: int, of_other: int) -> None:
    """Two shares that Fisher's exact test does not tell apart at 0.1 %."""
    assert fisher_exact([[one, of_one - one], [other, of_other - other]]).pvalue > 0.001


def test_the_tables_of_the_page_are_those_that_were_measured() -> None:
    page = (Path(__file__).parents[2] / "docs" / "verdicts.md").read_text(encoding="utf-8")
    assert documented() in page


def test_designs_agree_where_an_effect_is_true_and_hardly_say_the_opposite() -> None:
    by = {(m.onsets, m.times): m for m in AGREED}
    assert set(by) == {(onsets, times) for onsets in DESIGNS for times in range(4)}
    for own in by.values():
        assert own.passed + own.failed <= own.found <= own.draws
        assert own.negligible_passed + own.negligible_failed <= own.negligible <= own.draws - own.found
        if own.times >= 2:
            # Three designs without bias say the opposite in fewer than 7.5 % of draws; 3 Monte Carlo errors beside.
            assert own.failed / own.found < 0.075 + 3 * np.sqrt(0.075 * 0.925 / own.found)
            assert own.passed > 0.8 * own.found


def test_the_rule_keeps_its_error_rates_and_passes_true_effects() -> None:
    by = {(m.onsets, m.times): m for m in MEASURED}
    assert set(by) == {(onsets, times) for onsets in DESIGNS for times in range(4)}
    for onsets in DESIGNS:
        none, large = by[onsets, 0], by[onsets, 3]
        # Under no effect 5 % of headlines reject, and hardly any passes every check as well.
        assert none.found / none.draws < 0.05 + 3 * np.sqrt(0.05 * 0.95 / none.draws)
        assert none.robust + none.raises_robust <= 0.01 * none.draws
        # No check stands in the way of a large effect by itself.
        assert min(large.passed) > 0.5 * large.found
        assert large.robust > 0.3 * large.draws
