"""What all figures share: size, style, colours, the mark of a simulated world, and bytes without dates."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import matplotlib as mpl
from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from detente.report.tables.table import SIMULATED

STYLE = Path(__file__).with_name("style.mplstyle")
WIDTH = 6.5
"""Width of every figure in inches: the text width of a page."""

BLUE, VERMILION, GREEN, GREY, BAND = "#0072B2", "#D55E00", "#009E73", "#6b6b6b", "#ececec"
"""Okabe and Ito's colours, which no common colour blindness confuses."""

_METADATA: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
FORMATS = tuple(_METADATA)
P = ParamSpec("P")


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw under the one style file and nothing of the user's own; lay out once, for all formats alike."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context():
            mpl.rcdefaults()
            style.use(STYLE)
            figure = draw(*args, **kwargs)
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
            return figure

    return drawn


def canvas(height: float, *, simulated: bool) -> Figure:
    """Return an empty figure `WIDTH` × `height` inches, marked if the world is simulated."""
    # The mark has a strip of its own, so that it covers nothing.
    strip = 0.2 / height if simulated else 0.0
    engine = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - strip))
    figure = Figure(figsize=(WIDTH, height), layout=engine)
    if simulated:
        top = 1 - strip / 4
        figure.text(0.995, top, SIMULATED, ha="right", va="top", color=VERMILION, weight="bold", size=8)
    return figure


def image(figure: Figure, kind: str) -> bytes:
    """Return the figure as "svg", "pdf" or "png"; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    with mpl.rc_context():
        mpl.rcdefaults()
        style.use(STYLE)
        figure.savefig(buffer, format=kind, metadata=_METADATA[kind])
    return buffer.getvalue()
