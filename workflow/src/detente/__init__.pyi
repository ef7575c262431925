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
from detente.inference import Fit as Fit
from detente.inference import fit as fit

__version__: str
