"""What a body did to those who entered it: groups of pairs and targets counted by hand, planted effects, placebos."""

from __future__ import annotations

import re
from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import ConfigError
from detente.stats.causal import placebo_inference, synthetic_did, treatment_panel
from detente.study.config.claims import Described
from detente.study.described import described, method_of, sources_of
from detente.study.described.contract import Found
from detente.study.described.donor_units import Groups, of_groups
from detente.study.verdicts import described_answer

# Of COW: entrants of two years, one of a year that is not asked for, one from before, and states that never entered.
FIRST, SECOND, OTHER, BEFORE, NEVER = (290, 310), (355, 360), (339,), (210,), tuple(range(366, 374))
STATES = (*FIRST, *SECOND, *OTHER, *BEFORE, *NEVER)
ENTRY = {**dict.fromkeys(FIRST, 1999), **dict.fromkeys(SECOND, 2004), 339: 2009, 210: 1949}
RUSSIA = 365
YEARS = range(1993, 2015)


def claim(**options: object) -> Described:
    targets = {
        "outcome": "initiated_mid5", "unit": "years with a dispute", "initiator": RUSSIA, "states": list(STATES),
        "body": "in_nato", "entered": [1999, 2004],
    }  # fmt: skip
    events = [{"year": 1999, "said": "they enter", "source": "Quandt 2005"}]
    return Described.model_validate(
        {
            "id": "made_up",
            "code": "A25",
            "label": "Made up",
            "statement": "It is.",
            "evidence": "case-only",
            "method": "donors",
            "options": options or {"targets": targets, "events": events, "draws": 99},
            "expected": "negative",
            "window": (1993, 2014),
            "design": "Donors.",
            "why": "Donors.",
        }
    )


def groups(**changes: object) -> Groups:
    given = {
        "outcome": "onset_gml", "unit": "onsets", "pairs": "contiguous",
        "body": "in_arf", "founded": 1994, "start": 1995,
        "treated": {"Here": [700, 799]}, "donors": {"There": [100, 199], "Yonder": [200, 299]},
    }  # fmt: skip
    return Groups.model_validate({**given, **changes})


def tidy(effect: float, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Disputes that Russia begins: in nine of ten years, by `effect` more often if they entered."""
    rng = np.random.default_rng(seed)
    at = [(s, y) for s in STATES for y in YEARS if rng.random() < 0.9 + effect * (y > ENTRY.get(s, 9999))]
    flags = ("initiated_mid5", "initiated_force_mid5", "initiated_fatal_mid5")
    begun = pd.DataFrame([(RUSSIA, s, y, 1, 0, 0.0) for s, y in at], columns=["ccode1", "ccode2", "year", *flags])
    begun["initiated_month_mid5"] = 6.0
    # What others begin against them, and they against Russia, is no part of it.
    others = begun.assign(ccode1=2)
    theirs = begun.assign(ccode1=begun["ccode2"], ccode2=RUSSIA)
    spells = pd.DataFrame({"ccode": [2, RUSSIA, *STATES]}).sort_values("ccode", ignore_index=True)
    spells = spells.assign(name=[f"State {c}" for c in spells["ccode"]], status="member", start=19000101, end=20241231)
    members = [(s, y) for s, since in ENTRY.items() for y in range(since, 2025)]
    rosters = pd.DataFrame(members, columns=["ccode", "year"]).assign(in_nato=1, in_arf=0)
    rosters = rosters.assign(in_partnership_for_peace=0, in_osce=0, in_admm_plus=0)
    disputes = pd.concat([begun, others, theirs]).sort_values(["ccode1", "ccode2", "year"], ignore_index=True)
    return {"cow-state-system": spells, "mid-5.0-initiation": disputes, "rosters": rosters}


def by_hand(table: dict[str, pd.DataFrame], cohort: tuple[int, ...]) -> pd.DataFrame:
    """One row per state and year: disputes that Russia began, and whether it had entered before."""
    disputes = table["mid-5.0-initiation"]
    begun = set(disputes.loc[disputes["ccode1"] == RUSSIA, ["ccode2", "year"]].itertuples(index=False, name=None))
    kept = [s for s in STATES if s not in ENTRY or ENTRY[s] in cohort]
    rows = [(s, y, float((s, y) in begun), float(y > ENTRY.get(s, 9999))) for s in kept for y in YEARS]
    return pd.DataFrame(rows, columns=["unit", "year", "outcome", "treated"])


@cache
def in_world(effect: float) -> Found:
    """What the method finds in a made-up world."""
    return described(claim(), tidy(effect))


@pytest.mark.parametrize(("place", "cohort", "units"), [(0, (1999, 2004), 12), (2, (1999,), 10), (3, (2004,), 10)])
def test_targets_are_entrants_against_those_who_never_entered(place: int, cohort: tuple[int, ...], units: int) -> None:
    table = tidy(0.0)

    found = in_world(0.0).findings[place]

    study = synthetic_did(treatment_panel(by_hand(table, cohort), "outcome", "treated", unit="unit", time="year"))
    assert found.estimate == pytest.approx(study.effect, rel=1e-9)
    assert found.nobs == units * len(YEARS)
    placebos = placebo_inference(study, draws=99, seed=0)
    assert (found.conf_low, found.conf_high) == pytest.approx(placebos.conf_int(), rel=1e-9)
    assert found.p_value == placebos.p_value


def test_plain_difference_in_differences_stands_beside() -> None:
    """Of those who entered in 1999 alone: means after less before, of them and of the others."""
    table = tidy(0.0)
    given = dict(claim().options)
    given["targets"] = {**given["targets"], "entered": [1999]}

    judged, beside = described(claim(**given), table).findings

    rows = by_hand(table, (1999,))
    after = rows["year"] > 1999
    mean = rows.groupby([rows["unit"].isin(FIRST), after])["outcome"].mean()
    by_means = (mean[True, True] - mean[True, False]) - (mean[False, True] - mean[False, False])
    assert beside.estimate == pytest.approx(by_means, rel=1e-9)
    assert judged.judged
    assert not beside.judged


@pytest.mark.parametrize(("effect", "word"), [(-0.8, "supported"), (0.0, "open")])
def test_a_planted_effect_is_found_and_none_is_not_made_up(effect: float, word: str) -> None:
    findings, _ = in_world(effect).frames("made_up")

    assert described_answer("negative", findings) == word
    judged = findings[findings["judged"]].iloc[0]
    assert judged["conf_low"] < effect < judged["conf_high"]


def test_the_figure_has_the_treated_and_donors_at_the_same_level_before() -> None:
    table = tidy(-0.8)

    findings, series = in_world(-0.8).frames("made_up")

    assert series.loc[series["form"] == "event", ["x", "name", "source"]].to_numpy().tolist() == [
        [1999.0, "they enter", "Quandt 2005"]
    ]
    titles = {"State 290, State 310: from 2000 on": (FIRST, 2000), "State 355, State 360: from 2005 on": (SECOND, 2005)}
    assert set(series["panel"]) == set(titles)
    rows, gaps = by_hand(table, (1999, 2004)), []
    for title, (members, start) in titles.items():
        panel = series[(series["panel"] == title) & (series["form"] == "line")]
        lines = panel.pivot_table(index="x", columns="name", values="value")
        own = rows[rows["unit"].isin(members)].groupby("year")["outcome"].mean()
        np.testing.assert_allclose(lines["treated"], own)
        gaps += [*(lines["treated"] - lines["weighted donors"])[lines.index >= start]]
    # Both groups have two states, so that the mean gap after entry is the effect.
    assert np.mean(gaps) == pytest.approx(findings.iloc[0]["estimate"], rel=1e-9)


def test_what_must_be_known_is_said() -> None:
    note = in_world(0.0).findings[0].note

    assert "99 draws of controls treated" in note
    assert "draws of 4 of 8 donors overlap" not in note
    assert "coded in another way from 2011 on, for all units alike" in note
    weights = re.findall(r"State (\d+) \d\.\d\d", note)
    assert len(weights) == 8
    assert {int(code) for code in weights} <= set(NEVER)


def test_years_that_the_outcome_does_not_have_are_not_zero() -> None:
    case = claim().model_copy(update={"window": (1993, 2016)})

    findings, _ = described(case, tidy(0.0)).frames("made_up")

    assert described_answer("negative", findings) == "no estimate"
    assert findings["note"].str.startswith("no estimate: ").all()


def test_too_few_donors_give_an_estimate_without_an_interval() -> None:
    given = dict(claim().options)
    given["targets"] = {**given["targets"], "states": [*FIRST, *SECOND, *NEVER[:5]]}

    findings, _ = described(claim(**given), tidy(0.0)).frames("made_up")

    assert described_answer("negative", findings) == "no estimate"
    assert findings["conf_low"].isna().tolist() == [True, True, False, False]
    assert findings["note"].iloc[0].startswith("no interval: 5 controls")


# Groups of pairs


def dyads() -> pd.DataFrame:
    """Pairs of all states by year 1990–1999: all neighbours, but for one pair that comes late and one that ends."""
    here, there, yonder = (710, 711, 712, 713), (100, 101, 102), (200, 201, 202)
    rng = np.random.default_rng(2)
    rows = []
    for one, other in combinations(sorted((*here, *there, *yonder)), 2):
        for year in range(1990, 2000):
            if (one, other) == (100, 101) and year < 1993:
                continue
            onset = [0.0, 1.0, np.nan][rng.integers(3)]
            rows.append((one, other, year, onset, float((one, other) != (200, 201) or year < 1998)))
    return pd.DataFrame(rows, columns=["ccode1", "ccode2", "year", "onset_gml", "contiguous"])


@pytest.mark.parametrize("steady", [True, False])
def test_rates_of_groups_are_those_counted_pair_by_pair(steady: bool) -> None:
    # 712 joins later, 713 never, 202 is a founder elsewhere.
    members = pd.Series({710: 1994, 711: 1994, 712: 1996, 202: 1994})

    case = of_groups(groups(), dyads(), members, (1990, 1999), steady=steady)

    pairs: dict[int, list[tuple[int, int]]] = {
        0: [(710, 711)],
        1: [(100, 101), (100, 102), (101, 102)],
        2: [(200, 201)],
    }
    if steady:
        pairs = {0: [(710, 711)], 1: [(100, 102), (101, 102)], 2: []}
    known = {(a, b, y): (onset, near) for a, b, y, onset, near in dyads().itertuples(index=False, name=None)}
    for unit, members_of in pairs.items():
        for year in range(1990, 2000):
            there = [known[a, b, year] for a, b in members_of if (a, b, year) in known]
            at_risk = [onset for onset, near in there if near == 1 and not np.isnan(onset)]
            row = case.rows[(case.rows["unit"] == unit) & (case.rows["year"] == year)].iloc[0]
            expected = 100 * sum(at_risk) / len(at_risk) if at_risk else np.nan
            assert row["outcome"] == pytest.approx(expected, nan_ok=True)
            assert row["treated"] == float(unit == 0 and year >= 1995)
    assert case.names == {0: "Here", 1: "There", 2: "Yonder"}
    assert case.note == ("pairs: Here 1, There 2, Yonder 0" if steady else "pairs: Here 1, There 3, Yonder 1")


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"draws": 200}, "must have either `groups` or `targets`"),
        (
            {"groups": {**groups().model_dump(), "donors": {"There": (100, 199), "Yonder": (150, 299)}}},
            "'There' and 'Yonder' must not have codes in common",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        method_of(claim(**options))


@pytest.mark.fault("configuration")
@pytest.mark.parametrize(("key", "name"), [("outcome", "onset_gmm"), ("body", "in_arv"), ("pairs", "contiguos")])
def test_a_variable_that_there_is_not_is_refused_with_the_nearest(key: str, name: str) -> None:
    with pytest.raises(ConfigError, match=f"there is no '{name}' here"):
        sources_of(claim(groups={**groups().model_dump(), key: name}))
