"""Regions of states, by COW's numbering."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

# First code of each region in COW's numbering of states.
REGIONS: Mapping[int, str] = {
    0: "Americas",
    200: "Europe",
    400: "Sub-Saharan Africa",
    600: "Middle East and North Africa",
    700: "Asia and Oceania",
}


def region(states: npt.NDArray[np.int64]) -> npt.NDArray[np.str_]:
    """Name of the region (N,) of each state's code."""
    names = np.array(list(REGIONS.values()))
    return names[np.searchsorted(list(REGIONS), states, side="right") - 1]
