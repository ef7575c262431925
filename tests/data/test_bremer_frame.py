"""The dyad-year frame that R's peacesciencer 0.7.0 builds, rebuilt and compared cell by cell (docs/known-answers.md).

Miller (2022, Table 3) re-analyses Bremer's dangerous dyads: politically relevant dyad-years of 1816–2010. The frame has
112,282 rows; 103,919 of them lack no variable, and the regression uses these.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detente.data.panel import build_panel
from detente.data.sources import ANY, REGISTRY, RawTable, Source, Tidy, Variable

from support.known import DYAD, DYAD_YEAR, ROOT, STATES, Record, observed

pytestmark = pytest.mark.record

ROWS, COMPLETE = 112_282, 103_919
WINDOW = (1816, 2010)
JOINED = ("cow-contiguity-3.2", "gml-mid", "nmc", "atop", "quickuds", "gdp-pop")
FLAG = 0.0
# CINC has eight decimals in release 7 and seven in the frame's release; the frame's scores were estimated once more.
DECIMALS, RE_ESTIMATED = 0.5e-7, 4e-4


def _extra(slug: str, file: str, column: str, name: str) -> tuple[Source, RawTable]:
    """A column of a mirrored file that no module of ours takes, as a source of its own."""
    table = RawTable(file, dict.fromkeys(("ccode", "year", column), ANY))

    def clean(raw: dict[str, pd.DataFrame]) -> Tidy:
        raise NotImplementedError(slug)

    return Source(slug, "state-year", (table,), (Variable(name, name, "", "measure", "control"),), clean, WINDOW), table


POPULATION = _extra("nmc-population", "cow_nmc.rda", "tpop", "people")
INCOME = _extra("sdp-income", "cow_sdp_gdp.rda", "wbgdppc2011est", "log_income")


def _tidy(record: Record, slug: str, extra: tuple[Source, RawTable]) -> pd.DataFrame:
    source, table = extra
    frame = record.read(slug, table)[list(table.columns)]
    named = frame.set_axis(["ccode", "year", source.variables[0].name], axis=1)
    return named.astype({"ccode": "int64", "year": "int64"}).query(f"{WINDOW[0]} <= year <= {WINDOW[1]}")


@pytest.fixture(scope="module")
def record() -> Record:
    return observed()


@pytest.fixture(scope="module")
def theirs(replication: Path) -> pd.DataFrame:
    frame = pd.read_csv(replication / "bremer_peacesciencer" / "analysis_0.7.0.csv.gz")
    named = frame
    return named.sort_values(DYAD_YEAR, ignore_index=True)


@pytest.fixture(scope="module")
def panel(record: Record) -> pd.DataFrame:
    """All dyad-years, 1816–2010, with every source that the frame draws on and the mirror has."""
    modules = [REGISTRY[slug] for slug in (STATES, *JOINED)]
    tidy = {source.slug: record.tidy[source.slug] for source in modules}
    tidy |= {"nmc-population": _tidy(record, "nmc", POPULATION), "sdp-income": _tidy(record, "gdp-pop", INCOME)}
    return build_panel(tidy, [*modules, POPULATION[0], INCOME[0]], WINDOW, lead_in=0).frame


@pytest.fixture(scope="module")
def ours(panel: pd.DataFrame) -> pd.DataFrame:
    """The rows and columns of the frame, from our panel alone."""
    rows = panel[panel["politically_relevant"] == 1].reset_index(drop=True)
    low, high = (which(rows["cinc_1"], rows["cinc_2"]) for which in (np.minimum, np.maximum))
    armed = [rows[f"military_personnel_{side}"] / rows[f"people_{side}"] for side in (1, 2)]
    return rows[DYAD_YEAR].assign(
        gmlmidonset=rows["new_gml"],
        gmlmidongoing=rows["ongoing_gml"],
        landcontig=rows["land_contiguous"],
        cincprop=low / high,
        cincprop_within=DECIMALS * (1 + low / high) / high * (1 + 1e-4) + 1e-12,
        cowmajdyad=rows["major_power"],
        cow_defense=rows["defence_pact"],
        mindemest=np.minimum(rows["uds_extended_1"], rows["uds_extended_2"]),
        minwbgdppc=np.minimum(rows["log_income_1"], rows["log_income_2"]),
        minmilit=np.minimum(*armed),
        gmlmidspell=_rows_since(rows),
        peace_years=rows["peace_years"],
        gdp_per_head_low=rows["gdp_per_head_low"],
    )


def _rows_since(rows: pd.DataFrame) -> pd.Series:
    """How many rows of the dyad lie between this one and the last with a dispute, or the dyad's first."""
    fighting = rows["ongoing_gml"] == 1
    fresh = (rows[DYAD] != rows[DYAD].shift()).any(axis=1) | fighting.shift(fill_value=False)
    return rows.groupby(fresh.cumsum()).cumcount()


@dataclass(frozen=True)
class Agreement:
    """How a column of ours meets one of the frame."""

    column: str
    equal: int
    different: int
    largest: float


def agreement(column: str, ours: pd.Series, theirs: pd.Series, within: pd.Series | float = FLAG) -> Agreement:
    """Cells that are equal (both missing, or no further apart than `within`) and those that are not."""
    apart = (ours - theirs).abs()
    equal = (ours.isna() & theirs.isna()) | (apart <= within)
    return Agreement(column, int(equal.sum()), int((~equal).sum()), float(apart[~equal].max()) if (~equal).any() else 0)


# Column of the frame, of ours, how far apart equal cells may be, and why others differ.
COMPARED: tuple[tuple[str, str, str | float, str], ...] = (
    ("gmlmidonset", "gmlmidonset", FLAG, ""),
    ("gmlmidongoing", "gmlmidongoing", FLAG, ""),
    ("landcontig", "landcontig", FLAG, ""),
    ("cowmajdyad", "cowmajdyad", FLAG, ""),
    ("minwbgdppc", "minwbgdppc", FLAG, "missing in both: 4,749"),
    ("gmlmidspell", "gmlmidspell", FLAG, "rows of the frame counted, as it does"),
    ("minmilit", "minmilit", 1e-15, "the Maldives' army: 0 in NMC 7, missing in NMC 6"),
    ("mindemest", "mindemest", RE_ESTIMATED, "345 in 1918–1920: Serbia there, Yugoslavia here"),
    ("cow_defense", "cow_defense", FLAG, "COW alliances there, ATOP here"),
    ("cincprop", "cincprop", "cincprop_within", "NMC 6 there, NMC 7 here; from 1974 on alone"),
    ("gmlmidspell", "peace_years", FLAG, "years of the dyad counted, not rows of the frame"),
    ("minwbgdppc", "gdp_per_head_low", FLAG, "newer estimates of GDP, by other authors"),
)
NAMED = {
    "gmlmidonset": "`new_gml`",
    "gmlmidongoing": "`ongoing_gml`",
    "landcontig": "`land_contiguous`",
    "cowmajdyad": "`major_power`",
    "minwbgdppc": "lower `wbgdppc2011est` of the same file",
    "gmlmidspell": "`ongoing_gml`, counted their way",
    "minmilit": "`military_personnel` over NMC's population",
    "mindemest": "lower `uds_extended`",
    "cow_defense": "`defence_pact`",
    "cincprop": "ratio of `cinc`",
    "peace_years": "`peace_years`",
    "gdp_per_head_low": "`gdp_per_head_low`",
}


@pytest.fixture(scope="module")
def table(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[tuple[Agreement, str, str]]:
    found = []
    for column, mine, within, why in COMPARED:
        tolerance = ours[within] if isinstance(within, str) else within
        found.append((agreement(column, ours[mine], theirs[column], tolerance), NAMED[mine], why))
    return found


def test_the_rows_are_the_same(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    assert len(theirs) == ROWS and len(theirs.dropna()) == COMPLETE
    # R's politically relevant dyad-years and ours: every one, and none besides.
    pd.testing.assert_frame_equal(ours[DYAD_YEAR], theirs[DYAD_YEAR], check_dtype=False)


def test_agreement_by_column(table: list[tuple[Agreement, str, str]]) -> None:
    assert [found for found, _, _ in table] == [
        Agreement("gmlmidonset", ROWS, 0, 0),
        Agreement("gmlmidongoing", ROWS, 0, 0),
        Agreement("landcontig", ROWS, 0, 0),
        Agreement("cowmajdyad", ROWS, 0, 0),
        Agreement("minwbgdppc", ROWS, 0, 0),
        Agreement("gmlmidspell", ROWS, 0, 0),
        Agreement("minmilit", 112_226, 56, pytest.approx(float("nan"), nan_ok=True)),
        Agreement("mindemest", 112_250, 32, pytest.approx(1.0917, abs=1e-4)),
        Agreement("cow_defense", 109_378, 2_904, 1),
        Agreement("cincprop", 80_314, 31_968, pytest.approx(0.2093, abs=1e-4)),
        Agreement("gmlmidspell", 86_887, 25_395, 127),
        Agreement("minwbgdppc", 24, 112_258, pytest.approx(6.2862, abs=1e-4)),
    ]


def test_the_documented_table_is_this_one(table: list[tuple[Agreement, str, str]]) -> None:
    lines = [
        "| column | made from our | equal | different | largest difference | why |",
        "|---|---|---:|---:|---:|---|",
    ]
    lines.append(f"| rows (dyad, year) | `politically_relevant` | {ROWS:,} | 0 | | |")
    for found, ours, why in table:
        largest = "" if not found.different else "missing" if np.isnan(found.largest) else f"{found.largest:.4g}"
        lines.append(f"| `{found.column}` | {ours} | {found.equal:,} | {found.different:,} | {largest} | {why} |")
    documented = (ROOT / "docs" / "known-answers.md").read_text(encoding="utf-8")
    assert "\n".join(lines) in documented, "\n".join(lines)


def test_the_armies_that_differ_are_the_maldives(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    differ = ours[ours["minmilit"].notna() & theirs["minmilit"].isna()]
    # NMC 7 has an army of none where the frame has a missing value, towards each major power.
    assert (differ["minmilit"] == 0).all() and (differ[DYAD] == 781).any(axis=1).all()
    assert sorted(set(differ["year"])) == [*range(2002, 2008), 2009]


def test_the_scores_that_differ_are_of_another_unit_with_the_same_code(
    record: Record, panel: pd.DataFrame, ours: pd.DataFrame, theirs: pd.DataFrame
) -> None:
    apart = (ours["mindemest"] - theirs["mindemest"]).abs()
    differ = ours[apart > RE_ESTIMATED]
    assert (differ[DYAD] == 345).any(axis=1).all() and set(differ["year"]) == {1918, 1919, 1920}
    assert apart[apart <= RE_ESTIMATED].max() < 3.52e-4
    # With the file's scores of Serbia in these years, instead of Yugoslavia's, no cell differs.
    raw = record.raw["quickuds"]["extended_uds.rda"]
    serbia = raw[(raw["extended_country_name"] == "Serbia") & raw["year"].between(1918, 1920)].set_index("year")["z1"]
    rows = panel.loc[panel["politically_relevant"] == 1].reset_index(drop=True)
    instead = rows["year"].map(serbia)
    sides = [rows[f"uds_extended_{s}"].mask((rows[f"ccode{s}"] == 345) & instead.notna(), instead) for s in (1, 2)]
    assert agreement("", np.minimum(*sides), theirs["mindemest"], RE_ESTIMATED).different == 0


def test_capabilities_differ_from_the_years_that_a_newer_release_revised(
    ours: pd.DataFrame, theirs: pd.DataFrame
) -> None:
    differ = ((ours["cincprop"] - theirs["cincprop"]).abs() > ours["cincprop_within"]).groupby(ours["year"]).sum()
    # NMC 7 revised energy use from 1974 on. Before, no ratio differs by more than the seventh decimal of two indices.
    assert differ.loc[:1973].sum() == 0
    assert (differ.loc[1974:1976].sum(), differ.loc[1977:].sum()) == (26, 31_942)


def test_defence_pacts_of_two_codings(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    only_atop = ours[(ours["cow_defense"] == 1) & (theirs["cow_defense"] == 0)]
    only_cow = ours[(ours["cow_defense"] == 0) & (theirs["cow_defense"] == 1)]
    assert (len(only_atop), len(only_cow)) == (2_302, 602)
    eras = pd.cut(pd.concat([only_atop, only_cow])["year"], [1815, 1914, 1945, 1990, 2010])
    assert list(eras.value_counts(sort=False)) == [236, 458, 894, 1_316]
    # The longest of each: the United States and Thailand, Britain and Portugal.
    assert _longest(only_atop) == ((2, 800), 1954, 2010, 57)
    assert _longest(only_cow) == ((200, 235), 1816, 1898, 76)


def _longest(rows: pd.DataFrame) -> tuple[tuple[int, int], int, int, int]:
    spans = rows.groupby(DYAD)["year"].agg(["min", "max", "size"])
    pair = spans["size"].idxmax()
    return (int(pair[0]), int(pair[1])), *(int(v) for v in spans.loc[pair])


def test_peace_counted_in_rows_and_in_years(panel: pd.DataFrame, ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    # One step from theirs to ours: count all years of the dyad, whether it was relevant in them or not.
    everything = panel[[*DYAD_YEAR, "ongoing_gml"]].assign(years=_rows_since(panel))
    years = everything.loc[panel["politically_relevant"] == 1, "years"].reset_index(drop=True)
    # The other: begin again where one of the states left the system and came back.
    outside, gap = theirs["gmlmidspell"] != years, years != ours["peace_years"]
    assert (int(outside.sum()), int(gap.sum()), int((outside & gap).sum())) == (20_783, 11_190, 6_206)
    # Years before the dyad was relevant make its peace longer, disputes in them shorter; a gap only shortens it.
    assert (int((years > theirs["gmlmidspell"]).sum()), int((years < theirs["gmlmidspell"]).sum())) == (20_464, 319)
    assert (ours["peace_years"] <= years).all()
    assert int((ours["peace_years"] != theirs["gmlmidspell"]).sum()) == 25_395


def test_the_older_estimates_give_extinct_states_one_gdp(record: Record) -> None:
    listed = record.read("gdp-pop", RawTable("cow_sdp_gdp.rda", {}))
    members = {
        (spell.ccode, year)
        for spell in record.tidy[STATES].query("status == 'member'").itertuples()
        for year in range(spell.start // 10_000, spell.end // 10_000 + 1)
    }
    constant = listed[listed["wbgdp2011est"].between(15.3, 15.6)]
    among = constant[[key in members for key in zip(constant["ccode"], constant["year"], strict=True)]]
    # Logs, so about 5 million dollars, Bavaria's (245) and South Vietnam's (817) alike. The surplus of all but the
    # Papal States (327), which had few people, is then one dollar.
    assert set(among["ccode"]) == {240, 245, 267, 269, 271, 273, 275, 280, 327, 329, 332, 335, 337, 730, 817}
    assert len(among) == 584 and (among.loc[among["ccode"] != 327, "sdpest"] == 0).all()


TERMS = ("landcontig", "cincprop", "cowmajdyad", "cow_defense", "mindemest", "minwbgdppc", "minmilit", "gmlmidspell")
SCALED = ("cincprop", "mindemest", "minwbgdppc", "minmilit")


def _logit(frame: pd.DataFrame) -> tuple[int, dict[str, float]]:
    """Rows and estimates of Table 3: continuous variables in units of two standard deviations, a cubic of peace."""
    scaled = frame.assign(**{c: (frame[c] - frame[c].mean()) / (2 * frame[c].std()) for c in SCALED})
    used = scaled[["gmlmidonset", *TERMS]].dropna()
    spell = used["gmlmidspell"].to_numpy(dtype="float64")
    x = np.column_stack([np.ones(len(used)), used[list(TERMS)].to_numpy(dtype="float64"), spell**2, spell**3])
    y, estimate = used["gmlmidonset"].to_numpy(dtype="float64"), np.zeros(x.shape[1])
    for _ in range(12):
        p = 1 / (1 + np.exp(-x @ estimate))
        estimate += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x, x.T @ (y - p))
    return len(used), dict(zip(("(Intercept)", *TERMS), estimate, strict=False))


def test_what_the_differences_do_to_the_published_estimates(
    replication: Path, ours: pd.DataFrame, theirs: pd.DataFrame
) -> None:
    targets = pd.read_csv(replication / "bremer_peacesciencer" / "targets.tsv", sep="\t")
    known = targets[targets["model"].str.contains("peacesciencer 0.7.0", na=False)].set_index("term")["estimate"]
    n, published = _logit(theirs)
    assert n == COMPLETE
    for term, value in published.items():
        assert value == pytest.approx(float(known[term]), abs=1e-6), term
    # Computed: the same model on our columns, 49 dyad-years more: the Maldives have an army (of none).
    n, rebuilt = _logit(ours)
    assert n == COMPLETE + 49
    rounded = {term: (round(published[term], 3), round(value, 3)) for term, value in rebuilt.items()}
    assert rounded == {
        "(Intercept)": (-3.045, -3.038),
        "landcontig": (1.062, 1.067),
        "cincprop": (0.453, 0.457),
        "cowmajdyad": (0.144, 0.138),
        "cow_defense": (-0.119, -0.170),
        "mindemest": (-0.493, -0.491),
        "minwbgdppc": (0.293, 0.298),
        "minmilit": (0.263, 0.265),
        "gmlmidspell": (-0.146, -0.146),
    }
    # Alliances do nearly all of it.
    _, allied = _logit(theirs.assign(cow_defense=ours["cow_defense"]))
    assert round(allied["cow_defense"], 3) == -0.170
