"""Architectures that programs are compiled for, as data."""
