"""Rewrites of programs, one a file."""
