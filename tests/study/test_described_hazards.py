"""Hazards of described claims: spells of peace with a UN mission, and the making of defence pacts."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from detente.data.panel import build_panel
from detente.data.regions import region
from detente.data.sources import REGISTRY
from detente.simulate import simulate_world
from detente.study.config.claims import Described
from detente.study.described import described, sources_of
from detente.study.described.formation import Options, at_risk, regional_onsets
from detente.study.described.spells import conflicts

from support.recovered import LOUD, in_memory

WINDOW = (1990, 2010)
KEY = ["ccode1", "ccode2", "year"]
CONTROLS = ["contiguous", "capability_ratio", "democracy_low", "major_power"]


def claim(method: str, **options: object) -> Described:
    return Described.model_validate(
        {
            "id": "made_up", "code": "A18", "label": "Made up", "statement": "It is.", "evidence": "weak", "why": "No.",
            "method": method, "options": options, "expected": "negative", "window": WINDOW, "design": "A hazard.",
        }
    )  # fmt: skip


@cache
def world() -> dict[str, pd.DataFrame]:
    """A world in which a mission takes 0.3 from the yearly probability of an onset, where it is as high."""
    return in_memory(simulate_world(LOUD.model_copy(update={"effects": {"un_mission": -0.3}}), 1))


@cache
def calm() -> dict[str, pd.DataFrame]:
    """A world with few onsets, so that some states see many in their region and others none."""
    return in_memory(simulate_world(LOUD.model_copy(update={"base_risk": 0.02, "effects": {}}), 1))


def panel(tidy: dict[str, pd.DataFrame], *names: str) -> pd.DataFrame:
    modules = [REGISTRY[slug] for slug in REGISTRY if slug in tidy]
    return build_panel(tidy, modules, WINDOW, lead_in=10, variables=list(names)).frame


# Spells


def walked(rows: pd.DataFrame) -> dict[tuple[int, int, int], tuple[float, float, float, float]]:
    """Conflict, conflict with force, deaths and earlier conflicts by key, by a walk through each dyad's years."""
    found = {}
    for (one, other), years in rows.groupby(KEY[:2]):
        runs: list[list[int]] = []
        at = {int(y): i for i, y in enumerate(years["year"])}
        seen = {name: years[name].to_list() for name in ("ongoing_gml", "force_gml", "fatal_gml")}
        for year, i in at.items():
            if seen["ongoing_gml"][i] == 1:
                if runs and runs[-1][-1] == year - 1:
                    runs[-1].append(year)
                else:
                    runs.append([year])
        flags = [[any(seen[name][at[y]] == 1 for y in run) for name in ("force_gml", "fatal_gml")] for run in runs]
        for year in at:
            place = max((r for r, run in enumerate(runs) if run[0] <= year), default=None)
            if place is not None and year >= WINDOW[0] - 1:
                fighting = year in runs[place]
                force, deaths = flags[place]
                outcome = 1.0 if fighting else 0.0 if force else np.nan
                found[one, other, year] = (outcome, float(fighting and force), float(deaths), np.log(1 + place))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_conflicts_are_those_of_a_walk_through_each_dyads_years(seed: int) -> None:
    rng = np.random.default_rng(seed)
    every = pd.MultiIndex.from_product([(1, 2, 3), (4, 5), range(1984, 2000)], names=KEY).to_frame(index=False)
    rows = every[rng.random(len(every)) > 0.05].reset_index(drop=True)
    new = rng.random(len(rows)) < 0.2
    rows["ongoing_gml"] = (new | (rng.random(len(rows)) < 0.2)) * 1.0
    rows["force_gml"] = (new & (rng.random(len(rows)) < 0.5)) * 1.0
    rows["fatal_gml"] = rows["force_gml"] * (rng.random(len(rows)) < 0.5)

    made = conflicts(rows, WINDOW).set_index(KEY)[["conflict", "conflict_force", "deaths", "earlier"]]

    expected = walked(rows)
    assert list(made.index) == list(expected)
    np.testing.assert_allclose(made.to_numpy(), list(expected.values()))
    assert np.isnan(made["conflict"]).any()


def rows_at_risk(tidy: dict[str, pd.DataFrame], place: int) -> pd.DataFrame:
    """Years at risk of spells by a walk: ended, mission, years at peace, and controls of the year before."""
    of = panel(tidy, "ongoing_gml", "force_gml", "fatal_gml", "un_mission", *CONTROLS)
    told, known = walked(of), of.set_index(KEY)[["un_mission", *CONTROLS]].to_dict("index")
    found, since = [], None
    for key in told:
        before = (*key[:2], key[2] - 1)
        now = told[key][place]
        if before not in told:
            since = None
        elif told[before][place] == 1 and now == 0:
            since = 0
        elif since is not None and not np.isnan(now):
            since += 1
            earlier = known[before]
            found.append(
                {"ended": now, "mission": earlier["un_mission"], "t": since, "one": key[0], "other": key[1],
                 "deaths": told[before][2], "earlier": told[before][3], **{name: earlier[name] for name in CONTROLS}}
            )  # fmt: skip
            since = None if now == 1 else since
        else:
            since = None
    return pd.DataFrame(found)


def test_the_hazard_is_that_of_rows_made_by_a_walk_and_a_planted_effect_is_found() -> None:
    tidy = world()

    findings, series = described(claim("spells", controls=CONTROLS, since=1980), tidy).frames("made_up")

    formula = f"ended ~ mission + t + I(t**2) + I(t**3) + deaths + earlier + {' + '.join(CONTROLS)}"
    family = sm.families.Binomial(sm.families.links.CLogLog())
    names = [
        "Hazard that a new dispute ends peace, with a UN mission over without",
        "Hazard that a new dispute with force ends peace, with a UN mission over without",
    ]
    by = findings.set_index("quantity")
    for place, name in enumerate(names):
        rows = rows_at_risk(tidy, place)
        fitted = smf.glm(formula, rows, family=family).fit(tol=1e-12)
        assert by.loc[name, "estimate"] == pytest.approx(np.exp(fitted.params["mission"]), rel=1e-6)
        assert by.loc[name, "nobs"] == fitted.nobs
    # Missions lower the probability of an onset by 0.12 of 0.3 and more.
    judged = findings[findings["judged"]].iloc[0]
    assert judged["quantity"] == names[0]
    assert judged["conf_high"] < judged["null"] == 1
    rows = rows_at_risk(tidy, 0)
    exact = by.loc["Odds that a new dispute ends peace, with a UN mission over without"]
    treated = rows[rows["mission"] == 1]
    assert f"{int(treated['ended'].sum())} endings under a mission" in exact["note"]
    # Mantel and Haenszel's odds ratio of the same tables lies near the exact one.
    tables = [
        np.array([[(g["mission"] * g["ended"]).sum(), (g["mission"] * (1 - g["ended"])).sum()],
                  [((1 - g["mission"]) * g["ended"]).sum(), ((1 - g["mission"]) * (1 - g["ended"])).sum()]])
        for _, g in rows.groupby("t")
    ]  # fmt: skip
    pooled = sm.stats.StratifiedTable(tables).oddsratio_pooled
    assert exact["estimate"] == pytest.approx(pooled, rel=0.1)
    alive = series[(series["name"] == "without") & (series["x"] == 1)].iloc[0]
    first = rows[(rows["t"] == 1) & (rows["mission"] == 0)]
    assert alive["value"] == pytest.approx(1 - first["ended"].mean())


def test_where_no_treated_spell_ends_the_exact_odds_ratio_is_judged() -> None:
    tidy = dict(world())
    kept = panel(tidy, "ongoing_gml", "force_gml")
    fighting = kept.loc[kept["ongoing_gml"] == 1, KEY]
    onsets = fighting.assign(year=fighting["year"] - 1)
    marked = tidy["unpmm"].merge(onsets, on=KEY, how="left", indicator=True)["_merge"].to_numpy()
    tidy["unpmm"] = tidy["unpmm"][marked == "left_only"].reset_index(drop=True)

    findings, _ = described(claim("spells", controls=CONTROLS, since=1980), tidy).frames("made_up")

    judged = findings[findings["judged"]].iloc[0]
    assert (judged["unit"], judged["estimate"], judged["conf_low"]) == ("odds ratio", 0, 0)
    assert 0 < judged["conf_high"] < 1


# Formation


def near_rows(tidy: dict[str, pd.DataFrame]) -> pd.DataFrame:
    rows = panel(tidy, "defence_pact", "new_gml")
    same = region(rows["ccode1"].to_numpy()) == region(rows["ccode2"].to_numpy())
    return rows[same].reset_index(drop=True)


def test_regional_onsets_are_those_with_third_states_counted_one_by_one() -> None:
    near = near_rows(world())

    made = regional_onsets(near, 5)

    began = {(r.ccode1, r.ccode2, r.year) for r in near[near["new_gml"] == 1].itertuples()}
    for i in np.random.default_rng(0).integers(0, len(near), 300):
        one, other, year = (int(v) for v in near.loc[i, KEY])
        counted = sum(
            (state in (a, b)) and {a, b} != {one, other} and year - 5 <= t < year
            for a, b, t in began
            for state in (one, other)
        )
        assert made[i] == counted / 2
    assert len(np.unique(made)) > 10


def planted(slope: float) -> dict[str, pd.DataFrame]:
    """The demo's world with pacts that begin by regional onsets, `slope` on the log-odds of a doubling."""
    tidy, rng = dict(calm()), np.random.default_rng(5)
    near = near_rows(tidy)
    conflict = np.log2(1 + regional_onsets(near, 5))
    chance = 1 / (1 + np.exp(4 - slope * conflict))
    held, rows, last = False, [], (0, 0)
    for key, p, draw in zip(near[KEY].itertuples(index=False), chance, rng.random(len(near)), strict=True):
        held = held and (key[0], key[1]) == last
        held, last = (draw < 0.9) if held else (draw < p), (key[0], key[1])
        if held:
            rows.append(tuple(key))
    pacts = pd.DataFrame(rows, columns=KEY)
    blank = {name: 0 for name in tidy["atop"].columns if name not in KEY}
    tidy["atop"] = pacts.assign(**{**blank, "defence_pact": 1})[tidy["atop"].columns]
    states = sorted({*near["ccode1"], *near["ccode2"]})
    threat = pd.MultiIndex.from_product([states, range(1980, 2011)], names=["ccode", "year"]).to_frame(index=False)
    names = ("territorial_threat", "territorial_threat_sd", "territorial_threat_m", "territorial_threat_m_sd")
    tidy["territorial-threat"] = threat.assign(**{name: rng.normal(size=len(threat)) for name in names})
    return tidy


def test_the_making_of_pacts_is_a_logit_of_dyads_without_one_and_holds_the_truth() -> None:
    slope = 0.7
    tidy = planted(slope)
    asked = claim("formation", controls=CONTROLS, since=1980)
    assert {"territorial-threat", "atop", "gml-mid"} <= set(sources_of(asked))

    findings, series = described(asked, tidy).frames("made_up")

    rows = panel(tidy, "defence_pact", "new_gml", *CONTROLS)
    rows = rows[region(rows["ccode1"].to_numpy()) == region(rows["ccode2"].to_numpy())].reset_index(drop=True)
    rows["conflict"] = np.log2(1 + regional_onsets(rows, 5))
    kept = []
    for _, dyad in rows.groupby(KEY[:2]):
        since = 0
        for before, now in zip(dyad.iloc[:-1].itertuples(), dyad.iloc[1:].itertuples(), strict=True):
            since = 0 if before.defence_pact or now.year != before.year + 1 else since + 1
            if now.year == before.year + 1 and not before.defence_pact and now.year >= WINDOW[0]:
                then = {name: getattr(before, name) for name in CONTROLS}
                kept.append({"begun": now.defence_pact, "conflict": now.conflict, "t": since, **then})
    table = pd.DataFrame(kept).dropna()
    fitted = smf.logit(f"begun ~ conflict + t + I(t**2) + I(t**3) + {' + '.join(CONTROLS)}", table).fit(
        disp=0, tol=1e-12, maxiter=200
    )
    judged = findings[findings["judged"]].iloc[0]
    assert judged["estimate"] == pytest.approx(np.exp(fitted.params["conflict"]), rel=1e-5)
    assert judged["nobs"] == len(table)
    assert judged["conf_low"] < np.exp(slope) < judged["conf_high"]
    assert judged["conf_low"] > 1
    both = findings.iloc[:2]
    width = both["conf_high"] - both["conf_low"]
    assert both["judged"].tolist() == [width[0] > width[1], width[0] < width[1]]
    within = findings.set_index("quantity").loc["Odds that a defence pact begins, within region and decade"]
    assert within["conf_low"] < np.exp(slope) < within["conf_high"]
    threat = findings[findings["unit"].str.contains("standard deviation")].iloc[0]
    assert threat["conf_low"] < 1 < threat["conf_high"]
    begun = series[series["panel"] == "Defence pacts begun, by the same"]["value"].sum()
    assert (
        begun
        == at_risk(rows.assign(territorial_threat_1=0.0, territorial_threat_2=0.0), Options(), WINDOW)["begun"].sum()
    )
