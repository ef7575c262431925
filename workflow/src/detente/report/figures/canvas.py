"""What all figures share: size, style, colours, the mark of a simulated world, and bytes without dates."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

from detente.report.exhibit import FORMATS as ENDINGS
from detente.report.tables.table import SIMULATED

# Matplotlib is loaded where something is drawn, so that whoever only lists figures does not wait for it.
if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
FORMATS = ENDINGS["figure"]
P = ParamSpec("P")


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw under the one style file and nothing of the user's own; lay out once, for all formats alike."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with _style():
            figure = draw(*args, **kwargs)
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
            return figure

    return drawn


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib as mpl
    from matplotlib import style

    with mpl.rc_context():
        mpl.rcdefaults()
        style.use(STYLE)
        yield


def canvas(height: float, *, simulated: bool) -> Figure:
    """Return an empty figure `WIDTH` × `height` inches, marked if the world is simulated."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

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
    with _style():
        figure.savefig(buffer, format=kind, metadata=_METADATA[kind])
    return buffer.getvalue()


def most_ticks(side: Any, most: int, **options: Any) -> None:
    """Put at most so many ticks on an axis, at round numbers."""
    from matplotlib.ticker import MaxNLocator

    side.set_major_locator(MaxNLocator(most, **options))


def ticks_at(side: Any, values: Iterable[float]) -> None:
    """Put the ticks of an axis at these values, whatever its limits."""
    from matplotlib.ticker import FixedLocator

    side.set_major_locator(FixedLocator(list(values)))


def band(axis: Any, half: float, y: float) -> None:
    """Shade the row at `y` from `-half` to `half`: effects too small to matter."""
    from matplotlib.patches import Rectangle

    axis.add_patch(Rectangle((-half, y - 0.5), 2 * half, 1, color=BAND, linewidth=0, zorder=0))
