"""The ground-truth circuit of a compiled model, and experiments that test it."""
