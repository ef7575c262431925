"""Counts known before this code: met exactly, or every differing row explained (docs/known-answers.md)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest

from detente.data.sources import RawTable
from detente.data.sources.cooperation.exercises import FILE as EXERCISES
from detente.data.sources.cooperation.exercises import SLOTS, clean
from detente.data.sources.peacekeeping.missions import PARTIES

from support.known import DYAD, DYAD_YEAR, Record
from support.known_frames import LATE_SLOTS, SPELLS_OF_CONTIGUITY, UNCODED, _long, _pairs

pytestmark = pytest.mark.record


# Readers that infer a column's type from every third row meet no name in these columns and empty them.
VIETNAM = 816


def _counts(panel: pd.DataFrame, rows: pd.Series) -> dict[str, int]:
    part = panel[rows]
    names = ("new_gml", "new_cow", "ongoing_gml", "force_gml", "fatal_gml")
    return {"dyad_years": len(part), "dyads": _dyads(part), **{name: int(part[name].sum()) for name in names}}


def _dyads(frame: pd.DataFrame) -> int:
    return len(frame[DYAD].drop_duplicates())


def _known(*values: int) -> dict[str, int]:
    names = ("dyad_years", "dyads", "new_gml", "new_cow", "ongoing_gml", "force_gml", "fatal_gml")
    return dict(zip(names, values, strict=True))


def _absent(these: pd.DataFrame, those: pd.DataFrame) -> pd.DataFrame:
    """Rows of `these` whose dyad-year `those` lacks."""
    merged = these.merge(those[DYAD_YEAR].drop_duplicates(), on=DYAD_YEAR, how="left", indicator=True)
    return merged[merged["_merge"] == "left_only"].drop(columns="_merge")


def test_all_dyads_meet_the_independent_count(record: Record) -> None:
    everything = pd.Series(True, index=record.panel.index)
    # Independent count, undirected COW dyad-years 1980–2010, column "all dyads".
    assert _counts(record.panel, everything) == _known(497_568, 19_543, 1_115, 1_191, 1_516, 790, 327)


def test_onsets_of_which_less_is_known_or_more_is_asked(record: Record) -> None:
    relevant = record.panel["politically_relevant"] == 1
    # Computed. Onsets whose deaths are unknown (−9); onsets in a year after a year without a dispute.
    unknown = (record.panel["new_gml"] == 1) & record.panel["fatal_gml"].isna()
    assert (int(unknown.sum()), int((unknown & relevant).sum())) == (36, 22)
    assert record.panel["onset_fatal_gml"].sum() == 327
    strict = record.panel["onset_gml_strict"]
    assert (int(strict.sum()), int(strict[relevant].sum())) == (1_115 - 357, 908 - 325)


def test_our_samples(record: Record) -> None:
    # Ours: contdird of Direct Contiguity 3.2, any type; either state a major power in the year.
    assert _counts(record.panel, record.panel["contiguous"] == 1) == _known(15_768, 598, 742, 773, 971, 514, 214)
    relevant = record.panel["politically_relevant"] == 1
    assert _counts(record.panel, relevant) == _known(48_156, 1_864, 908, 956, 1_207, 626, 267)


def test_a_gap_that_straddles_contiguity_gives_the_independent_samples(record: Record, narrow: pd.DataFrame) -> None:
    # Independent count, columns "contiguous" and "politically relevant": all fourteen numbers.
    assert _counts(record.panel, narrow["contiguous"]) == _known(15_649, 590, 738, 767, 961, 511, 214)
    assert _counts(record.panel, narrow["relevant"]) == _known(48_097, 1_861, 904, 952, 1_197, 623, 267)


def test_dyads_that_the_straddling_gap_loses(record: Record, narrow: pd.DataFrame) -> None:
    lost = record.panel[(record.panel["contiguous"] == 1) & ~narrow["contiguous"]]
    # Computed. Eight dyads lose every contiguous year, four the one year in which a gap begins or ends.
    assert {tuple(map(int, k)): len(v) for k, v in lost.groupby(DYAD)} == {
        (310, 365): 12, (315, 365): 12, (355, 365): 12, (360, 365): 12, (365, 700): 12,
        (325, 345): 27, (345, 350): 14, (530, 670): 14,
        (305, 345): 1, (339, 345): 1, (530, 679): 1, (651, 663): 1,
    }  # fmt: skip
    assert len(lost) == 15_768 - 15_649
    # 60 of them have a major power, the Soviet Union, and stay relevant: 59 leave the relevant sample.
    assert int((lost["major_power"] == 1).sum()) == 60
    # Three of the dyads had disputes: onsets GML and COW, dispute years, use of force.
    disputes = lost.groupby(DYAD)[["new_gml", "new_cow", "ongoing_gml", "force_gml"]].sum()
    found = {tuple(map(int, k)): list(v) for k, v in disputes[disputes.any(axis=1)].T.items()}
    assert found == {(325, 345): [3, 3, 8, 2], (345, 350): [1, 1, 2, 1], (365, 700): [0, 2, 0, 0]}


def test_spells_and_years_of_contiguity_agree(record: Record) -> None:
    spells = record.read("cow-contiguity-3.2", SPELLS_OF_CONTIGUITY)
    years = {
        (s.statelno, s.statehno, year) for s in spells.itertuples() for year in range(s.begin // 100, s.end // 100 + 1)
    }
    # The master file's spells, first and last year included, give the dyad-years of the yearly file.
    yearly = record.tidy["cow-contiguity-3.2"].query("year <= 2016")
    assert years == set(yearly[DYAD_YEAR].itertuples(index=False, name=None))
    assert len(years) == 41_220


def test_dispute_and_contiguity_files(record: Record) -> None:
    # Independent count: undirected dyad-years with a dispute, whole files.
    assert (len(record.tidy["gml-mid"]), len(record.tidy["mid-5.0"])) == (4_642, 5_117)
    # Independent count: ordered rows that occur twice in contdird.
    ordered = record.raw["cow-contiguity-3.2"]["DirectContiguity320.zip"]
    assert int(ordered.duplicated(["state1no", "state2no", "year"]).sum()) == 58


def test_dyad_years_with_a_dispute_by_coding(record: Record) -> None:
    # Independent count, whole files: pairing the sides of MID 5 by year, MID 5, dyadic MID 4.02, GML, MIE.
    sides = record.raw["mid-5.0-participants"]["MIDB 5.0.csv"][["dispnum", "ccode", "sidea", "styear", "endyear"]]
    pairs = sides[sides["sidea"] == 1].merge(sides[sides["sidea"] == 0], on="dispnum")
    low, high = np.sort(pairs[["ccode_x", "ccode_y"]].to_numpy(), axis=1).T
    first, last = pairs[["styear_x", "styear_y"]].max(axis=1), pairs[["endyear_x", "endyear_y"]].min(axis=1)
    spans = zip(low, high, first, last, strict=True)
    naive = {(a, b, year) for a, b, start, end in spans for year in range(start, end + 1)}
    coded = {slug: len(record.tidy[slug]) for slug in ("mid-5.0", "dyadic-mid-4.02", "gml-mid", "mie-1.0")}
    assert len(naive) == 5_160
    assert coded == {"mid-5.0": 5_117, "dyadic-mid-4.02": 4_645, "gml-mid": 4_642, "mie-1.0": 3_868}
    # Independent count: dyad-years of GML and of MID 5 up to 2010 that both have, and that one alone has.
    cow, gml = record.tidy["mid-5.0"].query("year <= 2010"), record.tidy["gml-mid"]
    assert (len(cow.merge(gml, on=DYAD_YEAR)), len(_absent(cow, gml)), len(_absent(gml, cow))) == (4_444, 433, 198)


def test_traps_that_the_files_hold(record: Record) -> None:
    # Independent count: country-years that occur twice in the list of US troops, and rows of territories.
    troops = record.raw["troopdata"]["troopdata-rebuild-country-year.csv"]
    assert (int(troops.duplicated(["ccode", "year"]).sum()), int((troops["ccode"] >= 1000).sum())) == (29, 873)
    # Independent count: alliances of ATOP 4.01 whose end year 0 means that they are still in force.
    alliances = record.raw["atop-4.01"]["atop-alliance-level.csv"]
    assert (len(alliances), int((alliances["endyr"] == 0).sum())) == (745, 334)
    # Independent count: there are no ideal points of 1964, no drought of Norway (385), and no cent in trade.
    assert not (record.tidy["unga-idealpoints"]["year"] == 1964).any()
    drought = record.tidy["climate-drought"]
    assert not drought.loc[drought["ccode"] == 385, "spei"].notna().any()
    assert (record.tidy["cow-trade-4.0"]["trade_cow"].dropna() % 1 == 0).all()
    # Exercises and defence agreements are coded for 1980–2010 and for no other year.
    assert (set(record.tidy["mme"]["year"]), set(record.tidy["dcad"]["year"])) == (set(range(1980, 2011)),) * 2


def test_rows_that_a_conditional_logit_keeps(record: Record, narrow: pd.DataFrame) -> None:
    # Independent count: "the FE logit keeps 15 % of relevant rows": those of dyads whose onsets vary while they are at
    # risk. As in the power below, a row needs the year before, for last year's treatment.
    rows = record.panel[narrow["relevant"]]
    follows = rows.groupby(DYAD)["year"].shift() == rows["year"] - 1
    used = rows[follows & rows["onset_gml"].notna()]
    varies = used.groupby(DYAD)["onset_gml"].transform("nunique") > 1
    assert (len(used), int(varies.sum()), round(100 * varies.mean())) == (45_951, 7_081, 15)


def test_exercise_file(record: Record) -> None:
    table, long = record.raw["mme"][EXERCISES], _long(record)
    # Independent count: rows, distinct identifiers, slots that hold −9, most participants.
    assert (len(table), table["MMEID"].nunique(), int((long["name"] == "-9").sum())) == (3_707, 3_704, 208)
    sizes, by_identifier = long.groupby("exercise").size(), long.groupby("identifier").size()
    assert sizes.max() == 39
    # Independent count: 89 with one participant. By identifier; by row 91, as two of the three identifiers
    # that are used twice hide an exercise with one participant.
    assert (int((by_identifier == 1).sum()), int((sizes == 1).sum())) == (89, 91)
    # Independent count: there is no RIMPAC 2000.
    rimpac = table[table["Ex_Name"].str.contains("RIMPAC", case=False)]["s.year"].astype(int)
    assert set(rimpac) == set(range(1980, 2011, 2)) - {2000}


def test_columns_that_hold_no_name_in_any_third_row(record: Record) -> None:
    # readr infers a type from 1,000 rows, evenly spaced: every third of these 3,707. It meets no name exactly
    # in the columns whose loss reproduces the independent count.
    sampled = record.raw["mme"][EXERCISES].iloc[:: 3_707 // 1_000].head(1_000)
    assert tuple(s for s in SLOTS if (sampled[s].str.strip() == "").all()) == tuple(LATE_SLOTS)
    late = _long(record).query("slot in @LATE_SLOTS")
    assert (len(late), late["exercise"].nunique()) == (79, 13)


def test_lost_names_give_the_independent_counts(looked_up: pd.DataFrame) -> None:
    pairs = _pairs(looked_up).merge(looked_up[["exercise", "size"]].drop_duplicates(), on="exercise")
    # Independent count: "about 39.0 thousand" dyad-exercises, 18,214 undirected dyad-years, 3,596 dyads,
    # 1,485 dyad-years of bilateral exercises, 3,887 of exercises with at most five participants.
    assert len(pairs) == 38_991
    assert (len(pairs[DYAD_YEAR].drop_duplicates()), _dyads(pairs)) == (18_214, 3_596)
    assert len(pairs[pairs["size"] == 2][DYAD_YEAR].drop_duplicates()) == 1_485
    assert len(pairs[pairs["size"] <= 5][DYAD_YEAR].drop_duplicates()) == 3_887


def test_sizes_of_exercises(looked_up: pd.DataFrame) -> None:
    sizes = looked_up.groupby("exercise")["ccode"].nunique()
    exercises = 3_704 - 89
    bilateral, large = sizes == 2, sizes >= 10
    dyads = sizes * (sizes - 1) / 2
    # Independent count: 60 % of exercises are bilateral but make 5.6 % of exercise dyad-years; the 6.7 % with
    # ten participants or more make 60 %. They are shares of exercises with two names or more, and of
    # dyad-exercises.
    shares = (bilateral.sum() / exercises, dyads[bilateral].sum() / dyads.sum())
    assert [round(100 * s, 1) for s in shares] == [60.3, 5.6]
    shares = (large.sum() / exercises, dyads[large].sum() / dyads.sum())
    assert [round(100 * s, 1) for s in shares] == [6.7, 60.0]


@dataclass(frozen=True)
class Contrast:
    """How a treatment varies in a sample, and the risk of an onset after a year with and without it."""

    share_any: float
    share_bilateral: float
    on: int
    off: int
    ratio: float


def _contrast(sample: pd.DataFrame) -> Contrast:
    """Switches and ratio compare adjacent years of a dyad in the sample; the ratio is among dyads at risk."""
    ordered = sample.sort_values(DYAD_YEAR)
    dyads = ordered.groupby(DYAD)
    before = dyads["any"].shift().astype("float64").where(dyads["year"].shift() == ordered["year"] - 1)
    risk = ordered.groupby(before)["onset_gml"].mean()
    return Contrast(
        share_any=round(100 * ordered["any"].mean(), 2),
        share_bilateral=round(100 * ordered["bilateral"].mean(), 2),
        on=int(((before == 0) & ordered["any"]).sum()),
        off=int(((before == 1) & ~ordered["any"]).sum()),
        ratio=round(risk[1] / risk[0], 2),
    )


def test_lost_names_give_the_independent_contrasts(record: Record, narrow: pd.DataFrame, derived: pd.DataFrame) -> None:
    panel = record.panel.merge(derived, on=DYAD_YEAR, how="left", validate="one_to_one")
    panel = panel.assign(any=panel["smallest"].notna(), bilateral=panel["smallest"] == 2)
    # Independent count: share with an exercise, any / bilateral; switches on / off; risk with an exercise
    # last year ÷ without. It prints 3.65, 0.30; 16.8, 2.67; 24.0, 2.97 and 4.1, 0.94, 0.61.
    assert _contrast(panel) == Contrast(3.65, 0.30, 7_732, 6_370, 4.10)
    relevant = _contrast(panel[narrow["relevant"]])
    assert relevant == Contrast(16.83, 2.67, 2_660, 2_222, 0.94)
    contiguous = _contrast(panel[narrow["contiguous"]])
    assert contiguous == Contrast(23.96, 2.97, 1_126, 940, 0.61)


def test_our_contrasts(record: Record) -> None:
    panel = record.panel.assign(
        any=record.panel["exercise_any"] == 1, bilateral=record.panel["exercise_bilateral"] == 1
    )
    # Ours, as docs/known-answers.md prints them.
    assert _contrast(panel) == Contrast(4.06, 0.30, 9_038, 6_996, 3.78)
    assert _contrast(panel[panel["politically_relevant"] == 1]) == Contrast(18.16, 2.65, 3_084, 2_512, 0.86)
    assert _contrast(panel[panel["contiguous"] == 1]) == Contrast(26.10, 2.97, 1_362, 1_112, 0.55)


def test_our_exercises(record: Record) -> None:
    exercised = record.tidy["mme"]
    pairs = _pairs(exercised)
    once = pairs.drop_duplicates(["exercise", *DYAD])
    parties = exercised.drop_duplicates("exercise").set_index("exercise")["parties"]
    makes_dyad, by_pair = parties.loc[once["exercise"].unique()], once["exercise"].map(parties)
    # Ours, as docs/known-answers.md prints them: dyads, dyad-exercises, shares of two and of ten parties.
    assert (_dyads(pairs), len(pairs)) == (4_107, 42_166)
    shares = ((makes_dyad == 2).mean(), (by_pair == 2).mean(), (makes_dyad >= 10).mean(), (by_pair >= 10).mean())
    assert [round(100 * s, 1) for s in shares] == [60.6, 5.1, 7.1, 63.4]


@dataclass(frozen=True)
class Additions:
    """Dyad-years that our cleaning adds to the derived file's, by what the derived file lost; one row each.

    A dyad-year that several exercises make counts for the first of them in the file.
    """

    vietnam: pd.DataFrame
    columns: pd.DataFrame
    states: pd.DataFrame


@pytest.fixture(scope="module")
def additions(record: Record) -> Additions:
    table = record.raw["mme"][EXERCISES]
    early = table.assign(**dict.fromkeys(LATE_SLOTS, ""))
    whole, cut = (clean({**record.raw["mme"], EXERCISES: t}).frame for t in (table, early))
    uncoded = set().union(*UNCODED.values())
    steps = [cut[~cut["ccode"].isin(uncoded | {VIETNAM})], cut[~cut["ccode"].isin(uncoded)]]
    steps += [whole[~whole["ccode"].isin(uncoded)], whole]
    years = [_pairs(s).sort_values("exercise", kind="stable").drop_duplicates(DYAD_YEAR) for s in steps]
    return Additions(*(_absent(after, before) for before, after in pairwise(years)))


def test_our_exercise_dyad_years_are_the_derived_ones_plus_lost_participants(
    record: Record, derived: pd.DataFrame, additions: Additions
) -> None:
    ours = record.panel[record.panel["exercise_any"] == 1]
    placed = derived.merge(record.panel[DYAD_YEAR], on=DYAD_YEAR)
    # In the panel the derived file has 18,161; 53 of its 18,214 have the code 815, no state of these years.
    assert (len(placed), len(ours)) == (18_161, 20_209)
    assert {815} < set(_absent(derived, record.panel)[DYAD].to_numpy().ravel())
    added = len(additions.vietnam), len(additions.columns), len(additions.states)
    assert added == (53, 935, 1_060)
    assert len(placed) + sum(added) == len(ours)
    # The thirteen that we lack are Germany's of 1990: before October the state is the Federal Republic, 260.
    lacking = _absent(placed, ours)
    assert (len(lacking), set(lacking["year"])) == (13, {1990})
    assert ((lacking[DYAD] == 255).any(axis=1)).all()
    swapped = lacking.assign(ccode1=lacking["ccode1"].replace(255, 260), ccode2=lacking["ccode2"].replace(255, 260))
    low, high = np.sort(swapped[DYAD].to_numpy(), axis=1).T
    assert _absent(swapped.assign(ccode1=low, ccode2=high), ours).empty


def test_exercises_that_make_the_additional_dyad_years(record: Record, additions: Additions) -> None:
    identifier = record.raw["mme"][EXERCISES]["MMEID"]

    def by_exercise(added: pd.DataFrame) -> dict[str, int]:
        return added["exercise"].map(identifier).value_counts().to_dict()

    # Complete lists for the columns and for Vietnam, as docs/known-answers.md prints them.
    assert by_exercise(additions.columns) == {
        "mme3380": 278, "mme3365": 256, "mme3261": 117, "mme1978": 78, "mme2858": 56, "mme2403": 46,
        "mme3568": 42, "mme2076": 24, "mme2170": 22, "mme2085": 11, "mme3415": 4, "mme1616": 1,
    }  # fmt: skip
    assert by_exercise(additions.vietnam) == {
        "mme3640": 13, "mme3298": 12, "mme3350": 12, "mme2789": 9, "mme2835": 6, "mme108": 1
    }  # fmt: skip
    states = by_exercise(additions.states)
    assert (len(states), sum(states.values())) == (48, 1_060)
    assert {name: states[name] for name in ("mme1909", "mme3494", "mme2447", "mme3496", "mme3365")} == {
        "mme1909": 87, "mme3494": 75, "mme2447": 69, "mme3496": 69, "mme3365": 67
    }  # fmt: skip


def test_additional_dyad_years_by_lost_state(additions: Additions) -> None:
    uncoded = set().union(*UNCODED.values())
    states = pd.concat([additions.states["ccode1"], additions.states["ccode2"]])
    # Computed. Dyad-years with each state; the 162 between two of them count for both.
    assert states[states.isin(uncoded)].value_counts().to_dict() == {
        54: 161, 56: 153, 58: 153, 60: 148, 57: 143, 403: 137,
        55: 132, 955: 91, 591: 45, 935: 34, 679: 22, 986: 3,
    }  # fmt: skip
    assert int(additions.states[DYAD].isin(uncoded).all(axis=1).sum()) == 162


def test_bilateral_and_small_exercises_count_unnamed_parties(record: Record, derived: pd.DataFrame) -> None:
    found = []
    for ours, theirs in (("exercise_bilateral", 2), ("exercise_small", 5)):
        mine = record.panel[record.panel[ours] == 1]
        placed = derived[derived["smallest"] <= theirs].merge(record.panel[DYAD_YEAR], on=DYAD_YEAR)
        found.append((len(mine), len(placed), len(_absent(placed, mine)), len(_absent(mine, placed))))
    # Ours, the derived file's in the panel, and how many only one of the two has.
    assert found == [(1_474, 1_483, 21, 12), (3_822, 3_885, 92, 29)]


def test_alliances(record: Record) -> None:
    # Independent count: directed dyad-years, each with its reverse; pairs whose directions differ.
    pacts = record.tidy["atop"]
    assert len(pacts) == 2 * 136_648
    low, high = pacts[["ccode1", "ccode2"]].min(axis=1), pacts[["ccode1", "ccode2"]].max(axis=1)
    pairs = pacts.groupby([low, high, pacts["year"]])
    assert (pairs.size() == 2).all()
    differing = {name: int((pairs[name].nunique() == 2).sum()) for name in ("defence_pact", "offence_pact")}
    assert differing == {"defence_pact": 492, "offence_pact": 46}


@pytest.mark.fault("panels")
def test_a_pact_binds_in_a_directed_panel_whom_it_binds(record: Record) -> None:
    names = ("defence_pact", "consultation_pact", "defence_allies_target", "target_allied")
    slugs, window = ("atop", "cow-state-system"), (1816, 2014)
    pairs = record.build(slugs, window, variables=names[:2])
    ways = record.build(slugs, window, "directed-dyad-year", (*names, "defence_pact_either")).frame
    # The treaty of 1960 binds the United States to defend Japan, and Japan to nothing.
    value = ways.set_index(DYAD_YEAR)["defence_pact"]
    assert (value[(2, 740, 1960)], value[(740, 2, 1960)]) == (1, 0)
    assert pairs.frame.set_index(DYAD_YEAR).loc[(2, 740, 1960), "defence_pact"] == 1
    # The file's own rows, in the panel where both states are members.
    raw = record.read("atop", RawTable("atop_alliance.rda", {}))[[*DYAD_YEAR, "atop_defense"]]
    both = ways.merge(raw.astype("int64"), how="left", on=DYAD_YEAR)
    assert both["defence_pact"].equals(both["atop_defense"].fillna(0.0))
    low, high = ways[["ccode1", "ccode2"]].min(axis=1), ways[["ccode1", "ccode2"]].max(axis=1)
    highest = ways["defence_pact"].groupby([low, high, ways["year"]]).max()
    assert highest.to_numpy().tolist() == pairs.frame["defence_pact"].tolist()
    assert (ways["defence_pact_either"] >= ways["defence_pact"]).all()
    said = pairs.attrition.set_index("reason")["rows"]
    differing = int((ways["defence_pact"] != ways["defence_pact_either"]).sum())
    assert said["defence_pact differs by direction: without direction the maximum counts"] == differing
    # A third state: allies of the target less the sender, whichever the pact binds.
    expected = ways["defence_allies_target"] - ways["defence_pact_either"] > 0
    assert ways["target_allied"].equals(expected.astype("float64"))


def test_defence_agreements(record: Record) -> None:
    in_force = record.tidy["dcad"].query("defence_agreement == 1")
    # Independent count: undirected dyad-years and dyads with an agreement in force, any type.
    assert (len(in_force), _dyads(in_force)) == (7_611, 819)


def _naive_pairs(record: Record, kind: str) -> pd.DataFrame:
    """Every pair of parties coded in a mission-year, as the file has them."""
    rows = record.raw["unpmm"]["UNPMM_V2.0.xlsx"].query("mission_type == @kind")
    pairs = {
        (a, b, int(row["task_yearest"]))
        for row in rows.to_dict("records")
        for a, b in combinations(sorted({int(row[p]) for p in PARTIES if pd.notna(row[p])}), 2)
    }
    return pd.DataFrame(sorted(pairs), columns=DYAD_YEAR)


def test_missions(record: Record) -> None:
    naive, offices = _naive_pairs(record, "PKO"), _naive_pairs(record, "GOE")
    # Independent count: 460 peacekeeping and 212 good-offices dyad-years; 35 dyads with peacekeeping.
    assert (len(naive), len(offices), _dyads(naive)) == (460, 212, 35)
    tidy = record.tidy["unpmm"]
    ours, our_offices = tidy[tidy["un_mission"] == 1], tidy[tidy["un_good_offices"] == 1]
    # Our source ends in 2022, the naive count in 2023.
    for lacking, rows in ((_absent(naive, ours), 6), (_absent(offices, our_offices), 4)):
        assert (len(lacking), set(lacking["year"])) == (rows, {2023})
    assert _absent(our_offices, offices).empty
    # Our addition: UNTSO stands between Israel (666) and each neighbour that signed an armistice.
    added = _absent(ours, naive)
    assert {tuple(map(int, k)): len(v) for k, v in added.groupby(DYAD)} == {
        (651, 666): 56, (652, 666): 26, (660, 666): 30, (663, 666): 75
    }  # fmt: skip
    assert (len(ours), _dyads(ours)) == (460 - 6 + 187, 36)


def test_missions_between_two_parties_alone(record: Record) -> None:
    tidy = record.tidy["unpmm"]
    many, two = tidy[tidy["un_mission"] > tidy["un_mission_pair"]], tidy[tidy["un_mission_pair"] == 1]
    # Computed: what is left of the 641 dyad-years and 36 dyads.
    assert (len(two), len(many), _dyads(two)) == (529, 112, 18)
    expanded = record.cleaned["unpmm"].attrition.query("action == 'expanded'")
    assert dict(zip(expanded["record"], expanded["rows"], strict=True)) == {
        "MEDIATOR IN PALESTINE": 20, "ONUCA": 40, "OSEGL": 30, "UNCCP": 40, "UNEF I": 72, "UNPROFOR": 12, "UNRCCA": 160,
    }  # fmt: skip
