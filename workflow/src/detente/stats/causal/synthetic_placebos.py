"""Placebo inference for synthetic controls: the same estimate for units that were never treated."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from detente.base.errors import NoControls, TooFewDraws
from detente.base.numerics import LEVEL, TIE, interval, share_of_draws
from detente.base.types import Array, Codes
from detente.stats.causal.synthetic import Synthetic, block_of
from detente.stats.fitting import Printed

# Draws where treated units are too many for each set of controls to take their place once.
DRAWS = 200


@dataclass(frozen=True)
class PlaceboInference(Printed):
    """An effect beside those of controls in the place of treated units, `draws` (B,); `words` how they were drawn."""

    estimate: float
    draws: Array = field(repr=False)
    words: str

    @property
    def std_error(self) -> float:
        """Standard deviation of the draws (Arkhangelsky et al. 2021, algorithm 4)."""
        return float(self.draws.std())

    @property
    def p_value(self) -> float:
        """Share of effects as far from zero, the estimate counted among them (Abadie, Diamond and Hainmueller 2010)."""
        return share_of_draws(np.abs(self.draws) >= abs(self.estimate) * (1 - TIE))

    def conf_int(self, level: float = LEVEL) -> tuple[float, float]:
        """Normal interval with the standard deviation of the draws: treated units as noisy as controls."""
        return interval(self.estimate, self.std_error, float("inf"), level)

    def _printed(self) -> tuple[str, pd.DataFrame, list[str]]:
        low, high = self.conf_int()
        row = {"estimate": self.estimate, "std_error": self.std_error, "p_value": self.p_value}
        return "Placebo inference", pd.DataFrame([{**row, "conf_low": low, "conf_high": high}]), [self.words]


def placebo_inference(study: Synthetic, *, draws: int | None = None, seed: int = 0) -> PlaceboInference:
    """The mean effect, and that of as many controls drawn in the place of the treated units of each start.

    Controls that are drawn are compared with those that are not. With one treated unit each control takes its place
    once, unless `draws` says how many are drawn. It holds if units are exchangeable; units of dyads that share a state
    are not independent, and the covariance of the event study, which allows for that, needs two treated units or more.

    Raises NoControls if there are no more than two controls beyond the treated units; TooFewDraws for fewer than two.
    """
    controls = study.blocks[0].controls
    sizes = [len(block.treated) for block in study.blocks]
    if len(controls) < sum(sizes) + 2:
        raise NoControls(
            f"{len(controls)} controls cannot stand for {sum(sizes)} treated units and leave two to compare them with"
        )
    if draws is not None and draws < 2:
        raise TooFewDraws(f"{draws} draws have no spread; draw 200 or so")
    each = draws is None and sum(sizes) == 1
    number = len(controls) if each else draws or DRAWS
    found = np.empty(number)
    for at in range(number):
        rng = np.random.default_rng([seed, at])
        order = np.roll(np.arange(len(controls)), -at) if each else rng.permutation(len(controls))
        found[at] = _placebo(study, controls[order], sizes)
    words = f"each of {number:,} controls treated in turn" if each else f"{number:,} draws of controls treated"
    return PlaceboInference(study.effect, found, words)


def _placebo(study: Synthetic, controls: Codes, sizes: list[int]) -> float:
    """The mean effect of the first controls, in the place of the treated units of each start, against the others."""
    taken = np.cumsum([0, *sizes])
    others = np.sort(controls[taken[-1] :])
    blocks = [
        block_of(study.panel.outcome, controls[low:high], others, block.start, study.how)
        for block, low, high in zip(study.blocks, taken[:-1], taken[1:], strict=True)
    ]
    cells = [len(block.treated) * len(block.curve) for block in blocks]
    return float(np.average([block.estimate for block in blocks], weights=cells))
