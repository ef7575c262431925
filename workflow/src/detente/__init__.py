"""Test claims about military diplomacy against the public record of interstate conflict.

`detente.fit`, covariance estimators (`detente.dyadic`, `detente.cluster`, …) and `detente.ModelFrame` are loaded when
they are first used, so that importing the package costs nothing.
"""

from importlib import import_module

__version__ = "0.1.0"
_HOMES = {
    "stats.covariance": ("Vcov", "classical", "cluster", "dyadic", "hc0", "hc1", "hc2", "hc3", "jackknife"),
    "stats.frame": ("ModelFrame",),
    "stats.linear.instrumental": ("anderson_rubin",),
    "stats.fitting": ("fit",),
    "stats.result": ("Fit",),
    "stats.resampling.bootstrap": ("state_block_bootstrap",),
    "stats.effects.calibration": ("calibration",),
    "stats.effects.predictions": ("first_differences", "marginal_effects", "risk_curve", "risk_ratios"),
    "stats.resampling.randomisation": ("randomisation_test",),
    "stats.resampling.redraw": ("kad_redraw",),
    "stats.resampling.schemes": ("circular_shift", "state_labels"),
    "stats.resampling.score": ("score_bootstrap",),
    "stats.resampling.wild": ("wild_bootstrap",),
}
_PUBLIC = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_PUBLIC)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    """Load a public name from the module that defines it; `panel` is `detente.data.panel`."""
    if name == "panel":
        return import_module("detente.data.panel")
    if name not in _PUBLIC:
        raise AttributeError(f"module 'detente' has no attribute {name!r}")
    return getattr(import_module(f"detente.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_PUBLIC]
