"""The domain's errors: each says what is wrong, where, what would be legal and the nearest match."""

from collections.abc import Iterable
from difflib import get_close_matches


class DetenteError(Exception):
    """Base of every error that a user can repair; the command line prints it without a traceback."""


class ConfigError(DetenteError):
    """A file under `config/` is not valid."""


class RawFilesUnavailable(DetenteError):
    """Raw files cannot be had, or are not the files that `config/sources.yaml` describes."""


class WrongBytes(RawFilesUnavailable):
    """Raw files are there, and are not those that are pinned."""


class SourceSchemaError(DetenteError):
    """A raw file has lost a column or uses a code that its codebook does not list."""


class UnresolvedNames(DetenteError):
    """Names or codes of states that no table knows: `strangers`, as the file has them."""

    def __init__(self, message: str, strangers: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.strangers = tuple(strangers)


class PanelError(DetenteError):
    """A join would duplicate or lose rows of the panel, or a key is not unique."""


class BrokenContract(DetenteError):
    """A table between two stages does not keep its schema."""


class UndeclaredFrame(DetenteError):
    """An exhibit reads a frame that its declaration does not name."""


class TooLarge(DetenteError):
    """What was asked for needs more memory than there is."""


class UnknownVariable(DetenteError):
    """A variable is not a column of the panel."""


class RoleError(DetenteError):
    """A control is measured too late for its role, or its role bars it from the model."""


class EmptySample(DetenteError):
    """A sample leaves no onset, or no rows, to estimate from."""


class UnknownEstimator(DetenteError):
    """No estimator of this name is registered."""


class UnsupportedCovariance(DetenteError):
    """The estimator exists, but does not support the covariance asked for."""


class UnknownOption(DetenteError):
    """The estimator exists, but has no option of this name."""


class UnsupportedEstimator(DetenteError):
    """The procedure exists, but not for fits of this estimator."""


class UnsupportedEffects(DetenteError):
    """The estimator exists, but takes no effects, or not as many."""


class UnsupportedInstruments(DetenteError):
    """The estimator exists, but has no use for instruments."""


class FormulaError(DetenteError):
    """A formula cannot be read, or asks for what no estimator does."""


class EstimationError(DetenteError):
    """A number that was asked for does not exist."""


class Separation(EstimationError):
    """A regressor predicts the outcome perfectly: the maximum-likelihood estimate is infinite."""


class RankDeficient(EstimationError):
    """Regressors are linearly dependent."""


class NoVariation(EstimationError):
    """The outcome or the treatment does not vary in the sample (or within its fixed effects)."""


class NoInstruments(EstimationError):
    """There are fewer instruments that vary than endogenous regressors, or none of either."""


class NoDyads(EstimationError):
    """Dyadic-robust inference was asked for rows that are no dyads."""


class TooFewClusters(EstimationError):
    """A cluster covariance has one cluster, or fewer than it can work with."""


class TooFewStates(EstimationError):
    """Dyadic-robust inference needs more states than the sample has."""


class IndefiniteCovariance(EstimationError):
    """The dyadic covariance leaves a coefficient no variance: its standard error does not exist."""


class NotConverged(EstimationError):
    """The optimiser stopped before the score was zero."""


class UnsuitableOutcome(EstimationError):
    """The outcome has values that the model has no probability for."""


class NoRisk(EstimationError):
    """The model has no absolute risk: the effects that it conditions on are never estimated."""


class TooFewDraws(EstimationError):
    """Too few draws of a bootstrap have an estimate."""


class NoSwitches(EstimationError):
    """The treatment does not switch in the direction that a design studies."""


class NoControls(EstimationError):
    """No switch has a unit to compare it with."""


class ShortPanel(EstimationError):
    """The panel has fewer periods than a design looks back and ahead."""


class UnsuitableTreatment(EstimationError):
    """The treatment has values, or ends, that a design has no place for."""


class UnsuitableEvents(EstimationError):
    """Events do not make the treatment of the fit, or cannot be drawn again."""


class DamagedFile(DetenteError):
    """A file is not of the format that it should be, or was cut short."""


class UnknownOrigin(DetenteError):
    """Nobody wrote down what made a file."""


class UnfitPackage(DetenteError):
    """A replication package would hold what it must not, or lack what it must have."""


class NotVerified(DetenteError):
    """A second build differs from the first one."""


class NotBuilt(DetenteError):
    """A step of a study failed."""


class NotReproduced(DetenteError):
    """A fit differs from its reference implementation by more than rounding."""


# More legal values than this are counted, not listed.
LISTED = 60


def choices(name: str, legal: Iterable[str]) -> str:
    """Legal values, and the nearest one to `name` if any is near, for the end of a message."""
    options = sorted(map(str, legal))
    folded = {option.casefold(): option for option in reversed(options)}
    near = get_close_matches(str(name), options, n=1, cutoff=0.6)
    near = near or [folded[n] for n in get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.6)]
    near = [option for option in options if option.casefold() == str(name).casefold()][:1] or near
    listed = ", ".join(options) if 0 < len(options) <= LISTED else f"{len(options):,} of them" if options else "none"
    return f"legal values: {listed}" + (f"; nearest: {near[0]!r}" if near else "")
