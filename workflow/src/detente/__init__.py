"""Put the claims of military diplomacy to the public record of interstate conflict.

`detente.fit`, recipes of covariances (`detente.dyadic`, `detente.cluster`, …) and `detente.Design` are loaded when
they are first used, so that importing the package costs nothing.
"""

from importlib import import_module

__version__ = "0.1.0"
_ROOMS = {
    "covariance": ("Recipe", "classical", "cluster", "dyadic", "hc0", "hc1", "hc2", "hc3", "jackknife"),
    "design": ("Design",),
    "estimators.instrumental": ("anderson_rubin",),
    "inference": ("fit", "Fit"),
    "inference.bootstrap": ("state_block_bootstrap",),
    "inference.calibration": ("calibration",),
    "inference.predictions": ("first_differences", "marginal_effects", "risk_curve", "risk_ratios"),
    "inference.randomisation": ("randomisation_test",),
    "inference.redraw": ("kad_redraw",),
    "inference.schemes": ("circular_shift", "state_labels"),
    "inference.score": ("score_bootstrap",),
    "inference.wild": ("wild_bootstrap",),
}
_PUBLIC = {name: room for room, names in _ROOMS.items() for name in names}
__all__ = sorted(_PUBLIC)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    """Load a public name from the room that it lives in; `detente.panel` is the room of panels itself."""
    if name == "panel":
        return import_module("detente.panel")
    if name not in _PUBLIC:
        raise AttributeError(f"module 'detente' has no attribute {name!r}")
    return getattr(import_module(f"detente.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_PUBLIC]
