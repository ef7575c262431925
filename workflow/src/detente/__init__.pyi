from detente.covariance import Recipe as Recipe
from detente.covariance import classical as classical
from detente.covariance import cluster as cluster
from detente.covariance import dyadic as dyadic
from detente.covariance import hc0 as hc0
from detente.covariance import hc1 as hc1
from detente.covariance import hc2 as hc2
from detente.covariance import hc3 as hc3
from detente.covariance import jackknife as jackknife
from detente.design import Design as Design
from detente.estimators.instrumental import anderson_rubin as anderson_rubin
from detente.inference import Fit as Fit
from detente.inference import fit as fit
from detente.inference.bootstrap import state_block_bootstrap as state_block_bootstrap
from detente.inference.calibration import calibration as calibration
from detente.inference.predictions import first_differences as first_differences
from detente.inference.predictions import marginal_effects as marginal_effects
from detente.inference.predictions import risk_curve as risk_curve
from detente.inference.predictions import risk_ratios as risk_ratios
from detente.inference.randomisation import randomisation_test as randomisation_test
from detente.inference.redraw import kad_redraw as kad_redraw
from detente.inference.schemes import circular_shift as circular_shift
from detente.inference.schemes import state_labels as state_labels
from detente.inference.score import score_bootstrap as score_bootstrap
from detente.inference.wild import wild_bootstrap as wild_bootstrap

__version__: str
