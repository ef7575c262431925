"""COW Direct Contiguity 3.2: shares a border, or faces across at most 400 miles of water."""

from detente.data.sources.base import Frames, Log, Source, Tidy, event, undirected
from detente.data.sources.carrying import Carried
from detente.data.sources.rawtable import STATE, YEAR, RawTable, one_of
from detente.data.sources.steps import DYAD_YEAR

SLUG, FILE = "cow-contiguity-3.2", "DirectContiguity320.zip"


def clean(raw: Frames) -> Tidy:
    """One row per contiguous dyad-year with its closest type; a pair not listed is not contiguous."""
    table = raw[FILE][["state1no", "state2no", "year", "conttype"]].astype("int64")
    pairs = undirected(table, "state1no", "state2no")
    closest = pairs.groupby(DYAD_YEAR, as_index=False).agg(contiguity_type=("conttype", "min"))
    frame = closest.assign(contiguous=1, land_contiguous=(closest["contiguity_type"] == 1).astype("int64"))
    types = pairs.drop_duplicates()
    twice = types.loc[types.duplicated(DYAD_YEAR), DYAD_YEAR].itertuples(index=False, name=None)
    log = Log(SLUG)
    log.singly("merged", "two types in one year: the closest counts", (f"{a}-{b} {year}" for a, b, year in twice))
    log.merge(pairs, types, "the two directions of a dyad-year are one row")
    return log.tidy(frame)


# Stinnett et al. (2002).
CODES = (
    (0, "not contiguous"),
    (1, "land or river border"),
    (2, "at most 12 miles of water"),
    (3, "at most 24 miles of water"),
    (4, "at most 150 miles of water"),
    (5, "at most 400 miles of water"),
)
_COLUMNS = {"state1no": STATE, "state2no": STATE, "year": YEAR, "conttype": one_of(1, 2, 3, 4, 5)}
RAW = (RawTable(FILE, _COLUMNS, tuple(_COLUMNS), member="contdird.dta"),)
VARIABLES = (
    event("contiguous", "Contiguous by land or at most 400 miles of water", role="control", geography=True),
    event("land_contiguous", "Contiguous by land or river", role="control", geography=True),
    event(
        "contiguity_type", "Contiguity, 1 land … 5 ≤ 400 miles of water, 0 none", "code", geography=True, codes=CODES
    ),
)
CARRIED = Carried(
    2024, "the system has the same members as in 2016; their borders and coasts are taken to be the same, too"
)
SOURCE = Source(SLUG, "dyad-year", RAW, VARIABLES, clean, (1816, 2016), alias="contiguity", carried=CARRIED)
