"""The exact model of large problems: each component has a few steps at which it can stand."""
