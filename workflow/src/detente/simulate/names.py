"""Invented states: names of syllables, abbreviations ending in X, codes in regional blocks."""

from itertools import product

import pandas as pd

from detente.simulate.draws import stream

HEADS = (
    *("Bre", "Cal", "Dru", "Fen", "Gor", "Hal", "Jux", "Kes", "Lum", "Mor"),
    *("Nav", "Pel", "Quo", "Ras", "Sel", "Tav", "Vor", "Wen", "Yst", "Zan"),
)
TAILS = (
    *("bara", "cova", "dane", "fell", "gath", "holm", "jund", "kesh", "lune", "mere"),
    *("nesh", "pur", "quill", "rath", "sett", "tavia", "vane", "wick", "yra", "zel"),
)
# Codes end in 4, 7 or 9, as few codes of the Correlates of War do.
ENDINGS = (4, 7, 9)


def invent(regions: pd.Series, seed: int) -> pd.DataFrame:
    """Name and number one state for each entry of `regions` (0, 1, …).

    Returns columns code (ascending), abb, name, region; one row per state.
    """
    draw = stream(seed, "names")
    pairs = list(product(HEADS, TAILS))
    chosen = [pairs[i] for i in draw.choice(len(pairs), size=len(regions), replace=False)]
    width = 990 // (int(regions.max()) + 1)
    codes: list[int] = []
    for region, members in regions.groupby(regions):
        block = range(int(str(region)) * width + 2, (int(str(region)) + 1) * width)
        legal = [code for code in block if code % 10 in ENDINGS]
        codes += sorted(int(code) for code in draw.choice(legal, size=len(members), replace=False))
    return pd.DataFrame(
        {
            "code": codes,
            "abb": [f"{head[0]}{tail[0]}X".upper() for head, tail in chosen],
            "name": [head + tail for head, tail in chosen],
            "region": sorted(regions),
        }
    )
