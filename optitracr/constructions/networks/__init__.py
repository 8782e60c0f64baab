"""Networks that a search has found for small tables, by canonical table.

Searching takes seconds, so it is done beforehand: a file holds networks, and a table that is one
of theirs up to the order of what it reads, of its classes, and a linear map of what it writes has
that network. Nothing rests on the file being right: a network is evaluated at every combination of
values that occurs before it is a plan.
"""

from optitracr.constructions.networks.plans import is_calm, looked_up, network_plans
from optitracr.constructions.networks.stored import Stored

__all__ = ["Stored", "is_calm", "looked_up", "network_plans"]
