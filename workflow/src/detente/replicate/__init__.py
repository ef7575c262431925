"""Published tables re-estimated: one YAML file a table, every printed number beside ours."""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.replicate.agreement import CONSISTENCY, consistency
    from detente.replicate.conclusions import CONCLUSIONS_CHANGED, conclusions_changed
    from detente.replicate.drafting import draft
    from detente.replicate.prepared import tables
    from detente.replicate.reading import check_columns, obtained, read_publications
    from detente.replicate.run import COMPARISON, DYADIC_COMPARISON, Replication, of_now, replicate, unmade
    from detente.replicate.schema import Publication
    from detente.replicate.verdicts import FAILING, STATUSES

__all__ = [
    "COMPARISON", "CONCLUSIONS_CHANGED", "CONSISTENCY", "DYADIC_COMPARISON", "FAILING", "STATUSES", "Publication",
    "Replication", "check_columns", "conclusions_changed", "consistency", "draft", "obtained", "of_now",
    "read_publications", "replicate", "tables", "unmade",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
