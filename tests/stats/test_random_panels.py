"""Every estimator on random panels of odd names, types, units and origins, against dummies and loops over pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from detente import fit
from detente.stats.registry import REGISTRY, get

from support import accounts_logits  # noqa: F401 (registers its objectives)
from support.accounts import OBJECTIVES, Reference
from support.naive import NAIVE, hc0
from support.random_panels import drawn

NAMED = sorted(REGISTRY)
# Two panels of each estimator for every run, three hundred in all.
FEW, ALL = 2 * len(NAMED), 300
PANELS = [*range(FEW), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(FEW, ALL))]


def telling(reference: Reference, levels: list[np.ndarray]) -> np.ndarray:
    """Units (m,) that are alone in no level of an absorbed effect, once those that are have left."""
    keep = np.ones(len(reference.rows), dtype=bool)
    while True:
        alone = np.zeros(len(keep), dtype=bool)
        for codes in levels:
            mine = codes[reference.rows]
            alone |= keep & (np.array([(mine[keep] == c).sum() for c in mine]) == 1)
        if not alone.any():
            return keep
        keep &= ~alone


@pytest.mark.parametrize("seed", PANELS)
def test_estimates_and_errors_are_those_of_brute_force(seed: int) -> None:
    name = NAMED[seed % len(NAMED)]
    estimator, objective = get(name), OBJECTIVES[name]
    panel = drawn(seed, estimator)
    reference = objective.make(panel.clean)
    absorbs = estimator.uses in ("absorbs", "conditions")
    keep = telling(reference, list(panel.clean.fixed_effects.values()) if absorbs else [])
    counted = replace(reference, scores=reference.scores[keep], rows=reference.rows[keep])
    found = fit(panel.formula, panel.data, estimator=name, sides=panel.sides, time="year", **objective.options)

    units = [panel.unit(term) for term in found.terms]
    mine = [i for i, unit in enumerate(units) if unit is not None]
    unit = np.array([units[i] for i in mine])
    for kind in ("dyadic", "dyad"):
        vcov = found.with_vcov(kind).vcov
        expected = NAIVE[kind](counted, panel.clean)[np.ix_(mine, mine)]
        size = np.sqrt(np.diag(hc0(counted, panel.clean))[mine])
        off = (vcov.unrepaired[np.ix_(mine, mine)] * np.outer(unit, unit) - expected) / np.outer(size, size)
        assert np.abs(off).max() < 1e-5, kind
    assert_allclose(found.estimate[mine] * unit / size, reference.estimate[mine] / size, atol=1e-6)
    ends = np.stack([panel.clean.side1[reference.rows], panel.clean.side2[reference.rows]])
    assert (found.nobs, found.states) == (len(reference.rows), len(np.unique(ends)))
    assert found.dyads == len(np.unique(ends, axis=1).T)
