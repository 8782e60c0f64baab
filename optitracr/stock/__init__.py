"""Compiled models in the form of published transformers: GPT-2 and Llama with their norms."""
