"""Craft: a small algebra of attention heads and MLPs over named subspaces."""
