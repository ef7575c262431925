"""Every estimator by name: the modules of `linear` and `likelihood` are searched, and none is listed."""

from importlib import import_module
from pkgutil import iter_modules

from detente.stats import likelihood, linear
from detente.stats.contract import REGISTRY, Estimator, get

for _package in (linear, likelihood):
    for _module in sorted(m.name for m in iter_modules(_package.__path__)):
        import_module(f"{_package.__name__}.{_module}")

# Estimators that fit many specifications of one sample at once.
WITH_ENGINE = tuple(sorted(name for name, found in REGISTRY.items() if found.engine))

__all__ = ["REGISTRY", "WITH_ENGINE", "Estimator", "get"]


def documented() -> str:
    """The registered estimators as a Markdown table, which stands in `docs/estimates.md`."""
    columns = "name", "estimator", "link", "fixed effects", "covariances", "statistics"
    rows = [f"| {' | '.join(columns)} | many specifications | compared with |", "|" + "---|" * (len(columns) + 2)]
    for name, found in sorted(REGISTRY.items()):
        effects = {"nothing": "none"}.get(found.uses, f"{found.uses} {', '.join(found.fixed_effects)}")
        kinds = ", ".join(sorted(found.covariances))
        statistics = ", ".join(f"`{s}`" for s in sorted(found.statistics)) or "–"
        engine = found.engine or "–"
        cells = (f"`{name}`", found.label.long, found.link, effects, kinds, statistics, engine, found.reference)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
