"""Panels of which specifications take the rows and columns that they need: dyads that are ever in their sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detente.base.numbering import intersect
from detente.base.types import Flags
from detente.base.units import Unit
from detente.study.design import REGRESSION, Specification, in_sample, matrix, sides_of
from detente.study.multiverse.needs import columns_of

# Share of a panel's rows above which they are not copied: the others take less than the copy would.
MOST_USED = 0.8


class Panels(Mapping[Unit, pd.DataFrame]):
    """Panels of a study, by their unit."""

    def ever_in(self, specs: Sequence[Specification]) -> pd.DataFrame:
        """What specifications of one unit and sample need of its panel, and perhaps more: rows as by `ever_in`."""
        unit = specs[0].claim.unit
        panel = self[unit]
        used = ever_in(panel, specs)
        if used is None or used.mean() > MOST_USED:
            return panel
        return panel.loc[used, columns_of(specs)[unit]].reset_index(drop=True)


@dataclass(frozen=True)
class Held(Panels):
    """Panels in memory."""

    frames: Mapping[Unit, pd.DataFrame]

    def __getitem__(self, unit: Unit) -> pd.DataFrame:
        return self.frames[unit]

    def __iter__(self) -> Iterator[Unit]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


def ever_in(panel: pd.DataFrame, specs: Sequence[Specification]) -> Flags | None:
    """Rows (N,) of dyads that are ever in the sample of specifications of one unit and sample; None if all are.

    Of all years where a design follows the treatment, as what dyads had before they came into the sample is their
    history; else from the year that any specification reaches back to. Lags are the same as in the whole panel. Rows of
    a case that a contrast is of are among them, wherever they are. Of the panel nothing is asked but its key and what
    the sample is cut by.
    """
    sample, year = specs[0].sample, panel["year"].to_numpy()
    inside = in_sample(panel, sample).to_numpy()
    if sample.expression is None:
        used = np.ones(len(panel), dtype=bool)
    else:
        dyad = intersect(*(panel[part].to_numpy(dtype=np.int64) for part in sides_of(panel)))
        ever = np.zeros(int(dyad.max(initial=-1)) + 1, dtype=bool)
        ever[dyad[inside]] = True
        used = ever[dyad]
    if all(spec.design == REGRESSION for spec in specs):
        used &= year >= min(spec.window[0] for spec in specs) - max(spec.reach for spec in specs)
    contrasts = [spec.claim.contrast for spec in specs if spec.claim.contrast]
    for case in {tuple(contrast.case.items()) for contrast in contrasts if contrast.case}:
        used |= matrix.of_case(panel, case)
    return None if used.all() else used


def by_panel(panels: Panels, specs: Sequence[Specification]) -> Iterator[tuple[pd.DataFrame, list[int]]]:
    """Places of specifications of one unit and sample, with all that they can use of its panel; units one by one."""
    found: dict[Unit, dict[str, list[int]]] = {}
    for i, spec in enumerate(specs):
        found.setdefault(spec.claim.unit, {}).setdefault(spec.sample.name, []).append(i)
    for of_unit in found.values():
        for places in of_unit.values():
            yield panels.ever_in([specs[i] for i in places]), places
