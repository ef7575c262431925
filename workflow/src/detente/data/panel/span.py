"""Years that a panel may have, and whether its sources reach as far as they say."""

from collections.abc import Mapping, Sequence

import pandas as pd

from detente.base.errors import ConfigError, PanelError
from detente.data.panel.offering import STATES
from detente.data.sources import REGISTRY, Source

SYSTEM = REGISTRY[STATES].covered
"""First and last year of the list of states, and of those to which it is carried on."""


def check_window(window: tuple[int, int], years: tuple[int, int] = SYSTEM) -> None:
    """Raise ConfigError if a window lies outside the `years` of the list of states, or ends before it starts."""
    if window[0] > window[1]:
        raise ConfigError(f"the window starts in {window[0]}, after it ends in {window[1]}")
    if window[0] < years[0] or window[1] > years[1]:
        system = f"{years[0]}–{years[1]}"
        raise ConfigError(f"window {window[0]}–{window[1]} lies outside the state system's years, {system}")


def check_carried(tidy: Mapping[str, pd.DataFrame], sources: Sequence[Source], last: int) -> None:
    """Raise PanelError if a panel up to the year `last` needs a source to be carried on that is tidy without that.

    Its absent rows would be taken for zeros.
    """
    for source in (s for s in sources if s.carried and last > s.years[1]):
        frame = tidy[source.slug]
        found = int((frame["end"] // 10_000 if source.key == "spell" else frame["year"]).max()) if len(frame) else 0
        if found == source.years[1]:
            raise PanelError(
                f"{source.slug}: the tidy table ends in {found} and is not carried on to {source.covered[1]}; clean the"
                " source again, or use Source.carry"
            )
