"""From claims to verdicts: what a study tests, how it is estimated, and how far its results can be leaned on.

Sub-packages stand in this order, and import only from those before them: `config` (what the files say), `design`
(specifications and model frames), `estimation`, `multiverse`, `robustness`, `verdicts`. `project.load` reads the
configuration with every check that needs the registries of sources, variables and estimators; `completed` gives a
study's own claims what they leave to the codebook.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.study.completing import completed
    from detente.study.config.offer import Offered, either, modules_of, offered
    from detente.study.project import load

__all__ = ["Offered", "completed", "either", "load", "modules_of", "offered"]
__getattr__, __dir__ = on_demand(__name__)
