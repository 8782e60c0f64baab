"""Proofs that a model computes its program on every input, from its weights."""
