"""What is said of a claim, by rule.

Checks are declared once each, and `claim_verdict` applies them; the claims ledger has one row per claim.
Families of claims are judged together, and claims are held against what was registered.
"""

from detente.study.verdicts import families
from detente.study.verdicts.answers import described_answer
from detente.study.verdicts.checks import CHECKS, added_since
from detente.study.verdicts.ledger import NOT_EXAMINED, Findings, checks, ledger
from detente.study.verdicts.partial_pooling import FEWEST_POOLED
from detente.study.verdicts.pooled import POOLED, POOLED_CLAIMS, pooled_families
from detente.study.verdicts.registration import (
    FOLDER,
    INDEX,
    STATUSES,
    Registration,
    compare,
    digest,
    frozen_later,
    registered,
    registrations,
    standings,
)
from detente.study.verdicts.schema import FAMILIES, LEDGER, RESULTS
from detente.study.verdicts.together import Redrawn, Together, draws_of, families_of, under_headline

__all__ = [
    "CHECKS", "FAMILIES", "FEWEST_POOLED", "FOLDER", "INDEX", "LEDGER", "NOT_EXAMINED", "POOLED", "POOLED_CLAIMS",
    "RESULTS", "STATUSES", "Findings", "Redrawn", "Registration", "Together", "added_since", "checks", "compare",
    "described_answer", "digest", "draws_of", "families", "families_of", "frozen_later", "ledger", "pooled_families",
    "registered", "registrations", "standings", "under_headline",
]  # fmt: skip
