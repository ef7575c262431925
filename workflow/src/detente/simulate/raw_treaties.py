"""Raw tables of what states sign: alliances and defence agreements."""

import numpy as np
import pandas as pd

from detente.base.types import Flags
from detente.simulate.draws import stream
from detente.simulate.raw_disputes import spells_of
from detente.simulate.stage import Stage

OBLIGATIONS = ("atop_defense", "atop_offense", "atop_neutral", "atop_nonagg", "atop_consul")
CATEGORIES = ("DCA", "DIC", "TREX", "PROCUREMENT", "COMMISSION", "RESEARCH")
CATEGORY_SHARES = (0.53, 0.18, 0.13, 0.08, 0.04, 0.04)
GENERAL = ("DCA", "DIC")
ONE_SIDED, WEAKER = 0.02, 0.03


def alliance_table(stage: Stage, pact: Flags, seed: int) -> pd.DataFrame:
    """Directed dyad-years with an alliance; obligations without defence, and some of one direction alone."""
    draw = stream(seed, "atop")
    others = (draw.random(len(pact)) < WEAKER)[:, None] & stage.exists
    dyad, year = np.nonzero(pact | others)
    defence = pact[dyad, year]
    one_sided = (draw.random(len(pact)) < ONE_SIDED)[dyad]
    by_dyad = {name: (draw.random(len(pact)) < share)[dyad] for name, share in _shares().items()}
    codes = stage.states["code"].to_numpy(dtype=float)
    ends = (codes[stage.first[dyad]], codes[stage.second[dyad]])
    both = []
    for one, other in ((0, 1), (1, 0)):
        frame = pd.DataFrame({"ccode1": ends[one], "ccode2": ends[other], "year": stage.years[year]})
        frame["atop_defense"] = defence & ~(one_sided & (one == 1))
        for name, flags in by_dyad.items():
            frame[name] = flags
        both.append(frame)
    return pd.concat(both).astype(float).sort_values(["ccode1", "ccode2", "year"], ignore_index=True)


def _shares() -> dict[str, float]:
    return dict(zip(OBLIGATIONS[1:], (0.02, 0.02, 0.9, 0.5), strict=True))


def agreement_table(stage: Stage, agreement: Flags, seed: int) -> pd.DataFrame:
    """Agreements in the columns of DCAD.

    The first of each spell lasts as long as the spell and is coded with medium or high confidence; half of
    the spells have further ones inside, of any kind and confidence.
    """
    draw = stream(seed, "dcad")
    spells = spells_of(agreement)
    further = spells[draw.random(len(spells)) < 0.5]
    inside = further.assign(start=draw.integers(further["start"], further["stop"] + 1))
    signed = pd.concat([spells.assign(main=True), inside.assign(main=False)], ignore_index=True)
    count, main = len(signed), signed["main"].to_numpy()
    one, other = stage.first[signed["dyad"]], stage.second[signed["dyad"]]
    codes, labels = stage.states["code"].to_numpy(), stage.states["abb"].to_numpy()
    category = draw.choice(CATEGORIES, size=count, p=CATEGORY_SHARES)
    sure = draw.choice(("high", "med"), size=count)
    unsure = draw.choice(("high", "med", "low", "atypical"), size=count)
    power = stage.states["power"].to_numpy()
    frame = pd.DataFrame({"ccode1": codes[one], "cowName1": labels[one], "ccode2": codes[other]}).assign(
        cowName2=labels[other],
        signDay=draw.integers(1, 29, count),
        signMonth=draw.integers(1, 13, count),
        signYear=stage.years[signed["start"]],
        type=np.where(np.isin(category, GENERAL), "general", "sector"),
        category1=category,
        endYearEstimate=stage.years[signed["stop"]],
        asymmetry=(np.abs(np.log(power[one] / power[other])) > 2).astype(int),
        categoryConf=np.where(main, sure, unsure),
    )
    return _as_in_dcad(frame, draw)


def _as_in_dcad(signed: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Add the columns that no step reads, with gaps where the original has them; sort and number."""
    count = len(signed)
    entered = draw.random(count) < 0.45
    treaty = draw.random(count) < 0.65
    full = signed.assign(
        EIFDay=np.where(entered, signed["signDay"], np.nan),
        EIFMonth=np.where(entered, signed["signMonth"], np.nan),
        EIFYear=np.where(entered, signed["signYear"], np.nan),
        category2="",
        category3="",
        span=np.where(draw.random(count) < 0.4, 5.0, np.nan),
        renewType=np.nan,
        renewYears=np.nan,
        terminated=-88,
        durationActual=np.nan,
        UNTS=np.nan,
        fullText=np.where(treaty, "Y", "N"),
        sourceType=np.where(treaty, "treaty", "factiva"),
        source="simulated",
        factivaConf=np.where(treaty, np.nan, draw.integers(1, 6, count)),
        factivaSign=np.where(treaty, np.nan, 1.0),
        factivaEIF=np.nan,
    ).sort_values(["ccode1", "ccode2", "signYear", "signMonth", "signDay", "category1"], ignore_index=True)
    ordered = full.assign(DCAid=[f"SIMv1.0-{i:04d}" for i in range(1, count + 1)])
    return ordered[list(DCAD_COLUMNS)]


DCAD_COLUMNS = (
    *("ccode1", "cowName1", "ccode2", "cowName2", "signDay", "signMonth", "signYear", "EIFDay", "EIFMonth", "EIFYear"),
    *("type", "category1", "category2", "category3", "span", "renewType", "renewYears", "terminated"),
    *("durationActual", "endYearEstimate", "asymmetry", "categoryConf", "UNTS", "fullText", "sourceType", "source"),
    *("factivaConf", "factivaSign", "factivaEIF", "DCAid"),
)
