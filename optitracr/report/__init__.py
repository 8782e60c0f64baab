"""Reports: one self-contained page about a program and its models."""
