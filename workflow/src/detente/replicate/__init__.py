"""Published tables re-estimated: one YAML file a table, every printed number beside ours."""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.replicate.reading import check_columns, obtained, read_publications, tables
    from detente.replicate.run import COMPARISON, DYADIC_COMPARISON, FAILING, Replication, not_at_hand, replicate
    from detente.replicate.schema import Publication

__all__ = [
    "COMPARISON", "DYADIC_COMPARISON", "FAILING", "Publication", "Replication", "check_columns", "not_at_hand",
    "obtained", "read_publications", "replicate", "tables",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
