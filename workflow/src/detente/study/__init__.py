"""From claims to verdicts: what a study tests, how it is estimated, and how far its results can be leaned on.

Sub-packages stand in this order, and import only from those before them: `config` (what the files say), `design`
(specifications and model frames), `estimation`, `multiverse`, `robustness`, `verdicts`. `project.load` reads the
configuration with every check that needs the registries of sources, variables and estimators.
"""

from typing import TYPE_CHECKING

from detente.base.public import on_demand

if TYPE_CHECKING:
    from detente.study.project import load

__all__ = ["load"]
__getattr__, __dir__ = on_demand(__name__)
