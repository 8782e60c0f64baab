"""The causal model of a program, and pairs of inputs that tell its variables apart."""
