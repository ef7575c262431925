"""Where designs for treatments that switch fail: placebos that differ from zero, too few switches."""

import pandas as pd

from detente.base.numerics import LEVEL
from detente.report.models import FEW_SWITCHERS
from detente.study.robustness import DESIGNS


def placebos_differ(frame: pd.DataFrame) -> pd.Series:
    """Rows of the frame `designs` whose placebo years differ from zero, taken together."""
    return frame["placebo_p"] < 1 - LEVEL


def few_switches(frame: pd.DataFrame) -> pd.Series:
    """Rows of the frame `designs` whose average effect rests on few switches in one of its years."""
    by_year = frame["design"].map(lambda name: DESIGNS[name].path).astype(bool)
    return frame["estimate"].notna() & by_year & (frame["fewest"] < FEW_SWITCHERS)
