"""Operating characteristics of the verdict rule, measured on simulated outcomes: for the pages and docs/verdicts.md."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from detente.base.numerics import monte_carlo_error
from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.formats import MISSING, count, decimal, percent
from detente.report.labels import listed
from detente.report.tables.table import Column, Row, Table, shown
from detente.study.verdicts import CHECKS

TOGETHER = tuple(check for check in CHECKS.values() if not check.added)
"""Checks that were measured together. One that was added since is measured by itself, in draws of its own."""


@dataclass(frozen=True)
class Measured:
    """Counts of draws of one design under one effect.

    `onsets`: how many times as many as in the demo; `times`: the effect in smallest effects of interest. `robust`: of
    `lowers`; `negligible_robust`: of `negligible`; `passed`: how many draws that lower or raise pass each of
    `TOGETHER`; `powered`: of these, those with enough power at the smallest effect. Words are those of these checks.
    """

    onsets: float
    times: int
    draws: int
    lowers: int
    robust: int
    raises: int
    raises_robust: int
    negligible: int
    negligible_robust: int
    powered: int
    passed: tuple[int, ...]

    @property
    def found(self) -> int:
        """Draws with the verdict that the treatment lowers or raises."""
        return self.lowers + self.raises

    @property
    def inconclusive(self) -> int:
        """Draws that cannot tell."""
        return self.draws - self.found - self.negligible


# Measured, not built: `tests/study/test_characteristics.py` counts again, of as many draws as
# DETENTE_CHARACTERISTICS_DRAWS says, and holds these within Monte Carlo error.
MEASURED: tuple[Measured, ...] = (
    Measured(
        0.25, 0, 92, lowers=1, robust=0, raises=0, raises_robust=0,
        negligible=2, negligible_robust=0,
        powered=0, passed=(0, 0, 0, 0, 0, 0, 0, 0),
    ),
    Measured(
        0.25, 1, 92, lowers=21, robust=0, raises=0, raises_robust=0,
        negligible=0, negligible_robust=0,
        powered=0, passed=(0, 15, 14, 7, 17, 8, 20, 3),
    ),
    Measured(
        0.25, 2, 92, lowers=73, robust=11, raises=0, raises_robust=0,
        negligible=0, negligible_robust=0,
        powered=0, passed=(11, 65, 64, 33, 66, 52, 66, 22),
    ),
    Measured(
        0.25, 3, 92, lowers=92, robust=55, raises=0, raises_robust=0,
        negligible=0, negligible_robust=0,
        powered=0, passed=(69, 90, 88, 75, 89, 89, 83, 70),
    ),
    Measured(
        2.0, 0, 83, lowers=0, robust=0, raises=1, raises_robust=0,
        negligible=81, negligible_robust=28,
        powered=1, passed=(1, 1, 1, 0, 1, 0, 1, 0),
    ),
    Measured(
        2.0, 1, 83, lowers=77, robust=34, raises=0, raises_robust=0,
        negligible=5, negligible_robust=0,
        powered=77, passed=(77, 76, 74, 52, 76, 55, 71, 47),
    ),
    Measured(
        2.0, 2, 83, lowers=83, robust=75, raises=0, raises_robust=0,
        negligible=0, negligible_robust=0,
        powered=83, passed=(83, 83, 83, 83, 83, 83, 76, 82),
    ),
    Measured(
        2.0, 3, 83, lowers=83, robust=72, raises=0, raises_robust=0,
        negligible=0, negligible_robust=0,
        powered=83, passed=(83, 83, 83, 83, 83, 83, 74, 81),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Agreed:
    """Counts of the check whether designs agree: draws that lower or raise (`found`), or are negligible.

    `passed`, `failed` of `found`; `negligible_passed`, `negligible_failed` of `negligible`; else it was not made.
    """

    onsets: float
    times: int
    draws: int
    found: int
    passed: int
    failed: int
    negligible: int = 0
    negligible_passed: int = 0
    negligible_failed: int = 0


AGREED: tuple[Agreed, ...] = (
    Agreed(0.25, 0, 92, found=2, passed=2, failed=0, negligible=3, negligible_passed=2, negligible_failed=1),
    Agreed(0.25, 1, 92, found=25, passed=24, failed=1, negligible=1, negligible_passed=1),
    Agreed(0.25, 2, 92, found=76, passed=71, failed=4),
    Agreed(0.25, 3, 92, found=92, passed=86, failed=4),
    Agreed(2.0, 0, 83, found=0, passed=0, failed=0, negligible=83, negligible_passed=83),
    Agreed(2.0, 1, 83, found=79, passed=75, failed=4, negligible=4, negligible_passed=4),
    Agreed(2.0, 2, 83, found=83, passed=81, failed=2),
    Agreed(2.0, 3, 83, found=82, passed=80, failed=0),
)
DESIGNS: Mapping[float, str] = {
    0.25: "Rare onsets: 3 in 100 dyad-years, where the record has 2",
    2.0: "Many onsets: 24 in 100 dyad-years",
}
"""The designs, by how many times as many onsets they have as the demo."""
# Draws with a finding below which no share of checks is printed.
FEWEST = 10
_TIMES = ("no effect", "1 smallest effect", "2 smallest effects", "3 smallest effects")


def _share(number: int, of: int) -> str:
    """A share of draws in per cent, its Monte Carlo error in parentheses; missing if there is no draw."""
    if not of:
        return MISSING
    return f"{percent(number / of)} ({decimal(100 * monte_carlo_error(number / of, of), 0)})"


def _said(label: str, head: str, name: str) -> Column:
    """Draws with this verdict, of all."""
    return Column(label, head, show=lambda m: _share(getattr(m, name), m.draws))


def _pass(label: str, place: int) -> Column:
    """Findings that pass a check, of all findings."""
    return Column(label, "Pass", show=lambda m: _share(m.passed[place], m.found))


def _agreed(measured: Measured) -> str:
    """Findings of the same design and effect, in draws of their own, whose designs agree."""
    own = next(m for m in AGREED if (m.onsets, m.times) == (measured.onsets, measured.times))
    return _share(own.passed, own.found)


_FIRST = tuple(_said(verdict, "First word", verdict) for verdict in ("lowers", "raises", "negligible", "inconclusive"))
_BOTH = (("lowers", "robust"), ("raises", "raises_robust"), ("negligible", "negligible_robust"))
_WORDS = (*_FIRST, *(_said(f"{verdict} · robust", "Both words", name) for verdict, name in _BOTH))
_PASSED = (
    Column("Draws", show=lambda m: count(m.found)),
    *(_pass(check.label, place) for place, check in enumerate(TOGETHER)),
    Column(CHECKS["designs_agree"].label, "Pass", show=_agreed),
    Column("power at the smallest effect alone", "Pass", show=lambda m: _share(m.powered, m.found)),
)


def _rows(shown_columns: Sequence[Column], measured: Iterable[Measured]) -> Iterator[Row]:
    """Rows of the designs, each below its heading."""
    for onsets, mine in groupby(measured, lambda m: m.onsets):
        yield Row(DESIGNS[onsets])
        yield from (shown(_TIMES[m.times], shown_columns, m) for m in mine)


def _words(simulated: bool = False) -> Table:
    draws = " to ".join(count(n) for n in sorted({min(m.draws for m in MEASURED), max(m.draws for m in MEASURED)}))
    notes = (
        f"{draws} draws in each row: dyad-years, treatment and controls of joint exercises among the politically "
        "relevant dyads of the demo stay as they are; onsets are simulated again under an effect that lowers the risk "
        "of every treated dyad-year by so many smallest effects of interest; the rule judges each draw as it judges a "
        f"claim, without what was added later ({listed(c.label for c in CHECKS.values() if c.added)}). Per cent of "
        "draws, Monte Carlo error in percentage points in parentheses.",
    )
    title = "Words of the verdict rule where the effect is known"
    return Table(
        "characteristics", title, "Planted", _WORDS, tuple(_rows(_WORDS, MEASURED)), notes, simulated, dense=True
    )


def _checks(simulated: bool = False) -> Table:
    notes = (
        "Of the draws of the table above whose verdict is that the treatment lowers or raises the risk, the share that "
        "passes each check, in per cent, Monte Carlo error in percentage points in parentheses. The last column counts "
        "those with enough power at the smallest effect of interest, whatever they found. Whether designs agree was "
        f"asked in as many other draws, of which {count(sum(m.found for m in AGREED))} have such a verdict. Rows of "
        f"fewer than {FEWEST} draws are left out.",
    )
    title = "Checks passed where the effect is known"
    rows = tuple(_rows(_PASSED, [m for m in MEASURED if m.found >= FEWEST]))
    return Table("passed", title, "Planted", _PASSED, rows, notes, simulated, dense=True)


@exhibit(kind="table", name="characteristics", page="robustness", place="characteristics", order=1, needs=())
def characteristics(evidence: Evidence) -> Table:
    """Words of the verdict rule where the effect is known, by the size of the effect."""
    return _words(evidence.simulated)


@exhibit(kind="table", name="passed", page="robustness", place="characteristics", order=2, needs=())
def passed(evidence: Evidence) -> Table:
    """Checks passed where the effect is known, by the size of the effect."""
    return _checks(evidence.simulated)


def documented() -> str:
    """Both tables of docs/verdicts.md."""
    return "\n".join(_markdown(table) for table in (_words(), _checks()))


def _markdown(table: Table) -> str:
    """A table in Markdown: heads of groups are left out, headings of rows in bold."""
    lines = ["| " + " | ".join([table.stub, *(column.label for column in table.columns)]) + " |"]
    lines += ["|---|" + "---:|" * len(table.columns)]
    for row in table.rows:
        label, cells = (row.label, row.cells) if row.cells else (f"**{row.label}**", ("",) * len(table.columns))
        lines.append("| " + " | ".join([label, *cells]) + " |")
    return "\n".join(lines) + "\n"
