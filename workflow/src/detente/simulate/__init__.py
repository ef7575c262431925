"""A world with planted effects, recorded in the schema of each source: a test, and no evidence of anything.

`stage` has the states, `risk` the hazard of disputes with its formula, `treatments` what states do under threat,
`world` puts them together; `raw_*` write down what happened as the sources would. Beside it, `switching_worlds` has
panels of dyads whose treatments switch, for designs that are tried where their assumptions hold, and where they fail.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.simulate.raw_tables import coded_again
    from detente.simulate.risk import Hazard, hazard, policy
    from detente.simulate.settings import World, stream
    from detente.simulate.switching_worlds import (
        SwitchingPanel,
        SwitchingWorld,
        constant_path,
        differing_path,
        growing_path,
        simulate_switching,
    )
    from detente.simulate.world import PLANTED, WRITTEN, SimulatedWorld, Tables, Truth, simulate_world

__all__ = [
    "PLANTED", "WRITTEN", "Hazard", "SimulatedWorld", "SwitchingPanel", "SwitchingWorld", "Tables", "Truth", "World",
    "coded_again", "constant_path", "differing_path", "growing_path", "hazard", "policy", "simulate_switching",
    "simulate_world", "stream",
]  # fmt: skip
__getattr__, __dir__ = on_demand(__name__)
