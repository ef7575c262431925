"""What is said of a claim, by rule.

Checks are declared once each, and `claim_verdict` applies them; the claims ledger has one row per claim.
Families of claims are judged together, and claims are held against what was registered.
"""

from detente.study.verdicts import families
from detente.study.verdicts.checks import CHECKS
from detente.study.verdicts.ledger import Findings, checks, ledger
from detente.study.verdicts.registration import (
    FOLDER,
    INDEX,
    STATUSES,
    Registration,
    compare,
    digest,
    registered,
    registrations,
    standings,
)
from detente.study.verdicts.schema import FAMILIES, LEDGER, RESULTS
from detente.study.verdicts.together import Together, families_of, under_headline

__all__ = [
    "CHECKS", "FAMILIES", "FOLDER", "INDEX", "LEDGER", "RESULTS", "STATUSES", "Findings", "Registration", "Together",
    "checks", "compare", "digest", "families", "families_of", "ledger", "registered", "registrations", "standings",
    "under_headline",
]  # fmt: skip
