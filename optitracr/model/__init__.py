"""The compiled model: encoders, forward pass, checks."""
