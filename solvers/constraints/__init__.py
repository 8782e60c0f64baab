"""The constraint families of the CP-SAT model, one a module."""
