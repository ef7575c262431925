"""What all figures share: size, style, colours, intervals, the mark of a simulated world, and bytes without dates.

What seaborn has a form for (points with intervals, lines, bars, strips, heat maps) it draws, on matplotlib's axes.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeAlias, TypeVar

import numpy as np

from detente.base.types import Flags
from detente.report.tables.table import SIMULATED, Table, render

# Matplotlib and seaborn are loaded where something is drawn, so that whoever only lists figures does not wait for it.
if TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure

    from detente.report.exhibit import Exhibit

    Axes: TypeAlias = matplotlib.axes.Axes
    Figure: TypeAlias = matplotlib.figure.Figure
else:
    Axes = Exhibit = Figure = Any

STYLE = Path(__file__).with_name("style.mplstyle")
WIDTH = 6.5
"""Width of every figure in inches: the text width of a page."""

BLUE, VERMILION, GREEN, GREY, BAND = "#0072B2", "#D55E00", "#009E73", "#6b6b6b", "#ececec"
"""Okabe and Ito's colours, which no common colour blindness confuses."""

BOX = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
"""Behind a text that stands on a line."""

_METADATA: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
P = ParamSpec("P")
Drawn = TypeVar("Drawn", bound="Figure | None")


def styled(draw: Callable[P, Drawn]) -> Callable[P, Drawn]:
    """Draw under the one style file and nothing of the user's own; lay out once, for all formats alike."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Drawn:
        with _style():
            figure = draw(*args, **kwargs)
            if figure is not None:
                figure.draw_without_rendering()
                # With no engine, not the one that does nothing, what is saved is drawn once and not twice.
                figure.set_layout_engine(None)
                # What a solver of layouts finds differs from run to run in its last bits, which names of clips hold.
                for axis in figure.axes:
                    axis.set_position(np.round(axis.get_position(original=True).bounds, 9), which="original")
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


def files_of(exhibit: Exhibit, made: Any, templates: Mapping[str, str], name: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file of an exhibit that was made; `name` is not its own where a claim has one."""
    for ending in exhibit.formats:
        content = render(made, ending, templates).encode("utf-8") if isinstance(made, Table) else image(made, ending)
        yield f"{name or exhibit.name}.{ending}", content


def ticks(side: Any, show: Callable[[float], str] | None = None, at: Iterable[float] = (), **rounds: Any) -> None:
    """Put the ticks of an axis at these values, or at round numbers under the options of `MaxNLocator`."""
    from matplotlib.ticker import FixedLocator, MaxNLocator

    side.set_major_locator(MaxNLocator(**rounds) if rounds else FixedLocator(list(at)))
    if show is not None:
        side.set_major_formatter(lambda value, _: show(value))


def rows(axis: Axes, names: Mapping[float, str], foot: float, head: float, **style: Any) -> None:
    """Name the rows of a panel by their heights, which run from `head` down to `foot`, without ticks or a line."""
    axis.set_yticks(list(names), list(names.values()), **style)
    axis.set_ylim(foot, head)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)


def label(axis: Axes, text: str, at: tuple[float, float], offset: tuple[float, float] = (0, 0), **style: Any) -> None:
    """Write a text so many points from a place of the data."""
    axis.annotate(text, at, xytext=offset, textcoords="offset points", **{"va": "center", "size": 7.5, **style})


def label_beside(axis: Axes, text: str, side: float, y: float, offset: float, **style: Any) -> None:
    """Write a text beside the row at `y`: `side` is a share of the axis' width, which `offset` points are added to."""
    label(axis, text, (side, y), (offset, 0), xycoords=("axes fraction", "data"), annotation_clip=False, **style)


@dataclass(frozen=True)
class Interval:
    """An estimate between the ends of its interval, `at` a place along the other axis; `marker` is matplotlib's.

    `face` fills the marker where it is not of its own `colour`.
    """

    low: float
    middle: float
    high: float
    at: float
    colour: str
    marker: str = "o"
    face: str = ""


def intervals(
    axis: Axes, drawn: Iterable[Interval], *, orient: Literal["y", "x"] = "y", width: float = 1.4, arrow: float = 4
) -> None:
    """Draw points with intervals by seaborn: lying, in rows, or standing, `orient` "x".

    Where the axis has limits of its own, an interval that runs beyond them ends in an arrow, and a point there is left
    out. `width` is that of the lines, `arrow` the size of arrows, in points.
    """
    import seaborn as sns

    lying = orient == "y"
    fixed = not (axis.get_autoscalex_on() if lying else axis.get_autoscaley_on())
    left, right = (axis.get_xlim() if lying else axis.get_ylim()) if fixed else (-np.inf, np.inf)
    alike: dict[tuple[str, str, str], list[Interval]] = {}
    for one in drawn:
        alike.setdefault((one.colour, one.marker if left <= one.middle <= right else "", one.face), []).append(one)
    for (colour, marker, face), mine in alike.items():
        # Of three values the median is the estimate, and all of them span the interval.
        ends = np.clip([(one.low, one.middle, one.high) for one in mine], left, right).ravel()
        places = np.repeat([one.at for one in mine], 3)
        sns.pointplot(
            x=ends if lying else places, y=places if lying else ends, ax=axis, orient=orient, estimator="median",
            errorbar=("pi", 100), native_scale=True, linestyle="none", color=colour, zorder=4, clip_on=False,
            err_kws={"linewidth": width, "solid_capstyle": "butt", "zorder": 2}, **_point(colour, marker, face),
        )  # fmt: skip
        for one in mine:
            for beyond, edge, side in ((one.low < left, left, "<v"), (one.high > right, right, ">^")):
                if beyond:
                    place = (edge, one.at) if lying else (one.at, edge)
                    axis.plot(*place, side[not lying], color=colour, markersize=arrow, clip_on=False, zorder=3)


def _point(colour: str, marker: str, face: str) -> dict[str, Any]:
    """A point as the style has it, for functions that have a style of their own."""
    import matplotlib as mpl

    size, edge = (mpl.rcParams[f"lines.{name}"] for name in ("markersize", "markeredgewidth"))
    look = {"markerfacecolor": face, "markeredgecolor": colour} if face else {"markeredgecolor": "white"}
    return {"marker": marker, "markersize": size, "markeredgewidth": edge, **look}


def line(axis: Axes, x: Any, y: Any, **style: Any) -> None:
    """Draw a line through points (n,) in the order given, by seaborn."""
    import seaborn as sns

    sns.lineplot(x=np.asarray(x), y=np.asarray(y), ax=axis, estimator=None, sort=False, legend=False, **style)


def bars(axis: Axes, x: Any, y: Any, *, orient: str, width: float, colour: str, **style: Any) -> None:
    """Draw bars at places (n,) of the data, standing ("x") or lying ("y"), by seaborn."""
    import seaborn as sns

    sns.barplot(
        x=np.asarray(x), y=np.asarray(y), ax=axis, orient=orient, native_scale=True, width=width, color=colour,
        saturation=1, errorbar=None, linewidth=0, **style,
    )  # fmt: skip


def strip(axis: Axes, x: Any, rows: Any, colours: Any, **style: Any) -> None:
    """Draw marks (n,) in a few rows at heights (n,), each of its own colour (n,), by seaborn."""
    import seaborn as sns

    for shade, of in _by_shade(colours):
        sns.stripplot(
            x=np.asarray(x)[of], y=np.asarray(rows)[of], ax=axis, orient="y", native_scale=True, jitter=False,
            legend=False, color=shade, **style,
        )  # fmt: skip


def points(axis: Axes, x: Any, y: Any, colours: Any, **style: Any) -> None:
    """Draw points (n,), each of its own colour (n,), by seaborn."""
    import seaborn as sns

    for shade, of in _by_shade(colours):
        sns.scatterplot(x=np.asarray(x)[of], y=np.asarray(y)[of], ax=axis, legend=False, color=shade, **style)


def _by_shade(colours: Any) -> Iterator[tuple[str, Flags]]:
    """Each colour and where it is (n,): marks of one colour are one mark in the file, drawn at many places."""
    shades = np.asarray(colours)
    for shade in np.unique(shades):
        yield str(shade), shades == shade


def band(axis: Axes, half: float, y: float) -> None:
    """Shade the row at `y` from `-half` to `half`: effects too small to matter."""
    from matplotlib.patches import Rectangle

    axis.add_patch(Rectangle((-half, y - 0.5), 2 * half, 1, color=BAND, linewidth=0, zorder=0))
