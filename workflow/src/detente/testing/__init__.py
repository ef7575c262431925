"""Contract suites: what the project relies on in each kind of thing that it declares.

Each checks one object and says what it breaks. They run over the registries of the project in its own tests, and over
an object of your own wherever you test it: they need nothing but `detente`.
"""

from detente.testing.estimators import check_covariance, check_estimator
from detente.testing.exhibits import check_exhibit
from detente.testing.sources import check_source

__all__ = ["check_covariance", "check_estimator", "check_exhibit", "check_source"]
