"""The proof by values: what positions can hold, in place of inputs, which may be too many."""
