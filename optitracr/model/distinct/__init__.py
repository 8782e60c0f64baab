"""Evaluation by distinct rows: what many positions have in common is computed once."""
