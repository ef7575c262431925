"""A world with planted effects, recorded in the schema of each source: a test, and no evidence of anything.

`stage` has the states, `risk` the hazard of disputes with its formula, `treatments` what states do under threat,
`world` puts them together; `raw_*` write down what happened as the sources would.
"""

from detente.simulate.raw_tables import coded_again
from detente.simulate.risk import Hazard, hazard, policy
from detente.simulate.settings import World, stream
from detente.simulate.world import PLANTED, WRITTEN, SimulatedWorld, Tables, Truth, simulate_world

__all__ = [
    "PLANTED", "WRITTEN", "Hazard", "SimulatedWorld", "Tables", "Truth", "World", "coded_again", "hazard", "policy",
    "simulate_world", "stream",
]  # fmt: skip
