"""The transformer as data: weights, sizes, encoders, what each part is, and the forward pass."""
