"""Local search over whole plans of large problems: one component after another slides."""
