"""K-ads: groups of states that did something together, as units of their own, beside groups that did not.

`build` makes a panel of k-ad-years of the public record, `kad_panel` from one of dyad-years that is at hand.
Poast, P. (2010): (Mis)Using Dyadic Data to Analyze Multilateral Events. Political Analysis 18(4): 403–425.
Fordham, B. and P. Poast (2016): All Alliances Are Multilateral. Journal of Conflict Resolution 60(5): 840–865.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.data.kads.building import Built, build
    from detente.data.kads.comparison import Sampling
    from detente.data.kads.groups import KINDS, Kind, kind
    from detente.data.kads.making import COLUMNS, RELEVANT, Asked, KadPanel, kad_panel
    from detente.data.kads.rules import RULES, Rule, combined, rule_of

__all__ = [
    "COLUMNS", "KINDS", "RELEVANT", "RULES", "Asked", "Built", "KadPanel", "Kind", "Rule", "Sampling", "build",
    "combined", "kad_panel", "kind", "rule_of",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
