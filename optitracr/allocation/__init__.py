"""The allocation problem of a set of components, and its solution."""
