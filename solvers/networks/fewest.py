"""The fewest neurons of a table in a class of networks, from below."""

from __future__ import annotations

from dataclasses import dataclass

from solvers.networks.exact import Answer, network_of
from solvers.networks.network import Network, Table
from solvers.networks.weights import WeightClass


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a table in a class of networks.

    Attributes:
        network: The one with the fewest neurons that was found; None if none was.
        least: So many neurons every network of the class has.
        weights: The class.
    """

    network: Network | None
    least: int
    weights: WeightClass

    @property
    def is_proven(self) -> bool:
        """Whether no network of the class has fewer neurons."""
        return self.network is not None and self.network.neurons == self.least


def fewest_neurons(
    table: Table,
    weights: WeightClass,
    least: int,
    most: int,
    time_limit: float,
    seed: int = 0,
) -> Found:
    """Looks for networks with more and more neurons, until there is one.

    Args:
        table: The table.
        weights: The class.
        least: Neurons that any network has.
        most: Neurons up to which it is worth while.
        time_limit: Deterministic seconds for each number of neurons.
        seed: Of the search.
    """
    proven = True
    for neurons in range(least, most + 1):
        answer, network = network_of(table, neurons, weights, time_limit, seed)
        if network is not None:
            return Found(network, least, weights)
        if answer is Answer.UNFIT:
            break
        proven = proven and answer is Answer.NONE
        least = neurons + 1 if proven else least
    return Found(None, least, weights)
