from detente.stats.covariance import Vcov as Vcov
from detente.stats.covariance import classical as classical
from detente.stats.covariance import cluster as cluster
from detente.stats.covariance import dyadic as dyadic
from detente.stats.covariance import hc0 as hc0
from detente.stats.covariance import hc1 as hc1
from detente.stats.covariance import hc2 as hc2
from detente.stats.covariance import hc3 as hc3
from detente.stats.covariance import jackknife as jackknife
from detente.stats.effects.calibration import calibration as calibration
from detente.stats.effects.predictions import first_differences as first_differences
from detente.stats.effects.predictions import marginal_effects as marginal_effects
from detente.stats.effects.predictions import risk_curve as risk_curve
from detente.stats.effects.predictions import risk_ratios as risk_ratios
from detente.stats.fitting import fit as fit
from detente.stats.frame import ModelFrame as ModelFrame
from detente.stats.linear.instrumental import anderson_rubin as anderson_rubin
from detente.stats.resampling.bootstrap import state_block_bootstrap as state_block_bootstrap
from detente.stats.resampling.randomisation import randomisation_test as randomisation_test
from detente.stats.resampling.redraw import kad_redraw as kad_redraw
from detente.stats.resampling.schemes import circular_shift as circular_shift
from detente.stats.resampling.schemes import state_labels as state_labels
from detente.stats.resampling.score import score_bootstrap as score_bootstrap
from detente.stats.resampling.wild import wild_bootstrap as wild_bootstrap
from detente.stats.result import Fit as Fit

__version__: str
