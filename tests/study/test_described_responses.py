"""Shows of force in crises, against other responses without violence: made-up crises with a planted difference."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from detente.study.config.claims import Described
from detente.study.described import described, sources_of
from detente.study.described.responses import crisis_actors

CLAIM = Described.model_validate(
    {
        "id": "made_up", "code": "A28", "label": "Made up", "statement": "It is.", "evidence": "weak", "why": "No.",
        "method": "responses", "expected": "negative", "window": (1946, 2014), "design": "A difference.",
    }
)  # fmt: skip


def crises(seed: int = 2, effect: float = -0.25) -> pd.DataFrame:
    """Crises of one to three states, each with one target or two; a show of force adds `effect` to the probability."""
    rng, rows = np.random.default_rng(seed), []
    for crisis in range(1, 501):
        year, common = int(rng.integers(1940, 2018)), rng.random() < 0.3
        for state in rng.choice(np.arange(2, 60), int(rng.integers(1, 4)), replace=False):
            response, threat, trigger = int(rng.integers(1, 10)), int(rng.integers(0, 7)), int(rng.integers(1, 10))
            chance = 0.35 + 0.1 * common + 0.02 * threat + 0.1 * (trigger >= 8) + effect * (response in (6, 7))
            violence = int(rng.integers(3, 5) if rng.random() < chance else rng.integers(1, 3))
            rows += [
                (state, 500 + target, year, crisis, response, threat, trigger, violence)
                for target in range(int(rng.integers(1, 3)))
            ]
    names = ["crisis_number", "crisis_response", "crisis_threat", "crisis_trigger", "crisis_violence"]
    return pd.DataFrame(rows, columns=["ccode1", "ccode2", "year", *(f"{name}_icb15" for name in names)])


def test_the_difference_is_that_of_least_squares_clustered_by_crisis_over_each_state_once() -> None:
    tidy = crises()
    assert sources_of(CLAIM) == ["cow-state-system", "icb-15-actors"]

    findings, series = described(CLAIM, {"icb-15-actors": tidy}).frames("made_up")

    kept, seen = [], set()
    for row in tidy.itertuples():
        if 1946 <= row.year <= 2014 and (row.ccode1, row.crisis_number_icb15) not in seen:
            seen.add((row.ccode1, row.crisis_number_icb15))
            kept.append(row)
    table = pd.DataFrame(kept)
    used = table[table["crisis_response_icb15"].between(2, 7)].assign(
        shown=lambda t: t["crisis_response_icb15"].isin([6, 7]) * 1.0,
        serious=lambda t: (t["crisis_violence_icb15"] >= 3) * 1.0,
        military=lambda t: (t["crisis_trigger_icb15"] == 7) * 1.0,
        violent=lambda t: (t["crisis_trigger_icb15"] >= 8) * 1.0,
    )
    fitted = smf.ols("serious ~ shown + military + violent + C(crisis_threat_icb15)", used).fit()
    judged = findings[findings["judged"]].iloc[0]
    assert judged["estimate"] == pytest.approx(100 * fitted.params["shown"], rel=1e-9)
    assert judged["nobs"] == len(used)
    # Within a fraction of statsmodels' clustered error, whose small-sample correction differs.
    groups = used["crisis_number_icb15"].to_numpy()
    clustered = fitted.get_robustcov_results("cluster", groups=groups)
    assert judged["std_error"] == pytest.approx(100 * clustered.bse[list(fitted.params.index).index("shown")], rel=0.02)
    assert judged["conf_low"] < -25 < judged["conf_high"] < 0
    violent = int(table["crisis_response_icb15"].isin([8, 9]).sum())
    assert f"left out: {violent:,} violent responses" in judged["note"]
    shares = series[series["form"] == "points"].set_index(["name", "x"])["value"]
    assert shares["shown force", 3.0] == pytest.approx(
        100 * used.loc[(used["shown"] == 1) & (used["crisis_threat_icb15"] == 3), "serious"].mean()
    )


def test_crises_outside_the_window_and_second_targets_are_left_out() -> None:
    tidy = crises()

    made = crisis_actors(tidy, (1946, 2014))

    inside = tidy[tidy["year"].between(1946, 2014)]
    assert len(made) == len(inside[["ccode1", "crisis_number_icb15"]].drop_duplicates()) < len(inside) < len(tidy)
