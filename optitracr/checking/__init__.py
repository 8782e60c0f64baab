"""What a model is checked on and compared with, and data sets."""
