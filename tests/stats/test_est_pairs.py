"""Every estimator under every covariance that it supports, against an independent account of both.

The estimator's side is in accounts.py (what it minimises, differentiated numerically), the covariance's in naive.py
(sums over pairs of rows). A pair without a reference fails: a new estimator needs an objective, a new kind a loop.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from detente.base.errors import UnsupportedCovariance
from detente.stats.contract import Solution
from detente.stats.covariance import KINDS
from detente.stats.fitting import made_covariance
from detente.stats.frame import ModelFrame
from detente.stats.registry import REGISTRY, get

from support.accounts import OBJECTIVES, Reference
from support.naive import NAIVE

for family in sorted((Path(__file__).parents[1] / "support").glob("accounts_*.py")):
    import_module(f"support.{family.stem}")

# What is tried of each kind, by name; models of whole groups have no clusters that split these.
TRIED = {kind: (kind,) for kind in KINDS} | {"cluster": ("dyad", "side1+side2", "dyad+year"), "dyad": ("dyad",)}
WHOLE = ("groups", "conditions")
PAIRS = sorted(
    {
        (name, vcov)
        for name, estimator in REGISTRY.items()
        for kind in estimator.covariances
        for vcov in TRIED[kind]
        if not (vcov == "dyad+year" and estimator.uses in WHOLE)
    }
)


@cache
def world(name: str) -> ModelFrame:
    return OBJECTIVES[name].world(get(name))


@cache
def solution(name: str) -> Solution:
    return get(name).fit(world(name), **OBJECTIVES[name].options)


@cache
def reference(name: str) -> Reference:
    return OBJECTIVES[name].make(world(name))


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_estimator_solves_its_own_objective(name: str) -> None:
    assert name in OBJECTIVES, f"estimator {name!r} has no objective: add one to tests/support/accounts.py"
    found, own = solution(name), reference(name)
    assert_allclose(own.scores.sum(axis=0), 0, atol=1e-6)
    assert_allclose(found.estimate, own.estimate[: len(found.terms)], rtol=1e-6, atol=1e-8)
    if "hc1" in get(name).covariances:
        assert len(found.terms) + found.absorbed == np.linalg.matrix_rank(own.bread), "parameters are miscounted"


@pytest.mark.parametrize(("name", "vcov"), PAIRS, ids=[f"{n} × {r}" for n, r in PAIRS])
def test_every_estimator_meets_an_independent_covariance_of_every_kind(name: str, vcov: str) -> None:
    assert name in OBJECTIVES, f"estimator {name!r} has no objective: add one to tests/support/accounts.py"
    assert vcov in NAIVE, f"covariance {vcov!r} has no independent account: add one to tests/support/naive.py"
    assert vcov not in OBJECTIVES[name].skip, f"{name!r} declares {vcov!r}, of which its objective has no account"
    found = solution(name)
    made = made_covariance(vcov, world(name), found, name, "detente", OBJECTIVES[name].options)
    k = len(found.terms)
    expected = NAIVE[vcov](reference(name), world(name))[:k, :k]
    scale = np.sqrt(np.outer(np.diag(found.bread), np.diag(found.bread)))
    assert_allclose(made.unrepaired / scale, expected / scale, rtol=1e-5, atol=1e-7)


@pytest.mark.fault("fits")
@pytest.mark.parametrize("name", sorted(n for n, e in REGISTRY.items() if e.uses in WHOLE))
def test_clusters_that_split_the_groups_of_a_model_of_groups_are_refused(name: str) -> None:
    with pytest.raises(UnsupportedCovariance, match="which 'year' splits"):
        made_covariance("dyad+year", world(name), solution(name), name, "detente", {})


def test_every_kind_is_tried_and_the_jackknife_has_a_test_of_its_own() -> None:
    tried = {vcov for names in TRIED.values() for vcov in names}
    assert tried - set(NAIVE) == {"jackknife", "dyadic_jackknife"}
    assert not {"jackknife", "dyadic_jackknife"} & {kind for e in REGISTRY.values() for kind in e.covariances}
