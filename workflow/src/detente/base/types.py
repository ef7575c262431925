"""Types of arrays, once."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
"""Numbers."""

Codes = npt.NDArray[np.int64]
"""Codes of states, years or groups, and places of rows."""

Places = npt.NDArray[np.int32]
"""Places where memory is short."""

Flags = npt.NDArray[np.bool_]
"""True or false, one per row."""
