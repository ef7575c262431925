"""The headline's t among those of re-randomised treatments: on the pages of claims of a study's site."""

import numpy as np

from detente.report.evidence import Evidence
from detente.report.exhibit import exhibit
from detente.report.figures import canvas as draw
from detente.report.formats import decimal
from detente.study.config import Claim

_BINS = 40


@exhibit(
    kind="figure", name="randomisation", page="site", place="randomisation", needs=("tests", "draws"), per="claim",
    stored=False, title="The headline among re-randomised treatments",
    caption="{{ claim.label }}: t statistics of the headline model under treatments drawn as if they had no effect, by "
    "the first scheme of the table; the line is the t of the data.",
    alt="Bars of counts of drawn t statistics around zero, and a vertical line at the observed one.",
)  # fmt: skip
@draw.styled
def randomisation(evidence: Evidence, claim: Claim) -> draw.Figure | None:
    """Counts of the t statistics of draws, and the t of the data."""
    tests, draws = evidence.of_claim("tests", claim.id), evidence.of_claim("draws", claim.id)["statistic"].dropna()
    if tests.empty or draws.empty:
        return None
    observed = float(tests["observed"].iloc[0])
    figure = draw.canvas(2.2, simulated=evidence.simulated)
    axes = figure.subplots()
    far = 1.05 * max(float(draws.abs().max()), abs(observed))
    counts, edges = np.histogram(draws, bins=_BINS, range=(-far, far))
    axes.stairs(counts, edges, fill=True, color=draw.GREY, alpha=0.45)
    axes.axvline(observed, color=draw.VERMILION, linewidth=1.4)
    side = "right" if observed > 0 else "left"
    at = (observed, float(counts.max()))
    draw.label(axes, f"observed {decimal(observed)}", at, (-4 if side == "right" else 4, -3), ha=side, va="top",
               color=draw.VERMILION, bbox=draw.BOX)  # fmt: skip
    axes.set_xlim(-far, far)
    axes.set_xlabel("t statistic of the headline")
    axes.set_ylabel("Draws")
    draw.ticks(axes.yaxis, lambda v: f"{v:.0f}", nbins=4, steps=[1, 2, 5, 10])
    return figure
