"""Networks of one hidden layer for function tables, with as few neurons as can be found.

Plain data in, plain data out, as for allocations: a table and a class of weights give a network,
the fewest neurons that are proven to be needed in that class, and a status.
"""

from solvers.networks.descent import descended
from solvers.networks.fewest import Found, fewest_neurons
from solvers.networks.network import Network, Table, is_exact
from solvers.networks.weights import WeightClass

__all__ = [
    "Found",
    "Network",
    "Table",
    "WeightClass",
    "descended",
    "fewest_neurons",
    "is_exact",
]
