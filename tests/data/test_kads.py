"""K-ads: groups of states as units, groups drawn to compare them with, and what of their pairs each of them has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from itertools import combinations
from math import comb, log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.base.errors import ConfigError, PanelError, TooLarge, UnknownVariable
from detente.base.memory import Memory
from detente.cli import command, main
from detente.data import kads, region
from detente.data.kads import COLUMNS, Asked, KadPanel, Sampling, kad_panel

from support.builders import REPOSITORY
from support.kad_worlds import dyad_years, entries, events, spells

CONTROLS = (
    "rivalry:2", "democracy_low:2", "capability_ratio:2", "contiguous", "log_distance", "peace_years",
)  # fmt: skip
HELD = (
    (1993, (2, 20)), (1993, (2, 200, 220)), (1993, (200, 210, 220, 230)), (1993, (2, 20)), (1994, (710, 732)),
    (1994, (2, 20, 70, 200, 210, 220, 230, 740)), (1995, (255, 9999)), (1995, (2, 255, 9999)),
)  # fmt: skip


def made(held: Sequence[tuple[int, Sequence[int]]] = HELD, **asked: object) -> KadPanel:
    """The k-ads of events in the small world."""
    options = {"years": (1993, 1997), "controls": CONTROLS, **asked}
    return kad_panel(dyad_years(), entries(), events(held), spells(), Asked(**options))  # type: ignore[arg-type]


def groups(panel: KadPanel) -> dict[int, tuple[int, ...]]:
    """States of each k-ad."""
    return {int(kad): tuple(part) for kad, part in panel.members.groupby("kad")["ccode"]}


def by_hand(values: list[float], rule: str) -> float:
    """A rule of the declared ones, as its words say."""
    unknown = any(np.isnan(values))
    if rule == "any":
        return 1.0 if 1.0 in values else np.nan if unknown else 0.0
    if unknown:
        return np.nan
    return {"share": np.mean, "mean": np.mean, "min": min, "max": max}[rule](values)  # type: ignore[no-any-return]


def test_every_column_is_what_a_loop_over_pairs_finds() -> None:
    panel, pairs = made(), dyad_years().set_index(["ccode1", "ccode2", "year"])
    rules = {
        "rivalry_any_lag2": ("rivalry", 2, "any"), "democracy_low_min_lag2": ("democracy_low", 2, "min"),
        "capability_ratio_max_lag2": ("capability_ratio", 2, "max"), "contiguous_share": ("contiguous", 0, "share"),
        "log_distance_mean": ("log_distance", 0, "mean"), "peace_years_min": ("peace_years", 0, "min"),
    }  # fmt: skip
    states = groups(panel)
    for row in panel.frame.to_dict("records"):
        mine, year = list(combinations(states[row["kad"]], 2)), row["year"]
        outcome = [pairs.loc[(*pair, year), "onset_gml"] for pair in mine]
        known = [value for value in outcome if not np.isnan(value)]
        assert row["size"] == len(states[row["kad"]])
        assert row["pairs"] == len(mine) == comb(row["size"], 2)
        assert row["pairs_at_risk"] == len(known)
        assert row["onsets"] == sum(known)
        np.testing.assert_equal(row["onset_any"], float(any(known)) if known else np.nan)
        np.testing.assert_equal(row["onset_share"], np.mean(known) if known else np.nan)
        for column, (name, years, rule) in rules.items():
            wanted = by_hand([pairs.loc[(*pair, year - years), name] for pair in mine], rule)
            np.testing.assert_allclose(row[column], wanted, rtol=1e-14, err_msg=column)


def test_observed_kads_are_those_of_events_each_group_once() -> None:
    panel = made()
    observed = panel.frame[panel.frame["event"] == 1]
    found = {(int(r.year), groups(panel)[int(r.kad)], int(r.events)) for r in observed.itertuples()}
    expected = {
        (1994, (2, 20), 2), (1994, (2, 200, 220), 1), (1994, (200, 210, 220, 230), 1), (1995, (710, 732), 1),
        (1995, (2, 20, 70, 200, 210, 220, 230, 740), 1), (1996, (2, 255), 1),
    }  # fmt: skip
    assert found == expected, "the outcome is a year after the event; strangers to the system are no members"
    said = panel.attrition.set_index("reason")["rows"]
    assert said["participant is no member of the system that year"] == 2
    assert said["fewer than two members of the system: no k-ad"] == 1
    assert said["events of the same states in one year are one k-ad"] == 1


def test_comparisons_are_of_the_same_year_size_and_regions_and_took_part_together_in_nothing() -> None:
    panel = made()
    states = groups(panel)
    observed: dict[int, list[set[int]]] = {}
    for row in panel.frame[panel.frame["event"] == 1].itertuples():
        observed.setdefault(int(row.year), []).append(set(states[int(row.kad)]))
    for _, part in panel.frame.groupby("stratum"):
        drawn = [states[kad] for kad in part.loc[part["event"] == 0, "kad"]]
        assert len(set(drawn)) == len(drawn), "without replacement"
        alike = {(int(r.year), tuple(sorted(region(np.array(states[int(r.kad)]))))) for r in part.itertuples()}
        assert len(alike) == 1
        assert not any(set(group) <= held for group in drawn for held in observed[int(part["year"].iloc[0])])
        total = part.groupby("event")["weight"].sum()
        if 0 in total.index:
            assert total[0] == pytest.approx(total[1])


def test_of_an_event_whose_states_are_surmised_no_group_is_a_kad_or_a_comparison() -> None:
    """Of four American states two serve together; three others may have, so that no two of these are drawn."""
    rows = events([(1993, (2, 90)), (1993, (20, 70, 90)), (1994, (2, 20))])
    rows["known"] = (rows["event"] != 1).astype("int64")
    panel = kad_panel(dyad_years(), entries(), rows, spells(), Asked((1994, 1995), sampling=Sampling(draws=100)))
    states = groups(panel)
    of_1994 = [(states[int(r.kad)], int(r.event)) for r in panel.frame[panel.frame["year"] == 1994].itertuples()]
    assert sorted(of_1994) == [((2, 20), 0), ((2, 70), 0), ((2, 90), 1)]
    of_1995 = panel.frame[panel.frame["year"] == 1995]
    assert len(of_1995) == comb(4, 2), "in other years they are drawn as others are"
    said = panel.attrition.set_index("reason")["rows"]
    assert said["who took part is surmised: no k-ad, and no comparison"] == 1


@pytest.mark.slow
def test_every_group_that_may_be_drawn_is_drawn_as_often_as_another_and_with_the_probability_that_is_said() -> None:
    """One exercise of two of four American and one of five European states: C(4, 2)·5 − 1 = 29 others."""
    drawn: Counter[tuple[int, ...]] = Counter()
    repeats = 600
    for seed in range(repeats):
        panel = made([(1993, (2, 20, 200))], controls=(), sampling=Sampling(seed=seed))
        states = groups(panel)
        others = panel.frame[panel.frame["event"] == 0]
        drawn.update(states[kad] for kad in others["kad"])
        assert np.allclose(np.exp(others["inclusion_log"]), 5 / 29)
    counts = np.array(list(drawn.values()))
    assert len(counts) == 29
    expected = repeats * 5 / 29
    # Sampling without replacement: the variance of a count is n·p(1 − p); χ² with 28 degrees of freedom, 0.1 % at 56.9.
    assert ((counts - expected) ** 2).sum() / (expected * (1 - 5 / 29)) * 28 / 29 < 56.9


def test_of_large_groups_the_population_is_all_that_lie_inside_no_observed_one() -> None:
    """Of 60 states of Europe C(60, 6) groups of six, less those inside exercises of six and of thirty."""
    codes = tuple(range(200, 260))
    wide = tuple(codes[:30])
    rows = events([(1993, wide), (1993, tuple(codes[20:26]))])
    dyads = dyad_years(codes, range(1993, 1996))
    panel = kad_panel(dyads, entries(), rows, spells(codes), Asked((1994, 1994), sampling=Sampling(draws=40)))
    six = panel.frame[(panel.frame["size"] == 6) & (panel.frame["event"] == 0)]
    assert len(six) == 40
    inside = comb(30, 6)  # That of six lies inside that of thirty.
    allowed = comb(60, 6) - inside
    np.testing.assert_allclose(-six["inclusion_log"], log(allowed / 40), atol=0.02)
    assert {tuple(m) for _, m in panel.members.groupby("kad")["ccode"]} >= {wide, codes[20:26]}


def test_groups_of_39_of_190_states_are_drawn() -> None:
    codes = tuple(range(2, 192))
    dyads = dyad_years(codes, range(1993, 1995))
    held = events([(1993, codes[:39])])
    panel = kad_panel(dyads, entries(), held, spells(codes), Asked((1994, 1994), sampling=Sampling(by_region=False)))
    assert (panel.frame["size"] == 39).all()
    assert (panel.frame["pairs"] == 741).all()
    assert len(panel.frame) == 6
    np.testing.assert_allclose(panel.frame["inclusion_log"].min(), log(5) - log(comb(190, 39)), rtol=1e-9)


def test_relevant_groups_are_those_that_relevant_pairs_link() -> None:
    panel, pairs = made(sampling=Sampling(relevant=True)), dyad_years().set_index(["ccode1", "ccode2", "year"])
    whole = made()
    relevant = pairs["politically_relevant"] == 1

    def linked(group: tuple[int, ...], year: int) -> bool:
        reached, ahead = {group[0]}, [group[0]]
        while ahead:
            one = ahead.pop()
            new = {o for o in group if o not in reached and relevant.loc[(min(one, o), max(one, o), year)]}
            reached |= new
            ahead += new
        return reached == set(group)

    states = groups(panel)
    assert all(linked(states[int(r.kad)], int(r.year) - 1) for r in panel.frame.itertuples())
    unlinked = [r for r in whole.frame.itertuples() if r.event and not linked(groups(whole)[int(r.kad)], r.year - 1)]
    said = panel.attrition.set_index("reason")["rows"]
    assert said["politically relevant pairs do not link its states"] == len(unlinked) > 0


def test_where_all_others_are_few_all_are_taken_and_none_is_said() -> None:
    """All four American states: no other group of them; three of four: the three others."""
    panel = made([(1993, (2, 20, 70, 90)), (1994, (2, 20, 70))], controls=())
    of = panel.frame.groupby("year")["event"].agg(["sum", "size"])
    assert of.loc[1994].tolist() == [1, 1]
    assert of.loc[1995].tolist() == [1, 4]
    assert np.allclose(panel.frame.loc[panel.frame["year"] == 1995, "inclusion_log"], 0)
    reasons = " ".join(panel.attrition["reason"])
    assert "nothing to compare it with" in reasons
    assert "all that were found" in reasons


def test_weights_and_offset_are_king_and_zengs() -> None:
    """Weighting, w1 = τ/ȳ and w0 = (1 − τ)/(1 − ȳ), and prior correction, ln[((1 − τ)/τ)(ȳ/(1 − ȳ))], of a stratum."""
    panel = made([(1993, (2, 20)), (1993, (2, 70))], controls=(), sampling=Sampling(draws=1, by_region=False))
    frame = panel.frame
    every, observed, drawn = comb(12, 2), 2, 2
    tau, share = observed / every, observed / (observed + drawn)
    expected = np.where(frame["event"] == 1, tau / share, (1 - tau) / (1 - share))
    np.testing.assert_allclose(frame["king_zeng_weight"], expected, rtol=1e-12)
    np.testing.assert_allclose(frame["king_zeng_offset"], log((1 - tau) / tau * share / (1 - share)), rtol=1e-12)


def test_the_same_seed_draws_the_same_groups_in_any_window_and_another_others() -> None:
    one, same, other = made(), made(), made(sampling=Sampling(seed=7))
    pd.testing.assert_frame_equal(one.frame, same.frame)
    assert not one.members.equals(other.members)
    shorter = made(years=(1995, 1995))
    of_1995 = [groups(one)[kad] for kad in one.frame.loc[one.frame["year"] == 1995, "kad"]]
    assert [groups(shorter)[kad] for kad in shorter.frame["kad"]] == of_1995


def test_a_kad_is_at_risk_if_any_pair_of_it_is() -> None:
    pairs = dyad_years()
    pairs["onset_gml"] = np.where((pairs["ccode1"] == 2) & (pairs["ccode2"] == 20), 0.0, np.nan)
    panel = kad_panel(
        pairs, entries(), events([(1993, (2, 20, 200)), (1993, (200, 210))]), spells(), Asked((1994, 1994))
    )
    observed = panel.frame[panel.frame["event"] == 1].set_index("size")
    assert observed.loc[3, ["pairs_at_risk", "onset_any"]].tolist() == [1, 0]
    assert observed.loc[2, "pairs_at_risk"] == 0
    assert np.isnan(observed.loc[2, "onset_any"])


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"outcome": "onset_gm"}, UnknownVariable, "nearest: 'onset_gml'"),
        ({"controls": ("rivalry:0",)}, ConfigError, "write NAME or NAME:YEARS"),
        ({"controls": ("rivalry:9",)}, ConfigError, "need dyad-years of 1984–1997, and the panel has 1990–1999"),
        ({"lag": -1}, ConfigError, "the event comes before the outcome"),
        ({"years": (1997, 1993)}, ConfigError, "after they end"),
        ({"years": (1998, 1999)}, PanelError, "there are no k-ads"),
    ],
)
def test_what_cannot_be_is_refused(asked: dict[str, object], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        made(**asked)


@pytest.mark.parametrize("draws", [0, 101])
def test_comparisons_are_some_and_not_endlessly_many(draws: int) -> None:
    with pytest.raises(ConfigError, match="from 1 to 100"):
        Sampling(draws=draws)


def test_what_needs_more_memory_than_is_free_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detente.data.kads.places.memory", lambda: Memory(1000, 2000))
    with pytest.raises(TooLarge, match="fewer comparisons"):
        made()


def test_a_kind_that_is_none_and_years_without_events_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nearest: 'exercise'"):
        kads.build(Asked((1990, 1991)), "exercises", root=tmp_path)
    with pytest.raises(ConfigError, match="years of the outcome from 1981 to 2011"):
        kads.build(Asked((1980, 1991)), root=tmp_path)
    with pytest.raises(ConfigError, match="no onset among pairs at risk"):
        kads.build(Asked((1990, 1991), "ongoing_gml"), root=tmp_path)


def test_the_page_names_the_options_of_the_command_and_the_columns_of_the_panel() -> None:
    page = (REPOSITORY / "docs" / "kads.md").read_text(encoding="utf-8")
    function = import_module(command.commands()["kads"].module).kads
    options = {command._flag(parameter.name) for parameter, _ in command._options(function)}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", page))
    assert options - named == {"--root", "--mirror"}
    assert named <= options
    assert set(re.findall(r"`(\w+)`", page)) >= set(COLUMNS) - {"kad", "year"}


@pytest.mark.record
def test_the_command_writes_kads_of_the_record_and_their_members(mirror: Path, tmp_path: Path) -> None:
    """2,646 different groups in 1980–2009: of 3,476 exercise-years 789 are of the same states, 41 of fewer than two."""
    out, members = tmp_path / "kads.parquet", tmp_path / "members.parquet"
    words = ["--years", "1981-2010", "--controls", "rivalry:2", "contiguous", "--out", str(out), "--members"]
    assert main(["kads", *words, str(members), "--mirror", str(mirror)]) == 0
    frame, states = pd.read_parquet(out), pd.read_parquet(members)
    assert int(frame["event"].sum()) == 2646
    assert int(frame.loc[frame["event"] == 1, "events"].sum()) == 2646 + 789
    assert (states.groupby("kad").size().to_numpy() == frame["size"]).all()
    assert len(frame) == 6 * 2646


@pytest.mark.record
def test_missions_of_the_record_are_kads_of_their_contributors(mirror: Path, tmp_path: Path) -> None:
    """140 mission-years of 1994–2009 have a map, in six of which one state is named; no two are of the same states."""
    out, members, cite = (tmp_path / name for name in ("kads.parquet", "members.parquet", "cite.bib"))
    words = ["--of", "mission", "--years", "1995-2010", "--out", str(out), "--members", str(members)]
    assert main(["kads", *words, "--cite", str(cite), "--mirror", str(mirror)]) == 0
    frame, states = pd.read_parquet(out), pd.read_parquet(members)
    observed = frame[frame["event"] == 1]
    golan = [tuple(part) for _, part in states.groupby("kad")["ccode"]]
    assert (20, 290, 305, 317, 740) in {golan[kad] for kad in observed.loc[observed["year"] == 2001, "kad"]}
    assert (len(observed), int(observed["events"].sum()), int(observed["size"].max())) == (134, 134, 23)
    assert "cil2020geopko" in cite.read_text("utf-8"), "what the k-ads are made from is cited"


@pytest.mark.record
def test_treaties_of_defence_of_the_record_are_kads_of_their_members(mirror: Path, tmp_path: Path) -> None:
    """732 phase-years of treaties of 1994–2009 with a defence obligation, 31 of them of the same states as another."""
    out = tmp_path / "kads.parquet"
    assert main(["kads", "--of", "alliance", "--years", "1995-2010", "--out", str(out), "--mirror", str(mirror)]) == 0
    observed = pd.read_parquet(out).query("event == 1")
    assert (len(observed), int(observed["events"].sum())) == (701, 732)
