"""The chain of merges in polars: what an analyst who knows it would write to have the same columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from detente.base.units import Unit
from detente.data.sources import Source

from benchmarks.data import JOINED, folded, keyed, variables

Tidy = Mapping[str, pl.DataFrame]
KEY, DYAD = ["ccode1", "ccode2", "year"], ["ccode1", "ccode2"]
COMPARED = ("cinc", "democracy", "log_gdp_per_head", "major")


def chain(tidy: Tidy, window: tuple[int, int], unit: Unit) -> pl.DataFrame:
    """Key, `in_window` and the variables of a panel of pairs, sorted by key."""
    panel = _pairs(tidy, window[1])
    if unit == "dyad-year":
        panel = _sides(_both_ways(panel, tidy), tidy, ("1", "2"))
    else:
        back = panel.rename({"ccode1": "ccode2", "ccode2": "ccode1"}).select(panel.columns)
        panel = pl.concat([panel, back]).sort(KEY)
        for source in keyed("directed-dyad-year"):
            panel = _covered(panel, tidy[source.slug], source, KEY)
        panel = _initiated(_sides(panel, tidy, ("sender", "target")))
    return panel.with_columns(in_window=pl.col("year") >= window[0]).select([*KEY, "in_window", *variables(unit)])


def _pairs(tidy: Tidy, last: int) -> pl.DataFrame:
    """Dyad-years with all that two states share."""
    states = tidy["cow-state-system"]
    panel = _spine(states.filter(pl.col("status") == "member"), last)
    for source in keyed("dyad-year"):
        panel = _covered(panel, tidy[source.slug], source, KEY)
    for source in keyed("event"):
        panel = _covered(panel, _exercise_dyads(tidy[source.slug]), source, KEY)
    for source in keyed("dyad"):
        panel = _covered(panel, tidy[source.slug], source, DYAD)
    return _onsets(panel)


def _covered(panel: pl.DataFrame, right: pl.DataFrame, source: Source, key: Sequence[str]) -> pl.DataFrame:
    """Join the variables of a source: where it codes, an event without a record is 0; elsewhere all is missing."""
    names = list(JOINED[source.slug])
    found = right.select([*key, *names]).with_columns(pl.lit(value=True).alias("found"))
    joined_ = panel.join(found, on=list(key), how="left", maintain_order="left")
    covered = pl.col("year").is_between(*source.years)
    filled = []
    for v in source.variables:
        if v.name in names:
            value = pl.col(v.name).cast(pl.Float64)
            if v.kind == "event":
                value = pl.when(pl.col("found").is_null()).then(0.0).otherwise(value)
            filled.append(pl.when(covered).then(value).otherwise(None).alias(v.name))
    return joined_.with_columns(filled).drop("found")


def _years(spells: pl.DataFrame) -> pl.DataFrame:
    """One row per state, spell and year, with its first and last day in that year."""
    years = spells.with_columns(year=pl.int_ranges(pl.col("start") // 10000, pl.col("end") // 10000 + 1))
    long = years.explode("year").with_columns(pl.col("year").cast(pl.Int64))
    first = pl.max_horizontal("start", pl.col("year") * 10000 + 101)
    last = pl.min_horizontal("end", pl.col("year") * 10000 + 1231)
    return long.select("year", "ccode", first_day=first, last_day=last)


def _spine(members: pl.DataFrame, last: int) -> pl.DataFrame:
    years = _years(members).filter(pl.col("year") <= last)
    pairs = years.join(years, on="year", suffix="_2").filter(pl.col("ccode") < pl.col("ccode_2"))
    shared = pl.max_horizontal("first_day", "first_day_2") <= pl.min_horizontal("last_day", "last_day_2")
    return pairs.filter(shared).select(ccode1="ccode", ccode2="ccode_2", year="year").unique().sort(KEY)


def _exercise_dyads(participants: pl.DataFrame) -> pl.DataFrame:
    rows = participants.select("exercise", "year", "ccode", "parties")
    pairs = rows.join(rows.select("exercise", "year", ccode2="ccode"), on=["exercise", "year"])
    return (
        pairs.filter(pl.col("ccode") < pl.col("ccode2"))
        .group_by(ccode1="ccode", ccode2="ccode2", year="year")
        .agg(
            exercise_any=pl.lit(1.0).first(),
            exercise_bilateral=(pl.col("parties") == 2).max(),
            exercise_small=(pl.col("parties") <= 5).max(),
            exercise_weight=(1 / (pl.col("parties") - 1)).sum(),
            exercise_count=pl.len(),
        )
    )


def _onsets(panel: pl.DataFrame) -> pl.DataFrame:
    """Spells of peace, and onsets among dyads at risk."""
    follows = pl.col("year").diff().over(DYAD) == 1
    before = pl.when(follows).then(pl.col("ongoing_gml").shift(1).over(DYAD)).otherwise(0.0)
    panel = panel.with_columns(fought_before=before, peace_years=_peace("gml"), peace_years_cow=_peace("cow"))
    onsets = {f"onset_{name}": _onset(name) for name in ("gml", "cow")}
    panel = panel.with_columns(**onsets)
    strict = pl.when(pl.col("fought_before") == 0).then(pl.col("onset_gml"))
    return panel.with_columns(
        onset_gml_strict=strict,
        onset_force_gml=pl.col("onset_gml") * pl.col("force_gml"),
        onset_fatal_gml=pl.col("onset_gml") * pl.col("fatal_gml"),
    )


def _peace(name: str) -> pl.Expr:
    """Years since the last with a dispute, the entry into the system, or the begin of the coding; rows are sorted."""
    ongoing = pl.col(f"ongoing_{name}")
    follows = (pl.col("year").diff().over(DYAD) == 1).fill_null(value=False)
    peaceful = (ongoing.shift(1).over(DYAD) == 0).fill_null(value=False)
    spell = (~(follows & peaceful)).cum_sum()
    count = pl.int_range(pl.len()).over(spell).cast(pl.Float64)
    return pl.when(ongoing.is_not_null()).then(count)


def _onset(name: str) -> pl.Expr:
    new, ongoing = pl.col(f"new_{name}"), pl.col(f"ongoing_{name}")
    return pl.when(ongoing.is_null() | ((ongoing == 1) & (new == 0))).then(None).otherwise(new)


def _both_ways(panel: pl.DataFrame, tidy: Tidy) -> pl.DataFrame:
    """What one state does to the other, once for each direction."""
    for source in keyed("directed-dyad-year"):
        names = list(JOINED[source.slug])
        for way, sides in (("12", {}), ("21", {"ccode1": "ccode2", "ccode2": "ccode1"})):
            right = tidy[source.slug].rename(sides)
            panel = _covered(panel, right, source, KEY).rename({name: f"{name}_{way}" for name in names})
        once = [pl.max_horizontal(f"{n}_12", f"{n}_21").alias(n) for n in sorted(folded(source) & set(names))]
        panel = panel.with_columns(once)
    return panel


def _sides(panel: pl.DataFrame, tidy: Tidy, sides: tuple[str, str]) -> pl.DataFrame:
    """Variables of either state, and what is made of both."""
    for source in keyed("state-year"):
        right = tidy[source.slug].filter(pl.col("year").is_between(*source.years))
        for part, side in zip(DYAD, sides, strict=True):
            names = {name: f"{name}_{side}" for name in JOINED[source.slug]}
            renamed = right.select("ccode", "year", *names).rename({"ccode": part, **names})
            panel = panel.join(renamed, on=[part, "year"], how="left", maintain_order="left")
    states = tidy["cow-state-system"]
    majors = _years(states.filter(pl.col("status") == "major")).select("ccode", "year").unique()
    for part, side in zip(DYAD, sides, strict=True):
        renamed = majors.rename({"ccode": part}).with_columns(pl.lit(1.0).alias(f"major_{side}"))
        panel = panel.join(renamed, on=[part, "year"], how="left", maintain_order="left")
        panel = panel.with_columns(pl.col(f"major_{side}").fill_null(0.0))
    return _compared(panel, sides)


def _compared(panel: pl.DataFrame, sides: tuple[str, str]) -> pl.DataFrame:
    both = {name: [pl.col(f"{name}_{side}").cast(pl.Float64) for side in sides] for name in COMPARED}
    major = pl.max_horizontal(both["major"])
    whole = {name: pl.all_horizontal([c.is_not_null() & c.is_not_nan() for c in of]) for name, of in both.items()}
    weaker = pl.min_horizontal(both["cinc"])
    relevant = ((pl.col("contiguous") == 1).fill_null(value=False) | (major == 1)).cast(pl.Float64)
    ratio = (pl.max_horizontal(both["cinc"]) / weaker).log()
    return panel.with_columns(
        major_power=major,
        politically_relevant=pl.when(pl.col("contiguous").is_not_null()).then(relevant),
        capability_ratio=pl.when(whole["cinc"] & (weaker > 0)).then(ratio),
        democracy_low=pl.when(whole["democracy"]).then(pl.min_horizontal(both["democracy"])),
        gdp_per_head_low=pl.when(whole["log_gdp_per_head"]).then(pl.min_horizontal(both["log_gdp_per_head"])),
    )


def _initiated(panel: pl.DataFrame) -> pl.DataFrame:
    """What has a direction: who began, and who is the stronger."""
    new, ongoing, began = (pl.col(name) for name in ("new_gml", "ongoing_gml", "initiated_gml"))
    total = pl.col("cinc_sender") + pl.col("cinc_target")
    lost = ongoing.is_null() | ((ongoing == 1) & (new == 0) & (began == 0))
    return panel.with_columns(
        initiation_gml=pl.when(lost).then(None).otherwise(began),
        capability_share=pl.when(total > 0).then(pl.col("cinc_sender") / total),
    )
