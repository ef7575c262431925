"""Published tables re-estimated: one YAML file a table, every printed number beside ours."""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.replicate.agreement import CONSISTENCY, consistency
    from detente.replicate.beside import KEY, findings, panel_file, variables_asked
    from detente.replicate.claim_frame import PUBLISHED
    from detente.replicate.conclusions import CONCLUSIONS_CHANGED, conclusions_changed, conclusions_compared
    from detente.replicate.documented import reference
    from detente.replicate.drafting import draft
    from detente.replicate.prepared import tables
    from detente.replicate.reading import check_columns, obtained, read_publications
    from detente.replicate.run import COMPARISON, DYADIC_COMPARISON, Replication, of_now, replicate, unmade
    from detente.replicate.schema import Publication
    from detente.replicate.verdicts import FAILING, STATUSES

__all__ = [
    "COMPARISON", "CONCLUSIONS_CHANGED", "CONSISTENCY", "DYADIC_COMPARISON", "FAILING", "KEY", "PUBLISHED", "STATUSES",
    "Publication", "Replication", "check_columns", "conclusions_changed", "conclusions_compared", "consistency",
    "draft", "findings", "obtained", "of_now", "panel_file", "read_publications", "reference", "replicate", "tables",
    "unmade", "variables_asked",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
