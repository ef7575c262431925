"""Models of k-ads, groups of k states that are one observation each, robust to groups that share states."""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.stats.kadic.covariance import Working, kadic_covariance
    from detente.stats.kadic.models import KadFit, KadRows, kad_logit, kad_lpm
    from detente.stats.kadic.sharing import Sharing, effective_kads, kadic_meat

__all__ = [
    "KadFit", "KadRows", "Sharing", "Working", "effective_kads", "kad_logit", "kad_lpm", "kadic_covariance",
    "kadic_meat",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
