"""Models and inference for dyadic data: any estimator, with standard errors that allow for shared states.

`fit` takes a model frame or a formula and returns a `Fit`, which prints its coefficients and how their standard errors
were made; `check_…` of `detente.testing` say whether an estimator or covariance of your own keeps the contract.
Nothing here knows a state, a source, a claim or a study, and a name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "covariance": (
        "Covariance", "Pairs", "SandwichParts", "Scores", "Vcov", "classical", "cluster", "dyadic", "hc0",
        "hc1", "hc2", "hc3", "jackknife", "number_dyads", "parse", "sandwich",
    ),
    "effects.calibration": ("calibration",),
    "effects.predictions": ("first_differences", "marginal_effects", "risk_curve", "risk_ratios"),
    "contract": ("Estimator", "Label", "Solution", "estimator"),
    "fitting": ("fit",),
    "frame": ("ModelFrame",),
    "linear.instrumental": ("anderson_rubin",),
    "registry": ("REGISTRY",),
    "resampling.bootstrap": ("state_block_bootstrap",),
    "resampling.randomisation": ("randomisation_test",),
    "resampling.redraw": ("kad_redraw",),
    "resampling.schemes": ("circular_shift", "state_labels"),
    "resampling.score": ("score_bootstrap",),
    "resampling.wild": ("wild_bootstrap",),
    "result": ("Fit",),
}  # fmt: skip
_PUBLIC = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_PUBLIC)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    """Load a public name from the module that defines it."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'detente.stats' has no attribute {name!r}")
    return getattr(import_module(f"detente.stats.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_PUBLIC]
