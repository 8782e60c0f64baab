"""The program graph and what can be inferred from it without weights."""
